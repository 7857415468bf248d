import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { examine } from '../../../test/crash/examine.ts'
import { type App, type AppOptions, chain, chord, createApp, defineTasks, group, task } from '../src/index.ts'
import { type SqliteSenderOptions, sqliteStore } from '../src/sqlite.ts'
import { newFile, tamper } from './fixtures/store-file.ts'

class Closed extends Error {
  override readonly name = 'Closed'
}

let open = Promise.withResolvers<void>()
const ran: string[] = []
const shop = defineTasks(
  'shop',
  {
    add: task((_ctx, a: number, b: number): number => a + b, { inline: true }),
    sum: task((_ctx, numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0), { inline: true }),
    note: task((_ctx, label: string): string => ran[ran.push(label) - 1] as string, { inline: true }),
    paint: task(
      async (ctx, colour: string): Promise<string> => {
        ctx.setState('MIXING', { colour })
        await open.promise
        return colour
      },
      { inline: true, states: ['MIXING'] },
    ),
    sell: task(
      (_ctx, article: string): string => {
        throw new Closed(`no ${article} today`)
      },
      { inline: true },
    ),
  },
  { errors: [Closed] },
)

const apps: App[] = []
afterEach(async () => {
  open.resolve()
  open = Promise.withResolvers()
  ran.length = 0
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

function made(options: AppOptions): App {
  const app = createApp({ tasks: [shop], ...options })
  apps.push(app)
  return app
}
const sender = (file: string, options: Partial<SqliteSenderOptions> = {}, app: AppOptions = {}): App =>
  made({ name: 'sender', store: sqliteStore(file, { ...options, as: 'sender' }), ...app })
const LANES = { default: { threads: 0, inline: 10 } }
async function owner(file: string, options: AppOptions = {}): Promise<App> {
  const app = made({ name: 'owner', lanes: LANES, store: sqliteStore(file), ...options })
  await app.start()
  return app
}
const count = (file: string, table: string): number => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count)
  } finally {
    database.close()
  }
}

describe('a file with a sender and no owner', () => {
  test('is made by the sender, keeps what it sends, and has it run by the owner that comes', async () => {
    const file = newFile()
    const one = sender(file)
    const early = one.delay(shop.add.s(1, 2))
    const chained = one.delay(chain(shop.add.s(1, 2), shop.add.s(3)))
    await Promise.all([early.accepted, chained.accepted])
    expect([early.state, chained.state, early.ready()]).toEqual(['PENDING', 'STARTED', false])
    expect(count(file, 'umbel_inbox')).toBe(2)
    expect(count(file, 'owner WHERE pid IS NOT NULL')).toBe(0)
    const waits = [early.get(), chained.get()]
    await owner(file)
    expect(await Promise.all(waits)).toEqual([3, 6])
    expect([early.state, chained.state]).toEqual(['SUCCESS', 'SUCCESS'])
    expect([count(file, 'umbel_inbox'), count(file, 'rows WHERE workflow IS NULL')]).toEqual([0, 2])
    expect(examine(file)).toEqual([])
  })

  test('finds what others have sent, whoever asks', async () => {
    const file = newFile()
    const { id } = sender(file).delay(shop.add.s(4, 5).set({ id: 'four-and-five' }))
    const other = sender(file)
    await expect
      .poll(() =>
        other
          .result(id)
          .then(({ state }) => state)
          .catch(() => 'nothing'),
      )
      .toBe('PENDING')
    await expect(other.result('six')).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
    const found = await other.result(id, shop.add)
    await owner(file)
    expect(await found.get()).toBe(9)
    expect(await (await other.result(id)).get()).toBe(9)
  })

  test('keeps a revoke, too: what was sent and revoked never starts', async () => {
    const file = newFile()
    const one = sender(file)
    const [task, flow] = [one.delay(shop.note.s('a')), one.delay(chain(shop.note.s('b'), shop.note.s()))]
    expect(await one.control.revoke(task)).toBe(1)
    await flow.accepted
    await (await sender(file).result(flow.id)).revoke()
    await owner(file)
    await expect(task.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
    await expect(flow.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
    expect(ran).toEqual([])
  })

  test('takes no more than its bound: what is too much is refused, what fits is kept', async () => {
    const one = sender(newFile(), { mostSent: 3 })
    const sent = Array.from({ length: 5 }, (_, n) => one.delay(shop.add.s(n, n)).accepted)
    const ends = await Promise.allSettled(sent)
    expect(ends.map((end) => (end.status === 'rejected' ? end.reason.code : 'accepted'))).toEqual([
      ...Array.from({ length: 3 }, () => 'accepted'),
      ...Array.from({ length: 2 }, () => 'UMBEL_INBOX_FULL'),
    ])
  })

  test('says so where the owner is asked', async () => {
    const one = sender(newFile())
    const { status, reasons } = await one.health()
    expect([status, reasons]).toEqual(['unhealthy', [expect.stringContaining('Nobody has owned')]])
  })
})

describe('what is waited for in vain while it is on its way to the inbox', () => {
  const moments: readonly ('before' | 'after')[] = ['before', 'after']
  for (const fails of [false, true])
    for (const again of moments)
      test(`is known when it is asked for ${again} it ${fails ? 'was refused' : 'is there'}`, async () => {
        const file = newFile()
        await owner(file)
        const store = sqliteStore(file, { as: 'sender' })
        const put = store.put.bind(store)
        const gate = Promise.withResolvers<void>()
        store.put = async (entries) => {
          await gate.promise
          if (fails) throw new Error('no room')
          return put(entries)
        }
        const app = made({ name: 'sender', store })
        const result = app.delay(shop.add.s(1, 2))
        const timedOut = { code: 'UMBEL_TIMEOUT' }
        await expect(result.get({ timeout: 1 })).rejects.toMatchObject(timedOut)
        // until the sender has looked for what is waited for, and has let this one go
        await expect(app.delay(shop.add.s(3, 4)).get({ timeout: 100 })).rejects.toMatchObject(timedOut)
        const ask = () => Promise.allSettled([result.accepted, result.get()])
        const early = again === 'before' ? ask() : undefined
        gate.resolve()
        const refused = { status: 'rejected', reason: expect.objectContaining({ message: 'no room' }) }
        const stored = [{ status: 'fulfilled', value: undefined }, expect.objectContaining({ value: 3 })]
        if (early === undefined) await app.delay(shop.add.s(5, 6)).accepted.catch(() => {})
        expect(await (early ?? ask())).toEqual(fails ? [refused, refused] : stored)
      })
})

describe('a sender beside an owner', () => {
  test('awaits canvases of any shape, their members and their errors', async () => {
    const file = newFile()
    await owner(file)
    const one = sender(file)
    expect(await one.delay(chord([shop.add.s(1, 2), shop.add.s(3, 4)], shop.sum.s())).get()).toBe(10)
    const members = one.delay(group([shop.add.s(1, 1), shop.add.s(2, 2)]))
    const seen: unknown[] = []
    for await (const member of members) seen.push(await member.get())
    expect(seen.sort()).toEqual([2, 4])
    const failed = one.delay(shop.sell.s('teapot'))
    await expect(failed.get()).rejects.toBeInstanceOf(Closed)
    const flow = one.delay(chain(shop.add.s(1, 2), shop.add.s(3)))
    await flow.get()
    expect((await flow.parent?.children)?.map(({ id }) => id)).toEqual([`${flow.id}/1`])
  })

  test('sees states and progress in updates()', async () => {
    const file = newFile()
    await owner(file)
    const painting = sender(file).delay(shop.paint.s('red'))
    const states: unknown[] = []
    for await (const { state, meta } of painting.updates()) {
      states.push(state)
      if (state === 'MIXING') {
        expect(meta).toEqual({ colour: 'red' })
        open.resolve()
      }
    }
    expect(states.slice(-2)).toEqual(['MIXING', 'SUCCESS'])
  })

  test('is refused an id that is in use, wherever it is', async () => {
    const file = newFile()
    const [one, other] = [sender(file), sender(file)]
    const send = (app: App, id: string) => app.delay(shop.add.s(1, 1).set({ id }))
    await send(one, 'waits').accepted
    await other.start()
    expect(() => send(other, 'waits')).toThrow(expect.objectContaining({ code: 'UMBEL_DUPLICATE_ID' }))
    const both = await Promise.allSettled([send(one, 'both').accepted, send(other, 'both').accepted])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await owner(file)
    expect(await (await one.result('both')).get()).toBe(2)
    expect(() => send(one, 'both')).toThrow(expect.objectContaining({ code: 'UMBEL_DUPLICATE_ID' }))
  })

  test('is told in the result what the owner could not take in', async () => {
    const file = newFile()
    const one = sender(file)
    const sent = one.delay(shop.add.s(1, 1))
    const fine = one.delay(shop.add.s(2, 2))
    await fine.accepted
    tamper(file, `UPDATE umbel_inbox SET body = 'nonsense' WHERE id = '${sent.id}'`)
    await owner(file)
    await expect(sent.get()).rejects.toMatchObject({ code: 'UMBEL_BAD_VALUE' })
    expect(await fine.get()).toBe(4)
  })

  test('may send what the owner does not know: it is parked until one does', async () => {
    const file = newFile()
    const sent = sender(file).delay(shop.add.s(1, 1))
    const stranger = await owner(file, { tasks: [] })
    await expect.poll(async () => (await stranger.inspect.waiting()).tasks[0]?.reason.kind).toBe('unregistered')
    expect([sent.state, sent.info]).toEqual(['PENDING', expect.objectContaining({ code: 'UMBEL_UNKNOWN_TASK' })])
    await stranger.stop({ deadline: 0 })
    await owner(file)
    expect(await sent.get()).toBe(2)
  })

  test('checks lanes where it was told of them, else the owner has them', async () => {
    const file = newFile()
    await owner(file, { lanes: { ...LANES, high: { threads: 0, inline: 1 } } })
    const far = sender(file).delay(shop.add.s(1, 1).set({ lane: 'high' }))
    expect(await far.get()).toBe(2)
    const strict = sender(file, {}, { lanes: LANES })
    expect(() => strict.delay(shop.add.s(1, 1).set({ lane: 'high' }))).toThrow(
      expect.objectContaining({ code: 'UMBEL_UNKNOWN_LANE' }),
    )
  })

  test('sends nothing more to a file that a newer version has taken over', async () => {
    const file = newFile()
    const one = sender(file)
    await one.start()
    tamper(file, 'PRAGMA user_version = 99')
    await expect(one.delay(shop.add.s(1, 1)).accepted).rejects.toMatchObject({ code: 'UMBEL_STORE_NEWER' })
  })

  test('takes nothing once it is stopped, and leaves what it has sent', async () => {
    const file = newFile()
    const one = sender(file)
    const sent = one.delay(shop.add.s(1, 1))
    const waits = sent.get()
    await one.stop()
    await expect(waits).rejects.toMatchObject({ code: 'UMBEL_APP_STOPPED' })
    expect(() => one.delay(shop.add.s(1, 1))).toThrow(expect.objectContaining({ code: 'UMBEL_APP_STOPPED' }))
    const app = await owner(file)
    expect(await (await app.result(sent.id)).get()).toBe(2)
  })

  test('tells of what it sends by signals of its own', async () => {
    const one = sender(newFile())
    const told: string[] = []
    for (const name of ['before-task-publish', 'after-task-publish'] as const)
      one.on(name, ({ task }) => told.push(task))
    await one.delay(shop.add.s(1, 1)).accepted
    expect(told).toEqual(['shop.add', 'shop.add'])
  })
})

test('the doctor names what is in the inbox and cannot be read, or is among the rows as well', async () => {
  const file = newFile()
  const one = sender(file)
  const [twice, torn] = [one.delay(shop.add.s(1, 1)), one.delay(shop.add.s(2, 2))]
  await torn.accepted
  expect(examine(file)).toEqual([])
  tamper(file, 'CREATE TABLE copy AS SELECT * FROM umbel_inbox')
  await owner(file)
  await Promise.all([twice.get(), torn.get()])
  tamper(file, `INSERT INTO umbel_inbox SELECT * FROM copy WHERE id = '${twice.id}'; DROP TABLE copy`)
  tamper(file, "INSERT INTO umbel_inbox (id, kind, version, at, body) VALUES ('x', 'request', 1, 0, '{}')")
  expect(examine(file)).toEqual([
    expect.stringMatching(/^I11 entry \d+ of the inbox cannot be read/),
    `I11 ${twice.id} is in the inbox and among the rows`,
  ])
})
