import type { Order } from './order.ts'

/** The payment server has refused a request because the customer's quota is used up. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests'
  /** Milliseconds to wait. */
  readonly wait: number

  constructor(message: string, wait: number) {
    super(message)
    this.wait = wait
  }
}

/** The payment server did not answer, or not well: whether it has done what it was asked for is not known. */
export class PaymentsDown extends Error {
  override readonly name = 'PaymentsDown'
}

/** The card was declined: asking again does not help. */
export class Declined extends Error {
  override readonly name = 'Declined'
}

/** Ask the payment server to charge an order or to give its money back. The order's id is the key: asking twice does it once. */
export async function ask(
  payments: string,
  what: 'charges' | 'refunds',
  { id, customer, total, card }: Order,
  signal: AbortSignal,
): Promise<unknown> {
  const body = JSON.stringify({ key: id, customer, amount: total, card })
  const response = await fetch(`${payments}/${what}`, { method: 'POST', body, signal }).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason
    throw new PaymentsDown('The connection broke.', { cause })
  })
  const answer = (await response.json()) as { readonly error?: string }
  if (response.status === 429)
    throw new TooManyRequests(answer.error ?? '', 1_000 * Number(response.headers.get('retry-after') ?? 1))
  if (response.status === 402) throw new Declined(answer.error)
  if (!response.ok) throw new PaymentsDown(answer.error)
  return answer
}
