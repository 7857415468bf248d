import { expect, test } from 'vitest'
import { type AnyStateMachine, assign, setup } from 'xstate'
import { chain, defineTasks, fromCanvas, fromTask, group, SimulatedClock, saga, task, workflow } from '../src/index.ts'
import { breaks, type ReplayCode, replayRuns, sqliteStore } from '../src/sqlite.ts'
import { open, through } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

const shop = defineTasks('replayed', {
  charge: task((_ctx, amount: number) => `r${amount}`, { inline: true }),
  refuse: task(
    (_ctx, _amount: number): void => {
      throw new RangeError('no')
    },
    { inline: true },
  ),
  undo: task(
    (_ctx, given: string) => {
      if (given === 'r13') throw new RangeError('unlucky')
    },
    { inline: true },
  ),
})

interface Change {
  readonly guard?: (amount: number) => boolean
  readonly checked?: boolean
  readonly review?: boolean
  readonly reminds?: boolean
  readonly logs?: boolean
  readonly hours?: number
}

/** The machine of an order, as it was or with a change. */
const order = ({
  guard = (amount) => amount > 10,
  checked = false,
  review = true,
  reminds = false,
  logs = false,
  hours = 1,
}: Change = {}): AnyStateMachine =>
  setup({
    types: {} as {
      context: { amount: number; receipt: string }
      input: number
      output: string
      events: { type: 'OK' } | { type: 'DONE' }
    },
    actors: { charge: fromTask(shop.charge) },
    actions: { note: () => {}, audit: () => {} },
    guards: { isLarge: ({ context }) => guard(context.amount) },
  }).createMachine({
    id: 'order',
    context: ({ input }: { input: number }) => ({ amount: input, receipt: '' }),
    output: ({ context }: { context: { receipt: string } }) => context.receipt,
    initial: 'new',
    entry: logs ? ['note', 'audit'] : 'note',
    states: {
      new: { always: [{ guard: 'isLarge', target: 'approval' }, { target: 'charging' }] },
      approval: {
        tags: 'APPROVAL',
        on: { OK: checked ? 'checking' : 'charging' },
        after: { [hours * 3_600_000]: 'closed' },
      },
      ...(checked && { checking: { tags: 'CHECKING', on: { DONE: 'charging' } } }),
      charging: {
        tags: 'CHARGING',
        invoke: {
          src: 'charge',
          input: ({ context }: { context: { amount: number } }) => [context.amount] as const,
          onDone: { target: review ? 'review' : 'closed', actions: assign({ receipt: ({ event }) => event.output }) },
        },
      },
      ...(review && {
        review: { tags: 'REVIEW', on: { DONE: 'closed' }, ...(reminds && { after: { 1000: 'closed' } }) },
      }),
      closed: { type: 'final' },
    },
  } as never) as unknown as AnyStateMachine

const booking = saga('booking', [{ run: shop.charge, compensate: shop.undo }, { run: shop.refuse }])

/** A file in which runs have come to each state there is. Its owner is alive. */
async function recorded({ keepEvents = 10_000, clock = new SimulatedClock() } = {}): Promise<string> {
  const file = newFile()
  const machine = order()
  const app = open({
    store: sqliteStore(file, { sync: 'off', keepEvents }),
    clock,
    tasks: [shop],
    workflows: [machine, booking],
  })
  const runs = app.workflow(machine)
  const small = runs.start({ id: 'small', input: 1 })
  await small.waitFor('REVIEW')
  await runs.start({ id: 'late', input: 50 }).waitFor('APPROVAL')
  await clock.advance(3_600_000)
  const large = runs.start({ id: 'large', input: 20 })
  await large.waitFor('APPROVAL')
  await clock.advance(1)
  await large.send({ type: 'OK' }, { by: 'ann' }).accepted
  await large.waitFor('REVIEW')
  await clock.advance(1)
  await large.send({ type: 'DONE' }).accepted
  await large.result.get()
  await runs.start({ id: 'waits', input: 30 }).waitFor('APPROVAL')
  await app
    .workflow(booking)
    .start({ id: 'trip', input: 5 })
    .result.get()
    .catch(() => {})
  return file
}

const replayed = (file: string, ...workflows: NonNullable<ReplayCode['workflows']>) =>
  Object.fromEntries(
    replayRuns(file, { tasks: [shop], workflows: [...workflows, booking] }).map((run) => [run.id, run]),
  )

const verdicts = (runs: ReturnType<typeof replayed>) =>
  Object.fromEntries(Object.entries(runs).map(([id, { verdict }]) => [id, verdict]))

const SAME = { small: 'same', late: 'same', large: 'same', waits: 'same', trip: 'same' }

test('under the code that recorded them all runs come to where they are, while their owner lives', async () => {
  const runs = replayed(await recorded(), order())
  expect(verdicts(runs)).toEqual(SAME)
  expect(Object.values(runs).some(breaks)).toBe(false)
})

test('a changed guard is named for the runs that it leads elsewhere', async () => {
  const runs = replayed(await recorded(), order({ guard: (amount) => amount > 25 }))
  expect(verdicts(runs)).toEqual({ ...SAME, large: 'differs' })
  expect(runs.large?.difference).toEqual({
    step: 1,
    event: 'chart-started large',
    what: 'state',
    recorded: 'APPROVAL',
    now: 'CHARGING',
  })
})

test('a state that has to be passed now is named with the event that leads there', async () => {
  const runs = replayed(await recorded(), order({ checked: true }))
  expect(verdicts(runs)).toEqual({ ...SAME, large: 'differs' })
  expect(runs.large?.difference).toMatchObject({ event: 'OK', what: 'state', recorded: 'CHARGING', now: 'CHECKING' })
})

test('a state that was removed is named with what led to it', async () => {
  const runs = replayed(await recorded(), order({ review: false }))
  expect(verdicts(runs)).toEqual({ ...SAME, small: 'differs', large: 'differs' })
  expect(runs.small?.difference).toMatchObject({
    event: 'task-succeeded small/0.order.charging.2',
    recorded: 'REVIEW',
    now: 'SUCCESS',
  })
})

test('a run that waits in a state with a new timer would wait for ever', async () => {
  const runs = replayed(await recorded(), order({ reminds: true }))
  expect(runs.small?.difference).toMatchObject({ what: 'timers' })
})

test('a timer that is shorter or longer now changes what was told behind it', async () => {
  expect(replayed(await recorded(), order({ hours: 9 })).late?.difference).toMatchObject({
    recorded: 'SUCCESS',
    now: 'APPROVAL',
  })
  const shorter = replayed(await recorded(), order({ hours: 1 / 3_600_000_000 }))
  expect(shorter.large?.difference).toMatchObject({ now: 'SUCCESS' })
})

test('more actions than there were are no difference, though children are counted on', async () => {
  expect(verdicts(replayed(await recorded(), order({ logs: true })))).toEqual(SAME)
})

test('a machine that is gone is named for the runs that still need it', async () => {
  const runs = replayed(await recorded())
  expect(verdicts(runs)).toEqual({ small: 'cannot', late: 'over', large: 'over', waits: 'cannot', trip: 'same' })
  expect(runs.waits?.why).toBe('No machine order of version 1 is given, nor one that migrates it.')
})

test('a version that takes runs over is asked whether it can', async () => {
  const file = await recorded()
  const to = (value: string) =>
    workflow(order({ checked: true }), {
      version: '2',
      migrate: { 1: ({ context }: { context: unknown }) => ({ value, context }) },
    } as never)
  expect(verdicts(replayed(file, to('checking')))).toMatchObject({
    small: 'migrates',
    waits: 'migrates',
    large: 'over',
  })
  const runs = replayed(file, to('nowhere'))
  expect(runs.waits).toMatchObject({ verdict: 'cannot', why: expect.stringContaining('nowhere') })
})

test('of a run that was migrated only the version that it is on is asked', async () => {
  const clock = new SimulatedClock()
  const file = asIfKilled(await recorded({ clock }))
  const migrate = { 1: ({ value, context }: { value: unknown; context: unknown }) => ({ value, context }) }
  const moved = workflow(order(), { version: '2', migrate } as never)
  const app = open({ store: sqliteStore(file, { sync: 'off' }), clock, tasks: [shop], workflows: [moved, booking] })
  await app.start()
  await app.stop()
  const runs = replayed(file, moved)
  expect(runs.waits).toMatchObject({ verdict: 'incomplete', version: '2', why: 'It was migrated from version 1.' })
})

test('runs that began before the log are asked only whether their states are there', async () => {
  const file = await recorded({ keepEvents: 1 })
  expect(verdicts(replayed(file, order()))).toMatchObject({
    small: 'incomplete',
    large: 'incomplete',
    waits: 'incomplete',
  })
  expect(replayed(file, order({ review: false })).small).toMatchObject({
    verdict: 'cannot',
    why: expect.stringContaining('review'),
  })
})

test('a file that is no store, or not there, is refused and not made', () => {
  expect(() => replayRuns(newFile(), {})).toThrow(expect.objectContaining({ code: 'UMBEL_STORE_FAILED' }))
})

/** A machine that another one invokes, and that is a step of a chain as well. */
const part = (tag: string): AnyStateMachine =>
  setup({ actors: { charge: fromTask(shop.charge) } }).createMachine({
    id: 'part',
    initial: 'charging',
    output: ({ event }: { event: { output?: unknown } }) => event.output,
    states: {
      charging: { tags: tag, invoke: { src: 'charge', input: [7] as const, onDone: 'over' } },
      over: { type: 'final' },
    },
  } as never) as unknown as AnyStateMachine

const whole = (invoked: AnyStateMachine): AnyStateMachine =>
  setup({ actors: { part: invoked } }).createMachine({
    id: 'whole',
    initial: 'working',
    states: { working: { tags: 'WORKING', invoke: { src: 'part', onDone: 'over' } }, over: { type: 'final' } },
  } as never) as unknown as AnyStateMachine

test('runs that other runs have begun are replayed with them, and a changed one is named itself', async () => {
  const file = newFile()
  const outer = whole(part('CHARGING'))
  const app = open({ store: sqliteStore(file, { sync: 'off' }), tasks: [shop], workflows: [outer] })
  await app
    .workflow(outer)
    .start({ id: 'outer' } as never)
    .result.get()
  await app.stop()
  const same = replayed(file, outer)
  expect(verdicts(same)).toEqual({ outer: 'same', 'outer/0.whole.working.1': 'same' })
  const changed = replayed(file, whole(part('PAYING')))
  expect(verdicts(changed)).toEqual({ outer: 'same', 'outer/0.whole.working.1': 'differs' })
  expect(changed['outer/0.whole.working.1']?.difference).toMatchObject({ recorded: 'CHARGING', now: 'PAYING' })
})

test('a run that is a step of a chain is replayed with it', async () => {
  const file = newFile()
  const step = workflow(part('CHARGING'))
  const app = open({ store: sqliteStore(file, { sync: 'off' }), tasks: [shop], workflows: [step] })
  const sent = app.delay(chain(shop.charge.s(1), step.si()))
  await sent.get()
  await app.stop()
  expect(Object.values(verdicts(replayed(file, step)))).toEqual(['same'])
})

/** A machine that charges, as a run of its own too, and fails; what takes that back fails for an amount of 13. */
const failing = ({ logs = false, compensates = true, max = 1 } = {}): AnyStateMachine => {
  const pair = group([shop.charge.s(), shop.charge.s()])
  const retry = { max }
  const actors = {
    charge: compensates ? fromTask(shop.charge, { compensate: shop.undo, retry }) : fromTask(shop.charge),
    both: compensates
      ? fromCanvas(pair, { compensate: (paid) => group(paid.map((one) => shop.undo.s(one))), retry })
      : fromCanvas(pair),
    refuse: fromTask(shop.refuse),
  }
  const types = {} as { input: number; context: { amount: number } }
  const { createMachine: inner } = setup({ types, actors, actions: { note: () => {}, audit: () => {} } })
  const context = ({ input }: { input: number }) => ({ amount: input })
  const input = ({ context }: { context: { amount: number } }) => [context.amount] as const
  const part = inner({
    id: 'part',
    context,
    entry: logs ? ['note', 'audit'] : 'note',
    initial: 'charging',
    states: {
      charging: { invoke: { src: 'charge', id: 'charge', input, onDone: 'both' } },
      both: { invoke: { src: 'both', id: 'both', input, onDone: 'over' } },
      over: { type: 'final' },
    },
  } as never)
  return setup({ types, actors: { ...actors, part }, actions: { note: () => {}, audit: () => {} } }).createMachine({
    id: 'failing',
    context,
    entry: logs ? ['note', 'audit'] : 'note',
    initial: 'charging',
    states: {
      charging: { invoke: { src: 'charge', id: 'charge', input, onDone: 'part' } },
      part: {
        invoke: {
          src: 'part',
          id: 'part',
          input: ({ context }: { context: { amount: number } }) => context.amount,
          onDone: 'refused',
        },
      },
      refused: { invoke: { src: 'refuse', id: 'refuse', input } },
    },
  } as never) as unknown as AnyStateMachine
}

test('runs that take back what they have done are replayed with what took it back', async () => {
  const file = newFile()
  const clock = new SimulatedClock()
  const machine = failing()
  const app = open({ store: sqliteStore(file, { sync: 'off' }), clock, tasks: [shop], workflows: [machine] })
  const runs = app.workflow(machine)
  const begin = (id: string, amount: number) => runs.start({ id, input: amount as never })
  await through(clock, begin('back', 5).result)
  const skipped = begin('skipped', 13)
  for (const type of ['SKIP', 'RETRY', 'SKIP', 'SKIP']) {
    await through(clock, { get: () => skipped.waitFor('COMPENSATION_FAILED' as never) })
    await skipped.send({ type }, { by: 'ann' }).accepted
  }
  await through(clock, skipped.result)
  const stuck = begin('stuck', 13)
  await through(clock, { get: () => stuck.waitFor('COMPENSATION_FAILED' as never) })
  await app.stop()
  const of = (code: AnyStateMachine) => {
    const found = verdicts(replayed(file, code))
    return [found.back, found.skipped, found.stuck]
  }
  expect(of(failing())).toEqual(['same', 'same', 'same'])
  expect(of(failing({ logs: true }))).toEqual(['same', 'same', 'same'])
  expect(of(failing({ compensates: false }))).toEqual(['differs', 'differs', 'differs'])
  expect(of(failing({ max: 0 }))).toEqual(['same', 'differs', 'differs'])
  expect(replayed(file, failing({ max: 5 })).stuck?.difference).toMatchObject({
    recorded: 'COMPENSATION_FAILED',
    now: 'COMPENSATING',
  })
})
