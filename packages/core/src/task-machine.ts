import { type AnyStateMachine, setup } from 'xstate'

/**
 * What has happened to a task, as its machine sees it. `task-state.<NAME>` stands for each of the task's own states. It is held
 * while another task has its key, and answered with what stands under that, without a run.
 */
export type TaskFact =
  | 'task-scheduled'
  | 'task-received'
  | 'task-started'
  | 'task-parked'
  | 'task-held'
  | 'task-answered'
  | `task-state.${string}`
  | 'task-replaced'
  | 'task-retried'
  | 'task-succeeded'
  | 'task-failed'
  | 'task-revoked'
  | 'task-rejected'
  | 'task-ignored'

/** What the machine asks for when it moves. `advance` turns each into commands; none does anything here. */
export type TaskAction =
  /** Hand it to its lane. */
  | 'run'
  /** Arm a timer for the moment it becomes due. */
  | 'arm'
  /** Disarm that timer. */
  | 'disarm'
  /** Take it out of its lane's backlog. */
  | 'withdraw'
  /** Abort the running handler. */
  | 'abort'
  /** Start the canvas that goes on in its place. */
  | 'spawn'
  /** Revoke that canvas. */
  | 'revokeReplacement'
  /** It has ended: tell the waiters, send the callbacks, go on in its workflow. */
  | 'settle'

const noop = (): void => {}

/** The facts that end a task in the same way wherever they happen. */
const ends = {
  'task-failed': { target: '#task.FAILURE', actions: 'settle' },
  'task-rejected': { target: '#task.REJECTED', actions: 'settle' },
} as const

/**
 * Make the statechart of a task's life, for one set of declared custom states.
 * This is what runs (through a table, see `transition-table.ts`): change a transition here and the engine changes.
 */
export function taskMachine(states: readonly string[]): AnyStateMachine {
  const actions = {
    run: noop,
    arm: noop,
    disarm: noop,
    withdraw: noop,
    abort: noop,
    spawn: noop,
    revokeReplacement: noop,
    settle: noop,
  }
  return setup({ types: {} as { events: { type: TaskFact } }, actions }).createMachine({
    id: 'task',
    initial: 'PENDING',
    states: {
      PENDING: {
        on: {
          'task-scheduled': { actions: 'arm' },
          'task-held': 'PENDING',
          'task-received': { target: 'RECEIVED', actions: 'run' },
          'task-answered': { target: 'SUCCESS', actions: 'settle' },
          'task-revoked': { target: 'REVOKED', actions: ['disarm', 'settle'] },
          ...ends,
        },
      },
      RECEIVED: {
        on: {
          'task-started': 'STARTED',
          'task-parked': 'PENDING',
          'task-held': 'PENDING',
          'task-answered': { target: 'SUCCESS', actions: 'settle' },
          'task-revoked': { target: 'REVOKED', actions: ['withdraw', 'settle'] },
          ...ends,
        },
      },
      STARTED: {
        initial: 'handler',
        states: {
          // in lower case, as no state of a task's own can be
          handler: {},
          ...Object.fromEntries(states.map((state) => [state, {}])),
          REPLACED: {
            on: { 'task-revoked': { target: '#task.REVOKED', actions: ['revokeReplacement', 'settle'] } },
          },
        },
        on: {
          ...Object.fromEntries(states.map((state) => [`task-state.${state}`, { target: `.${state}` }])),
          'task-replaced': { target: '.REPLACED', actions: 'spawn' },
          'task-received': { target: 'RECEIVED', actions: 'run' },
          'task-retried': { target: 'RETRY', actions: 'arm' },
          'task-succeeded': { target: 'SUCCESS', actions: 'settle' },
          'task-revoked': { target: 'REVOKED', actions: ['abort', 'settle'] },
          'task-ignored': { target: 'IGNORED', actions: 'settle' },
          ...ends,
        },
      },
      RETRY: {
        on: {
          'task-received': { target: 'RECEIVED', actions: 'run' },
          'task-revoked': { target: 'REVOKED', actions: ['disarm', 'settle'] },
          ...ends,
        },
      },
      SUCCESS: { type: 'final' },
      FAILURE: { type: 'final' },
      REVOKED: { type: 'final' },
      REJECTED: { type: 'final' },
      IGNORED: { type: 'final' },
    },
  })
}

/** All facts a task with these custom states can meet. */
export function taskFacts(states: readonly string[]): TaskFact[] {
  return [
    'task-scheduled',
    'task-received',
    'task-started',
    'task-parked',
    'task-held',
    'task-answered',
    ...states.map((state): TaskFact => `task-state.${state}`),
    'task-replaced',
    'task-retried',
    'task-succeeded',
    'task-failed',
    'task-revoked',
    'task-rejected',
    'task-ignored',
  ]
}
