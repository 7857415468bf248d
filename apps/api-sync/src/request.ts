/** The API has refused a request because its quota is used up. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests'
}

/** Ask the API and give what it answers; connections are kept alive. Throws TooManyRequests for a 429. */
export async function request(url: string, signal: AbortSignal, total?: number): Promise<unknown> {
  const sentAt = { 'x-sent-at': String(Date.now()) }
  const put = total === undefined ? {} : { method: 'PUT', body: JSON.stringify(total) }
  const response = await fetch(url, { signal, headers: sentAt, ...put })
  const answer = await response.json() // to the end: else the connection is not used again
  if (response.status === 429) throw new TooManyRequests((answer as { readonly error: string }).error)
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`)
  return answer
}
