import { chain, chord, fromCanvas, fromTask, saga, workflow } from 'umbel'
import { assign, cancel, emit, log, raise, sendParent, sendTo, setup } from 'xstate'
import { sink, work } from './tasks.ts'

/** What each run of the load is given: the file in which its tasks and actions note what they did, and what they call it. */
export interface RunInput {
  readonly effects: string
  /** Also the id of the run. */
  readonly label: string
}

interface Context extends RunInput {
  /** Of what it was told. */
  readonly sum: number
}

/** What it is told, and what it answers. */
type RunEvent =
  | { readonly type: 'ADD'; readonly n: number }
  | { readonly type: 'GO' | 'TOLD' | 'READY' | 'LATE' | 'NEVER' }
interface Sum {
  readonly type: 'SUM'
  readonly sum: number
}

const types = {} as {
  context: Context
  input: RunInput
  events: RunEvent
  emitted: Sum
  output: string
  tags: 'WAITING'
}

/** What machines invoke comes before the rest: their runs get on, however much waits. */
const URGENT = { priority: 8 } as const

const actors = {
  step: fromTask(work.effect.s().set(URGENT)),
  flaky: fromTask(work.flaky.s().set(URGENT)),
  obedient: fromTask(work.obedient.s().set(URGENT)),
  teller: fromTask(work.teller.s().set(URGENT)),
  gathered: fromCanvas((effects: string, label: string) =>
    chord(
      [
        work.effect.si(effects, `${label}.2`, 5).set(URGENT),
        chain(
          work.effect.si(effects, `${label}.3`, 5).set(URGENT),
          work.effect.si(effects, `${label}.4`, 5).set(URGENT),
        ),
      ],
      work.gather.s(effects, `${label}.5`).set(URGENT),
    ),
  ),
}

const actions = {
  note: ({ context }: { readonly context: Context }, { what }: { what: string }): void =>
    sink(context.effects, `${context.label}.${what}`, context.label),
}

const base = setup({ types, actors, actions })

const contextOf = ({ input }: { input: RunInput }): Context => ({ ...input, sum: 0 })
const outputOf = ({ context }: { context: Context }): string => `${context.label} ${context.sum}`

/** Adds up what it is told between a step and a task that fails at first; tells its sum at each event. */
const tour = base.createMachine({
  id: 'tour',
  context: contextOf,
  output: outputOf,
  initial: 'first',
  states: {
    first: {
      invoke: { src: 'step', input: ({ context }) => [context.effects, `${context.label}.0`, 10], onDone: 'gate' },
      exit: { type: 'note', params: { what: 'left' } },
    },
    gate: {
      tags: 'WAITING',
      on: {
        ADD: {
          actions: [
            assign({ sum: ({ context, event }) => context.sum + event.n }),
            emit(({ context }) => ({ type: 'SUM' as const, sum: context.sum })),
          ],
        },
        GO: 'second',
      },
      after: { 3600000: 'over' },
    },
    second: {
      invoke: { src: 'flaky', input: ({ context }) => [context.effects, `${context.label}.1`], onDone: 'over' },
    },
    over: { type: 'final', entry: { type: 'note', params: { what: 'over' } } },
  },
})

/** Invoked by the machine of a family: does its step, says so, and waits to be told to go. */
const member = base.createMachine({
  id: 'member',
  context: contextOf,
  output: outputOf,
  initial: 'working',
  states: {
    working: {
      invoke: { src: 'step', input: ({ context }) => [context.effects, `${context.label}.0`, 20], onDone: 'ready' },
    },
    ready: { entry: sendParent({ type: 'READY' }), on: { GO: 'over' } },
    over: { type: 'final', entry: { type: 'note', params: { what: 'member' } } },
  },
})

const kin = setup({ types, actors: { ...actors, member }, actions })

/** Invokes another machine, to which it talks, lets a timer pass while it cancels another, and invokes a canvas. */
const family = kin.createMachine({
  id: 'family',
  context: contextOf,
  output: outputOf,
  initial: 'raising',
  states: {
    raising: {
      invoke: {
        id: 'kid',
        src: 'member',
        input: ({ context: { effects, label } }) => ({ effects, label }),
        onDone: 'timed',
      },
      on: { READY: { actions: [assign({ sum: ({ context }) => context.sum + 1 }), sendTo('kid', { type: 'GO' })] } },
    },
    timed: {
      entry: [raise({ type: 'LATE' }, { delay: 1_500, id: 'late' }), log('timed')],
      after: { 40: 'gathering' },
      exit: cancel('late'),
    },
    gathering: {
      invoke: { src: 'gathered', input: ({ context }) => [context.effects, context.label], onDone: 'resting' },
      on: { LATE: 'over' },
    },
    resting: { after: { 20: 'over' }, on: { LATE: { actions: assign({ sum: -1 }) } } },
    over: { type: 'final' },
  },
})

/** Leaves a state by its timer: what it has invoked is revoked. */
const deadline = base.createMachine({
  id: 'deadline',
  context: contextOf,
  output: outputOf,
  initial: 'asking',
  states: {
    asking: {
      tags: 'WAITING',
      invoke: { src: 'obedient', input: ({ context }) => [context.effects, `${context.label}.0`, 10_000] },
      after: { 60: { target: 'late', actions: log(({ context }) => context.label, 'nobody came') } },
    },
    late: { type: 'final', entry: { type: 'note', params: { what: 'late' } } },
  },
})

/** Invokes a task that tells it something, and waits for both. */
const told = base.createMachine({
  id: 'told',
  context: contextOf,
  output: outputOf,
  initial: 'both',
  on: { TOLD: { actions: assign({ sum: ({ context }) => context.sum + 1 }) } },
  states: {
    both: {
      invoke: {
        src: 'teller',
        input: ({ context: { effects, label } }) => [effects, `${label}.0`, label],
        onDone: 'heard',
      },
    },
    heard: { always: { guard: ({ context }) => context.sum > 0, target: 'resting' } },
    resting: { after: { 30: 'over' } },
    over: { type: 'final' },
  },
})

/** Never ends by itself: a task, a run of another machine and a timer of its own go with it. */
const endless = kin.createMachine({
  id: 'endless',
  context: contextOf,
  output: outputOf,
  invoke: [
    { src: 'obedient', input: ({ context }) => [context.effects, `${context.label}.task`, 300] },
    { src: 'member', input: ({ context: { effects, label } }) => ({ effects, label }) },
  ],
  after: { 3600000: { actions: assign({ sum: -1 }) } },
})

const undo = work.undo.s().set(URGENT)
/** Its parts are taken back where one of them fails. */
const trip = saga('trip', [
  { run: work.part.s('one').set(URGENT), compensate: undo },
  { run: work.part.s('two').set(URGENT), compensate: undo },
  { run: work.part.s('three').set(URGENT), compensate: undo },
])

export const machines = { tour, family: workflow(family), deadline, told, endless, trip }
