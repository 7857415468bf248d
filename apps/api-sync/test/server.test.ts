import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../src/start-server.ts'

let server: RunningServer

beforeEach(async () => {
  server = await startServer(3)
})
afterEach(() => server.stop())

function flood(path: string, times: number, init?: RequestInit): Promise<Response[]> {
  return Promise.all(Array.from({ length: times }, () => fetch(server.url + path, init)))
}

describe('the server', () => {
  test('refuses what is over the quota of a user, says how long to wait, and counts it; other users are not touched', async () => {
    const answers = await flood('/users/ann/pages/0', 60)
    await flood('/users/bob/pages/0', 1)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.map(({ headers }) => headers.get('retry-after'))).toEqual(refused.map(() => '1'))
    const { ann, bob } = (await server.report()).pages
    expect(ann).toMatchObject({ requests: 60, violations: refused.length })
    expect(ann!.violations).toBeGreaterThan(0)
    expect(ann!.worstWindow).toBeGreaterThan(10)
    expect(bob).toMatchObject({ requests: 1, violations: 0, worstWindow: 1 })
  })

  test('counts a total twice for the account, over all users', async () => {
    const answers = await flood('/users/ann/total', 30, { method: 'PUT', body: '435' })
    const { account } = await server.report()
    expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429]))
    expect(account!.violations).toBe(answers.filter(({ status }) => status === 429).length)
    expect(account!.worstWindow % 2).toBe(0)
  })

  test('takes no total but the right one', async () => {
    const [answer] = await flood('/users/ann/total', 1, { method: 'PUT', body: '434' })
    expect(answer?.status).toBe(422)
  })
})
