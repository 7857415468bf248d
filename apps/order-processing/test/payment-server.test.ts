import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Payments, paymentReport, startPayments } from '../src/start-payments.ts'

let payments: Payments
beforeEach(async () => {
  payments = await startPayments(5, 1)
})
afterEach(() => payments.stop())

const post = (what: string, body: object): Promise<Response | undefined> =>
  fetch(`${payments.url}/${what}`, { method: 'POST', body: JSON.stringify(body) }).catch(() => undefined)
/** Ask until it is done: connections break and the bank sleeps, as the seed says. */
async function done(what: string, body: object): Promise<unknown> {
  for (;;) {
    const response = await post(what, body)
    if (response?.status === 200) return response.json()
  }
}

test('a key is charged once, however often it comes, and its money given back once', async () => {
  const order = { key: 'a', customer: 'ann', amount: 40, card: '4242' }
  await done('charges', order)
  await done('charges', order)
  await done('refunds', order)
  expect(await done('refunds', { ...order, key: 'never' })).toBeNull()
  const { charges } = await paymentReport(payments.url)
  expect(charges).toMatchObject([{ key: 'a', customer: 'ann', amount: 40, refunded: true }])
  expect(charges[0]?.asked).toBeGreaterThan(1)
})

test('what is over the quota of a customer is refused and told how long to wait; others are not touched', async () => {
  const ask = (customer: string, key: string) => post('charges', { key, customer, amount: 1, card: '4242' })
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => ask('ann', `k${index}`)))
  const refused = answers.filter((answer) => answer?.status === 429)
  expect(refused.length).toBeGreaterThan(0)
  for (const answer of refused) expect(answer?.headers.get('retry-after')).toBe('1')
  expect((await ask('bob', 'b'))?.status).not.toBe(429)
  expect(await paymentReport(payments.url)).toMatchObject({ refused: refused.length, requests: 61 })
})

test('a card that starts with 0 is declined, and nothing is charged', async () => {
  const answers = await Promise.all(
    ['a', 'b', 'c', 'd'].map((key) => post('charges', { key, customer: key, amount: 1, card: '0000' })),
  )
  expect(answers.map((answer) => answer?.status)).toContain(402)
  expect((await paymentReport(payments.url)).charges).toEqual([])
})
