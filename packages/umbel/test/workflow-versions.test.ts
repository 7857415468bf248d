import { expect, test } from 'vitest'
import { setup } from 'xstate'
import { SimulatedClock, workflow } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { next, open } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

const first = setup({
  types: {} as { context: { sum: number }; events: { type: 'GO' }; output: string; tags: 'OLD' },
}).createMachine({
  id: 'versions',
  context: { sum: 1 },
  output: ({ context }) => `old ${context.sum}`,
  initial: 'waiting',
  states: { waiting: { tags: 'OLD', on: { GO: 'over' }, after: { 60000: 'over' } }, over: { type: 'final' } },
})
const second = setup({
  types: {} as { context: { sum: bigint }; events: { type: 'GO' }; output: string; tags: 'NEW' },
}).createMachine({
  id: 'versions',
  context: { sum: 1n },
  output: ({ context }) => `new ${context.sum}`,
  initial: 'desk',
  states: {
    desk: { initial: 'waiting', states: { waiting: { tags: 'NEW', on: { GO: '#versions.over' } } } },
    over: { type: 'final' },
  },
})

/** A run of the first version that waits, in the file of a process that was killed. */
async function left(clock: SimulatedClock): Promise<string> {
  const file = newFile()
  const app = open({ store: sqliteStore(file, { sync: 'off' }), clock })
  await app.workflow(first).start({ id: 'r' }).accepted
  return asIfKilled(file)
}

test('a run stays on the version it started with where that is registered, beside runs of a newer one', async () => {
  const store = sqliteStore(await left(new SimulatedClock()), { sync: 'off' })
  const app = open({ store, workflows: [first, workflow(second, { version: '2' })] })
  await app.start()
  const old = await app.workflow(first).get('r')
  const now = app.workflow(second, { version: '2' }).start({ id: 's' })
  await Promise.all([old.send({ type: 'GO' }).accepted, now.send({ type: 'GO' }).accepted])
  expect([await old.result.get(), await now.result.get()]).toEqual(['old 1', 'new 1'])
})

test('a run of a version that is gone goes over to the one that migrates it, as the app starts', async () => {
  const clock = new SimulatedClock()
  const store = sqliteStore(await left(clock), { sync: 'off' })
  const moving = workflow(second, {
    version: '2',
    migrate: {
      1: ({ context }) => ({
        value: { desk: 'waiting' },
        context: { sum: BigInt((context as { sum: number }).sum) + 40n },
      }),
    },
  })
  const app = open({ store, clock, workflows: [moving] })
  await app.start()
  const run = await app.workflow(moving).get('r')
  expect(await run.query(({ value }) => value)).toEqual({ desk: 'waiting' })
  expect(run.result.state).toBe('NEW')
  await clock.advance('1m') // what it had scheduled is due, and no state waits for it any more
  await run.send({ type: 'GO' }).accepted
  expect(await run.result.get()).toBe('new 41')
})

test('a run whose migration throws, or leads where no state is, waits for its own version and loses nothing', async () => {
  for (const value of ['nowhere', undefined]) {
    const clock = new SimulatedClock()
    const file = await left(clock)
    const app = open({
      store: sqliteStore(file, { sync: 'off' }),
      clock,
      workflows: [
        workflow(second, {
          version: '2',
          migrate: {
            1: () => {
              if (value === undefined) throw new RangeError('no way')
              return { value: value as never, context: { sum: 0n } }
            },
          },
        }),
      ],
    })
    const told = next(app, 'workflow-log')
    await app.start()
    expect((await told).label).toBe('could not be migrated from version 1 to 2')
    expect((await app.inspect.runs()).runs).toMatchObject([{ version: '1', waits: [{ kind: 'unregistered' }] }])
    const back = open({ store: sqliteStore(asIfKilled(file), { sync: 'off' }), workflows: [first] })
    await back.start()
    const run = await back.workflow(first).get('r')
    await run.send({ type: 'GO' }).accepted
    expect(await run.result.get()).toBe('old 1')
  }
})
