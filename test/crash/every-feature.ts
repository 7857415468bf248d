import { chord, fromCanvas, fromTask } from 'umbel'
import {
  assign,
  cancel,
  emit,
  enqueueActions,
  log,
  not,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stateIn,
} from 'xstate'
import { sink, work } from './tasks.ts'

/** What the machine is given: the file in which its tasks and actions note what they did, and what they call it. */
export interface FeatureInput {
  readonly effects: string
  /** Also the id of the run. */
  readonly label: string
}

interface Context extends FeatureInput {
  readonly ticks: bigint
  readonly done: ReadonlyMap<string, unknown>
  readonly sum: number
  readonly told: number
  readonly approved: string
}

type FeatureEvent =
  | { readonly type: 'APPROVE'; readonly at: Date }
  | { readonly type: 'COUNT'; readonly n: number }
  | { readonly type: 'TICK' | 'LATE' | 'READY' | 'GO' | 'NEXT' | 'PAUSE' | 'RESUME' | 'FINISH' | 'TOLD' | 'ANSWER' }

const types = {} as {
  context: Context
  input: FeatureInput
  events: FeatureEvent
  emitted: { type: 'SUM'; sum: number } | { type: 'MET' }
  output: unknown
  tags: 'PREPARING' | 'WORKING' | 'WAITING_APPROVAL' | 'ASKING' | 'PHASE_ONE' | 'PHASE_TWO' | 'PAUSED' | 'COUNTING'
}

const step = fromTask(work.effect)
const actions = {
  note: ({ context }: { readonly context: Context }, { what }: { what: string }): void =>
    sink(context.effects, `${context.label}.${what}`, context.label),
}
const contextOf = ({ input }: { readonly input: FeatureInput }): Context => ({
  ...input,
  ticks: 0n,
  done: new Map(),
  sum: 0,
  told: 0,
  approved: '',
})

/** Of what machines tell of themselves: their context. */
interface Given {
  readonly context: Context
}

/** Put what a child came to into the context, in the order of names: it is the same whoever ends first. */
const keep = (name: string) =>
  assign({
    done: ({ context, event }: Given & { readonly event: { readonly output?: unknown; readonly error?: unknown } }) => {
      const { output, error } = event
      const all = [...context.done, [name, error instanceof Error ? error.message : output] as const]
      return new Map(all.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    },
  } as never) as never

const child = setup({ types, actors: { step }, actions }).createMachine({
  id: 'feature-child',
  context: contextOf,
  initial: 'working',
  states: {
    working: {
      invoke: { src: 'step', input: ({ context }) => [context.effects, `${context.label}.kid`, 5], onDone: 'ready' },
    },
    ready: { entry: sendParent({ type: 'READY' }), on: { GO: 'over' } },
    over: { type: 'final', entry: { type: 'note', params: { what: 'child' } } },
  },
  output: ({ context }: Given) => `child of ${context.label}`,
})

/** A machine that does all that machines can do, and comes to the same whatever the moments at which its tasks end. */
export const everyFeature = setup({
  types,
  actors: {
    step,
    child,
    flaky: fromTask(work.flaky),
    failing: fromTask(work.failing),
    obedient: fromTask(work.obedient),
    teller: fromTask(work.teller),
    gathered: fromCanvas((effects: string, label: string) =>
      chord(
        [work.effect.si(effects, `${label}.g1`, 2), work.effect.si(effects, `${label}.g2`, 2)],
        work.gather.s(effects, `${label}.g3`),
      ),
    ),
  },
  actions,
  guards: {
    isTicking: ({ context }) => context.ticks < 3n,
    isWhole: ({ context }) => context.told > 0 && context.done.has('spawned'),
  },
}).createMachine({
  id: 'every-feature',
  context: contextOf,
  initial: 'preparing',
  on: {
    TOLD: { actions: assign({ told: ({ context }) => context.told + 1 }) },
    'xstate.done.actor.spawned': { actions: keep('spawned') },
  } as object,
  states: {
    // nested, raised to itself, a timer
    preparing: {
      tags: 'PREPARING',
      initial: 'ticking',
      entry: { type: 'note', params: { what: 'began' } },
      states: {
        ticking: {
          entry: raise({ type: 'TICK' }),
          on: {
            TICK: {
              actions: [
                assign({ ticks: ({ context }) => context.ticks + 1n }),
                enqueueActions(({ enqueue, check }) => {
                  if (check('isTicking')) enqueue.raise({ type: 'TICK' })
                }),
              ],
            },
          },
          always: { guard: not('isTicking'), target: 'resting' },
        },
        resting: { after: { 15: 'rested' } },
        rested: { type: 'final' },
      },
      onDone: { target: 'working', actions: log('prepared') },
    },
    // parallel: tasks, a canvas, another machine that is talked to, a timer that is cancelled, an error
    working: {
      tags: 'WORKING',
      type: 'parallel',
      states: {
        task: {
          initial: 'on',
          states: {
            on: {
              invoke: {
                src: 'flaky',
                input: ({ context }) => [context.effects, `${context.label}.flaky`],
                onDone: { target: 'off', actions: keep('flaky') },
              },
            },
            off: { type: 'final' },
          },
        },
        canvas: {
          initial: 'on',
          states: {
            on: {
              invoke: {
                src: 'gathered',
                input: ({ context }) => [context.effects, context.label],
                onDone: { target: 'off', actions: keep('canvas') },
              },
            },
            off: { type: 'final' },
          },
        },
        machine: {
          initial: 'on',
          states: {
            on: {
              invoke: {
                id: 'kid',
                src: 'child',
                input: ({ context: { effects, label } }) => ({ effects, label }),
                onDone: { target: 'off', actions: keep('child') },
              },
              on: { READY: { actions: [sendTo('kid', { type: 'GO' }), emit({ type: 'MET' })] } },
            },
            off: { type: 'final' },
          },
        },
        clock: {
          initial: 'on',
          states: {
            on: {
              entry: raise({ type: 'LATE' }, { delay: 2_000, id: 'late' }),
              after: { 20: 'off' },
              exit: cancel('late'),
            },
            off: { type: 'final' },
          },
        },
        error: {
          initial: 'on',
          states: {
            on: {
              invoke: {
                src: 'failing',
                input: ({ context }) => [context.effects, `${context.label}.fails`],
                onError: { target: 'off', actions: keep('error') },
              },
            },
            off: { type: 'final' },
          },
        },
      },
      on: { LATE: 'wrong' },
      onDone: 'approval',
    },
    // a person, with a deadline
    approval: {
      tags: 'WAITING_APPROVAL',
      on: {
        APPROVE: { target: 'unanswered', actions: assign({ approved: ({ event }) => event.at.toISOString() }) },
        LATE: 'wrong',
      },
      after: { 3600000: 'wrong' },
    },
    // a deadline that passes: what was invoked is revoked
    unanswered: {
      tags: 'ASKING',
      invoke: { src: 'obedient', input: ({ context }) => [context.effects, `${context.label}.never`, 60_000] },
      on: { ANSWER: 'wrong' },
      after: { 25: 'phases' },
    },
    // history, something spawned
    phases: {
      initial: 'one',
      states: {
        one: {
          tags: 'PHASE_ONE',
          entry: spawnChild('step', {
            id: 'spawned',
            input: ({ context }: Given) => [context.effects, `${context.label}.spawned`, 5] as const,
          } as never),
          on: { NEXT: 'two' },
        },
        two: { tags: 'PHASE_TWO', on: { FINISH: '#every-feature.counting' } },
        last: { type: 'history' },
      },
      on: { PAUSE: 'paused' },
    },
    paused: { tags: 'PAUSED', on: { RESUME: 'phases.last' } },
    // asked for an answer
    counting: {
      tags: 'COUNTING',
      on: {
        COUNT: {
          actions: [
            assign({ sum: ({ context, event }) => context.sum + event.n }),
            emit(({ context }) => ({ type: 'SUM' as const, sum: context.sum })),
          ],
        },
        GO: { target: 'telling', guard: stateIn('counting') },
      },
    },
    // a task that tells the run something
    telling: {
      invoke: {
        src: 'teller',
        input: ({ context: { effects, label } }: Given) => [effects, `${label}.teller`, label],
        onDone: { target: 'told', actions: keep('teller') },
      },
    },
    told: { always: { guard: 'isWhole', target: 'over' } },
    wrong: { type: 'final' },
    over: { type: 'final', entry: { type: 'note', params: { what: 'over' } } },
  },
  output: ({ context: { effects: _, ...rest } }: Given) => rest,
})
