import { afterEach, expect, test } from 'vitest'
import { type App, createApp, defineTasks, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { newFile } from './fixtures/store-file.ts'

const ran: string[] = []
const shop = defineTasks('shared', {
  charge: task((ctx, order: string): string => ran[ran.push(`${order} of ${ctx.id}`) - 1] as string, {
    inline: true,
    idempotencyKey: (order) => order,
  }),
  index: task((ctx, _shop: string): string => ran[ran.push(ctx.id) - 1] as string, {
    inline: true,
    unique: { key: (name) => name, debounce: '1s' },
  }),
})

const apps: App[] = []
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 }))))
function app(name: string, file: string): App {
  const store = sqliteStore(file, name === 'owner' ? {} : { as: 'sender' })
  const made = createApp({ name, tasks: [shop], lanes: { default: { threads: 0, inline: 10 } }, store })
  apps.push(made)
  return made
}

test('what several senders send under one key has one result, and of what is unique one runs', async () => {
  const file = newFile()
  await app('owner', file).start()
  const senders = ['one', 'two', 'three'].map((name) => app(name, file))
  const charges = senders.map((sender) => sender.delay(shop.charge.s('o1')))
  const indexed = senders.map((sender) => sender.delay(shop.index.s('books')))
  const [charge, ...charged] = new Set(await Promise.all(charges.map((one) => one.get())))
  const [index, ...others] = new Set(await Promise.all(indexed.map((one) => one.get())))
  expect([charged, others]).toEqual([[], []])
  expect(ran).toEqual([charge, index])
})
