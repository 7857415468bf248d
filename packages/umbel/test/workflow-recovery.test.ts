import { expect, test } from 'vitest'
import { assign, emit, raise, sendTo, setup } from 'xstate'
import { type AppOptions, defineTasks, fromTask, SimulatedClock, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { open } from './fixtures/open-app.ts'
import { asIfKilled, newFile, tamper } from './fixtures/store-file.ts'

/** One process: the machines, the tasks they invoke and what these ran with. */
function begin(file: string, options: AppOptions = {}) {
  const ran: string[] = []
  const tasks = defineTasks('trip', {
    book: task(
      (_ctx, what: string): { what: string; at: Date } => {
        ran.push(what)
        return { what, at: new Date(5) }
      },
      { retry: { max: 2 } },
    ),
  })
  const leg = setup({
    types: {} as {
      context: { name: string; asked: bigint }
      input: { name: string }
      events: { type: 'ASK' }
      output: string
    },
    actors: { book: fromTask(tasks.book) },
  }).createMachine({
    id: 'leg',
    context: ({ input }) => ({ name: input.name, asked: 0n }),
    initial: 'booking',
    states: {
      booking: { invoke: { src: 'book', input: ({ context }) => [context.name], onDone: 'booked' } },
      booked: { on: { ASK: { target: 'over', actions: assign({ asked: 1n }) } } },
      over: { type: 'final' },
    },
    output: ({ context }) => `${context.name} ${context.asked}`,
  })
  const trip = setup({
    types: {} as {
      context: { legs: Map<string, string>; told: string[] }
      events: { type: 'GO' } | { type: 'TIRED' }
      emitted: { type: 'LEFT'; at: number }
      tags: 'PACKING' | 'MOVING' | 'RESTING'
    },
    actors: { book: fromTask(tasks.book), leg },
    actions: { shout: ({ context }, { word }: { word: string }) => void ran.push(`${word} ${context.told.length}`) },
  }).createMachine({
    id: 'trip',
    context: { legs: new Map(), told: [] },
    initial: 'packing',
    states: {
      packing: {
        tags: 'PACKING',
        after: { 60000: { target: 'moving', actions: { type: 'shout', params: { word: 'late' } } } },
        on: { GO: { target: 'moving', actions: emit({ type: 'LEFT', at: 1 }) } },
      },
      moving: {
        tags: 'MOVING',
        type: 'parallel',
        states: {
          car: {
            initial: 'on',
            states: {
              on: {
                invoke: {
                  id: 'car',
                  src: 'leg',
                  input: { name: 'car' },
                  onDone: {
                    target: 'off',
                    actions: assign({ legs: ({ context, event }) => new Map(context.legs).set('car', event.output) }),
                  },
                },
                entry: raise({ type: 'TIRED' }, { delay: 1_000, id: 'tired' }),
                on: {
                  TIRED: {
                    actions: [
                      sendTo('car', { type: 'ASK' }),
                      assign({ told: ({ context }) => [...context.told, 'tired'] }),
                    ],
                  },
                },
              },
              off: { type: 'final' },
            },
          },
          train: {
            initial: 'on',
            states: {
              on: {
                invoke: {
                  src: 'book',
                  input: ['train'],
                  onDone: {
                    target: 'off',
                    actions: assign({
                      legs: ({ context, event }) => new Map(context.legs).set('train', event.output.what),
                    }),
                  },
                },
              },
              off: { type: 'final' },
            },
          },
        },
        onDone: 'resting',
      },
      resting: { tags: 'RESTING', after: { 86400000: 'home' } },
      home: { type: 'final', entry: { type: 'shout', params: { word: 'home' } } },
    },
    output: ({ context }) => ({ ...context }),
  })
  const app = open({ tasks: [tasks], store: sqliteStore(file, { sync: 'off' }), ...options })
  return { app, tasks, ran, trip: app.workflow(trip), leg: app.workflow(leg) }
}

const HOW_IT_ENDS = {
  legs: new Map([
    ['train', 'train'],
    ['car', 'car 1'],
  ]),
  told: ['tired'],
}

test('nested, parallel and delayed states, child runs and actions end as they should in one process', async () => {
  const clock = new SimulatedClock()
  const { trip, ran } = begin(newFile(), { clock })
  const run = trip.start({ id: 'rome' })
  await clock.advance('1m')
  await clock.advance('1s')
  expect(run.result.state).toBe('RESTING')
  await clock.advance('1d')
  expect(await run.result.get()).toEqual(HOW_IT_ENDS)
  expect(ran).toEqual(['late 0', 'train', 'car', 'home 1'])
})

test('a run goes on in the next process wherever the one before it was killed, with the same end', async () => {
  // each turn takes some steps in a process of its own, and is cut off without notice
  for (const cuts of [
    ['0ms', '1m', '1s', '1d'],
    ['59s', '1s', '999ms', '1ms', '23h', '1h'],
    ['1m', '0ms', '0ms', '1s', '0ms', '1d', '0ms'],
  ]) {
    let file = newFile()
    let now: number | undefined
    const seen: string[] = []
    for (const [index, cut] of cuts.entries()) {
      const clock: SimulatedClock = new SimulatedClock(now)
      const { app, trip, ran } = begin(file, { clock })
      if (index === 0) await trip.start({ id: 'rome' }).accepted
      await app.start()
      await clock.advance(cut as `${number}s`)
      await app.inspect.active()
      now = clock.now()
      seen.push(...ran)
      file = asIfKilled(file)
    }
    const { trip, app } = begin(file, { clock: new SimulatedClock(now) })
    await app.start()
    expect(await (await trip.get('rome')).result.get()).toEqual(HOW_IT_ENDS)
    expect([...new Set(seen)].sort()).toEqual(['car', 'home 1', 'late 0', 'train'])
  }
})

test('days that pass while no process runs count: what was due meanwhile happens at the start', async () => {
  const file = newFile()
  const clock = new SimulatedClock()
  const first = begin(file, { clock })
  await first.trip.start({ id: 'rome' }).accepted
  await first.trip.start({ id: 'oslo' }).accepted
  await clock.advance('2m')
  const later = new SimulatedClock(clock.now() + 3 * 86_400_000)
  const second = begin(asIfKilled(file), { clock: later })
  const [rome, oslo] = await Promise.all([second.trip.get('rome'), second.trip.get('oslo')])
  await second.app.start()
  await later.advance(0)
  expect(await rome.result.get()).toEqual(await oslo.result.get())
})

test('a run whose machine is not registered waits, with what came meanwhile, for an app that knows it', async () => {
  const file = newFile()
  const clock = new SimulatedClock()
  const first = begin(file, { clock })
  await first.trip.start({ id: 'rome' }).accepted
  await clock.advance('30s')

  const other = open({ store: sqliteStore(asIfKilled(file), { sync: 'off' }), clock: new SimulatedClock(clock.now()) })
  await other.start()
  await (other.clock as SimulatedClock).advance('1h')
  const result = await other.result('rome')
  expect(result.state).toBe('PACKING')
  await other.stop({ deadline: 0 })
})

test('a second start finds a run that another process has ended', async () => {
  const file = newFile()
  const first = begin(file)
  const run = first.leg.start({ id: 'l', input: { name: 'bus' } })
  run.send({ type: 'ASK' })
  expect(await run.result.get()).toBe('bus 1')
  const second = begin(asIfKilled(file))
  const again = second.leg.start({ id: 'l', input: { name: 'other' } })
  await again.accepted
  expect(await again.result.get()).toBe('bus 1')
  expect(second.ran).toEqual([])
})

test('a file in which histories are lists, as they were, is read with them, and goes on', async () => {
  const file = newFile()
  const clock = new SimulatedClock()
  const first = begin(file, { clock })
  await first.trip.start({ id: 'rome' }).accepted
  const old = asIfKilled(file)
  const past = [
    { state: 'RESTING', at: 1, by: 'ann', event: '{"type":"GO"}' },
    { state: 'PACKING', at: 5 },
  ]
  tamper(
    old,
    `UPDATE rows SET body = json_set(body, '$.past', json('${JSON.stringify(past)}')); PRAGMA user_version = 5`,
  )
  const second = begin(old, { clock })
  const run = await second.trip.get('rome')
  await run.send({ type: 'GO' }, { by: 'bob' }).accepted
  expect(await run.history()).toEqual([
    { state: 'RESTING', at: 1, by: 'ann', event: { type: 'GO' } },
    { state: 'PACKING', at: 5, by: undefined, event: undefined },
    { state: 'MOVING', at: clock.now(), by: 'bob', event: { type: 'GO' } },
  ])
})
