import { expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import { SimulatedClock } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { open } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

const waiting = setup({
  types: {} as {
    context: { name: string; asked: number }
    input: string
    events: { type: 'ASK' } | { type: 'END' }
    output: string
    tags: 'IDLE'
  },
}).createMachine({
  id: 'waiting',
  context: ({ input }) => ({ name: input, asked: 0 }),
  output: ({ context }) => `${context.name} ${context.asked}`,
  initial: 'on',
  states: {
    on: {
      tags: 'IDLE',
      on: { ASK: { actions: assign({ asked: ({ context }) => context.asked + 1 }) }, END: 'off' },
      after: { 86400000: 'off' },
    },
    off: { type: 'final' },
  },
})

const COUNT = 3_000

test('thousands of idle runs are in the store alone, and each goes on when it is told, asked or due', async () => {
  const file = newFile()
  const clock = new SimulatedClock()
  const app = open({ store: sqliteStore(file, { sync: 'off' }), clock })
  const runs = app.workflow(waiting)
  const started = Array.from({ length: COUNT }, (_, index) => runs.start({ id: `r${index}`, input: `${index}` }))
  await started.at(-1)?.accepted
  const first = await runs.get('r0')
  expect(first.getSnapshot()?.context).toEqual({ name: '0', asked: 0 })
  expect(first.result.state).toBe('IDLE')
  await first.send({ type: 'ASK' }).accepted
  expect(await first.query(({ context }) => context.asked)).toBe(1)
  expect((await app.inspect.runs({ limit: 2_500 })).total).toBe(COUNT)

  const end = (started[1] as typeof first).result.get() // somebody waits, and is told
  await (await runs.get('r1')).send({ type: 'END' }).accepted
  expect(await end).toBe('1 0')
  await (await runs.get('r2')).cancel()
  expect((await app.result('r2')).state).toBe('REVOKED')
  const again = runs.start({ id: 'r0', input: 'again' })
  await again.accepted
  await clock.advance('1d')
  expect(await again.result.get()).toBe('0 1')
  expect(await (await runs.get(`r${COUNT - 1}`)).result.get()).toBe(`${COUNT - 1} 0`)
  expect((await app.inspect.runs()).total).toBe(0)
})

test('runs that slept as the process was killed wake in the next one', async () => {
  const file = newFile()
  const clock = new SimulatedClock()
  const app = open({ store: sqliteStore(file, { sync: 'off' }), clock })
  const runs = app.workflow(waiting)
  const started = Array.from({ length: 1_500 }, (_, index) => runs.start({ id: `r${index}`, input: `${index}` }))
  await started.at(-1)?.accepted
  const later = new SimulatedClock(clock.now())
  const next = open({ store: sqliteStore(asIfKilled(file), { sync: 'off' }), clock: later, workflows: [waiting] })
  await next.start()
  const found = await next.workflow(waiting).get('r7')
  await found.send({ type: 'ASK' }).accepted
  await later.advance('1d')
  expect(await found.result.get()).toBe('7 1')
  expect(await (await next.workflow(waiting).get('r1400')).result.get()).toBe('1400 0')
})

test('runs that were due while their machine was not registered go on once it is, however many there are', async () => {
  const file = newFile()
  const clock = new SimulatedClock()
  const app = open({ store: sqliteStore(file, { sync: 'off' }), clock })
  const runs = app.workflow(waiting)
  const started = Array.from({ length: 1_500 }, (_, index) => runs.start({ id: `r${index}`, input: `${index}` }))
  await started.at(-1)?.accepted
  const later = new SimulatedClock(clock.now())
  const next = open({ store: sqliteStore(asIfKilled(file), { sync: 'off' }), clock: later })
  await next.start()
  await later.advance('1d')
  expect((await next.inspect.runs()).total).toBe(1_500)
  next.workflow(waiting)
  await later.advance(0)
  expect((await next.inspect.runs()).total).toBe(0)
  expect((await next.result('r3')).state).toBe('SUCCESS')
})
