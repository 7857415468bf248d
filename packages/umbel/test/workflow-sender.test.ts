import { afterEach, expect, test } from 'vitest'
import { assign, emit, setup } from 'xstate'
import { examine } from '../../../test/crash/examine.ts'
import { type App, type AppOptions, createApp, defineTasks, fromTask, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { next } from './fixtures/open-app.ts'
import { newFile } from './fixtures/store-file.ts'

const desk = defineTasks('desk', {
  stamp: task((_ctx, text: string): string => `${text}, stamped`, { inline: true }),
})
const letter = setup({
  types: {} as {
    context: { text: string; seals: number; done: string }
    input: string
    events: { type: 'SEAL' } | { type: 'SEND' }
    emitted: { type: 'SEALED'; seals: number }
    output: string
    tags: 'OPEN' | 'STAMPING'
  },
  actors: { stamp: fromTask(desk.stamp) },
}).createMachine({
  id: 'letter',
  context: ({ input }) => ({ text: input, seals: 0, done: '' }),
  output: ({ context }) => `${context.done}, ${context.seals} seals`,
  initial: 'open',
  states: {
    open: {
      tags: 'OPEN',
      on: {
        SEAL: {
          actions: [
            assign({ seals: ({ context }) => context.seals + 1 }),
            emit(({ context }) => ({ type: 'SEALED', seals: context.seals })),
          ],
        },
        SEND: 'stamping',
      },
    },
    stamping: {
      tags: 'STAMPING',
      invoke: {
        src: 'stamp',
        input: ({ context }) => [context.text] as const,
        onDone: { target: 'sent', actions: assign({ done: ({ event }) => event.output }) },
      },
    },
    sent: { type: 'final' },
  },
})

const apps: App[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})
function made(options: AppOptions): App {
  const app = createApp({ tasks: [desk], lanes: { default: { threads: 0, inline: 10 } }, ...options })
  apps.push(app)
  return app
}
const sender = (file: string): App => made({ name: 'sender', store: sqliteStore(file, { as: 'sender' }) })
async function owner(file: string, options: AppOptions = {}): Promise<App> {
  const app = made({ name: 'owner', store: sqliteStore(file), workflows: [letter], ...options })
  await app.start()
  return app
}

test('a run is started, told, cancelled and found without an owner: what was left is taken in by the one that comes', async () => {
  const file = newFile()
  const letters = sender(file).workflow(letter)
  const run = letters.start({ id: 'l-1', input: 'hello' })
  run.send({ type: 'SEAL' }, { dedupe: 'a' })
  run.send({ type: 'SEAL' }, { dedupe: 'a' })
  await run.send({ type: 'SEND' }, { by: 'ann' }).accepted
  const gone = letters.start({ id: 'l-2', input: 'not wanted' })
  await gone.cancel()
  expect([run.result.state, run.getSnapshot()]).toEqual(['PENDING', undefined])
  const found = await sender(file).workflow(letter).get('l-1')
  const [one, two] = [run.result.get(), found.result.get()]
  const app = await owner(file)
  expect(await Promise.all([one, two])).toEqual(['hello, stamped, 1 seals', 'hello, stamped, 1 seals'])
  await expect(gone.result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  expect((await run.history()).map(({ state, by }) => [state, by])).toEqual([
    ['OPEN', undefined],
    ['STAMPING', 'ann'],
    ['SUCCESS', undefined],
  ])
  expect(run.getSnapshot()).toMatchObject({ status: 'done', context: { seals: 1 } })
  expect((await app.workflow(letter).get('l-1')).result.state).toBe('SUCCESS')
  expect(examine(file)).toEqual([])
})

test('beside an owner it reads, waits, asks and is told of each state as the owner itself is', async () => {
  const file = newFile()
  await owner(file)
  const run = sender(file).workflow(letter).start({ id: 'l', input: 'hello' })
  const seen: unknown[] = []
  run.subscribe(({ context }) => seen.push(context.seals))
  expect((await run.waitFor('OPEN')).context.text).toBe('hello')
  expect(await run.update({ type: 'SEAL' }, { dedupe: 'u' })).toEqual({ type: 'SEALED', seals: 1 })
  expect(await run.update({ type: 'SEAL' }, { dedupe: 'u' })).toEqual({ type: 'SEALED', seals: 1 })
  run.send({ type: 'SEAL' })
  expect(await run.query(({ context }) => context.seals)).toBe(2)
  await run.waitFor(({ context }) => context.seals === 2)
  expect(seen.at(-1)).toBe(2)
  await expect(run.update({ type: 'SEALS' } as never)).rejects.toMatchObject({ code: 'UMBEL_EVENT_NOT_TAKEN' })
  await expect(run.waitFor('STAMPING', { timeout: 1 })).rejects.toMatchObject({ code: 'UMBEL_TIMEOUT' })
  run.send({ type: 'SEND' })
  expect(await run.result.get()).toBe('hello, stamped, 2 seals')
  await expect(run.waitFor('OPEN')).rejects.toMatchObject({ code: 'UMBEL_RUN_ENDED' })
})

test('a second start under an id is the run that exists, also once it has ended; what else has the id refuses it', async () => {
  const file = newFile()
  const [one, two] = [sender(file), sender(file)]
  const first = one.workflow(letter).start({ id: 'l', input: 'first' })
  await first.accepted
  const second = two.workflow(letter).start({ id: 'l', input: 'second' })
  await second.accepted
  const refused = () => expect(sender(file).workflow(other).start({ id: 'l' }).accepted).rejects
  await refused().toMatchObject({ code: 'UMBEL_DUPLICATE_ID' })
  expect(() => two.delay(desk.stamp.s('x').set({ id: 'l' }))).toThrow(
    expect.objectContaining({ code: 'UMBEL_DUPLICATE_ID' }),
  )
  await owner(file, { workflows: [letter, other] })
  await second.send({ type: 'SEND' }).accepted
  expect(await Promise.all([first.result.get(), second.result.get()])).toEqual([
    'first, stamped, 0 seals',
    'first, stamped, 0 seals',
  ])
  const third = one.workflow(letter).start({ id: 'l', input: 'third' })
  expect(await third.result.get()).toBe('first, stamped, 0 seals')
  await refused().toMatchObject({ code: 'UMBEL_DUPLICATE_ID' })
})
const other = setup({}).createMachine({ id: 'other' })

test('what cannot be is told where it is asked for, else in the result', async () => {
  const file = newFile()
  const app = await owner(file)
  const one = sender(file)
  const runs = one.workflow(letter)
  await expect(runs.get('nobody')).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  const unknown = one.workflow(other).start({ id: 'o' })
  await unknown.accepted
  await expect(unknown.result.get()).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_WORKFLOW' })
  await expect(unknown.send({ type: 'X' } as never).accepted).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  const run = runs.start({ id: 'l', input: 'hello' })
  await run.waitFor('OPEN')
  expect(() => run.on('SEALED', () => {})).toThrow(expect.objectContaining({ code: 'UMBEL_NOT_OWNER' }))
  expect(() => run.send({ kind: 1 } as never)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }))
  await expect(run.update({ type: 'SEAL' }, { dedupe: '' })).rejects.toMatchObject({ code: 'UMBEL_BAD_OPTION' })
  await run.send({ type: 'SEAL' }, { dedupe: 'last' }).accepted
  // the file still shows a run that has not ended: the owner refuses what comes behind its end, and tells of it
  const refused = next(app, 'send-failed')
  const [end, late] = [run.cancel(), run.send({ type: 'SEND' }).accepted]
  await Promise.all([end, late])
  expect(await refused).toMatchObject({ id: 'l', error: { code: 'UMBEL_RUN_ENDED' } })
  await expect(run.result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  await expect(run.send({ type: 'SEAL' }).accepted).rejects.toMatchObject({ code: 'UMBEL_RUN_ENDED' })
  await run.send({ type: 'SEAL' }, { dedupe: 'last' }).accepted // it was heard while it could be
  expect((await one.inspect.runs()).total).toBe(0)
  expect(examine(file)).toEqual([])
})
