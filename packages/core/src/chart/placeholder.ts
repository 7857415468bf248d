import type { ActorLogic, AnyActorScope, AnyEventObject, Snapshot } from 'xstate'
import { umbelError } from '../errors.ts'
import type { RetryPolicy } from '../retry.ts'
import type { Canvas } from '../signature.ts'
import type { TaskState } from '../states.ts'

/** What a machine's actor stands for: the engine runs that in its place. */
export interface Placeholder {
  readonly kind: 'task' | 'canvas'
  /** Name of the task, or of the canvas as a diagram shows it. */
  readonly name: string
  /** It as it is before its input is known; `undefined` where the input makes it. */
  readonly canvas: Canvas | undefined
  /** Make of an invoke's input what is to be sent. @throws UMBEL_BAD_INPUT */
  readonly canvasFor: (input: unknown) => Canvas
  /** What takes back what it came to, if the run fails later. */
  readonly compensation?: PlaceholderCompensation | undefined
}

/** What takes back what a task or a canvas did. */
export interface PlaceholderCompensation {
  /** Name of the task, or of the canvas as a diagram shows it. */
  readonly name: string
  /** It as it is before what it is given is known; `undefined` where that makes it. */
  readonly canvas: Canvas | undefined
  /** How often, and how late, it is sent again that has failed for good. */
  readonly retry: RetryPolicy
  /** Make of what was done, and of what that was given, what is to be sent. @throws UMBEL_BAD_INPUT */
  readonly canvasFor: (output: unknown, input: unknown) => Canvas
}

/** What a machine sees of the task or canvas behind a placeholder while that is under way. */
export type PlaceholderSnapshot<Output, Input> = Snapshot<Output> & {
  readonly input: Input
  /** State of the task or of the canvas. */
  readonly state: TaskState
  /** What it told last of its state or its progress. */
  readonly info: unknown
}

/** Actor logic that stands for a task or a canvas in a machine. Only Umbel can run it: in a system of XState's own it fails. */
export interface PlaceholderLogic<Output, Input>
  extends ActorLogic<PlaceholderSnapshot<Output, Input>, AnyEventObject, Input> {
  readonly [PLACEHOLDER]: Placeholder
}

/** The same, where what it does is taken back if the run fails later. */
export interface CompensatedLogic<Output, Input> extends PlaceholderLogic<Output, Input> {
  /** Types only; never set. */
  readonly '~compensated': true
}

/** Where actor logic keeps what it stands for. */
export const PLACEHOLDER: unique symbol = Symbol.for('umbel.placeholder') as never

/** What a live actor is told of the task or canvas that it stands for. */
export type PlaceholderEvent =
  | { readonly type: 'umbel.done'; readonly output: unknown }
  | { readonly type: 'umbel.failed'; readonly error: unknown }
  | { readonly type: 'umbel.showed'; readonly state: TaskState; readonly info: unknown }

/** Runs what placeholders stand for where XState itself starts them: as actors of a live machine. */
export interface PlaceholderHost {
  /** Send it, and tell the actor, as a `PlaceholderEvent`, what becomes of it. @throws where nothing can run it, or the input is none for it */
  start(placeholder: Placeholder, input: unknown, scope: AnyActorScope): void
  /** The actor was stopped. */
  stop(scope: AnyActorScope): void
}

/** Make the logic that stands for a task or a canvas in `setup({ actors })`. */
export function placeholderLogic<Output, Input>(
  placeholder: Placeholder,
  host: PlaceholderHost = NO_HOST,
): PlaceholderLogic<Output, Input> {
  type Shown = PlaceholderSnapshot<Output, Input>
  return {
    [PLACEHOLDER]: placeholder,
    config: placeholder.name,
    getInitialSnapshot: (_scope, input) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
      state: 'PENDING',
      info: undefined,
    }),
    transition(snapshot, event, scope) {
      if (event.type === 'xstate.stop') {
        host.stop(scope)
        return { ...snapshot, status: 'stopped' } as Shown
      }
      return after(snapshot, event as PlaceholderEvent) as Shown
    },
    getPersistedSnapshot: (snapshot) => snapshot,
    restoreSnapshot: (snapshot) => snapshot as Shown,
    start: (snapshot, scope) => host.start(placeholder, snapshot.input, scope),
  }
}

const NO_HOST: PlaceholderHost = {
  start({ name }) {
    throw notHere(name)
  },
  stop: () => {},
}

/** Why an actor that stands for something cannot be started. */
export const notHere = (name: string): Error =>
  umbelError('UMBEL_PLACEHOLDER_STARTED', `XState started the actor that stands for ${name}.`)

function after(snapshot: PlaceholderSnapshot<unknown, unknown>, event: PlaceholderEvent): object {
  switch (event.type) {
    case 'umbel.done':
      return { ...snapshot, status: 'done', output: event.output }
    case 'umbel.failed':
      return { ...snapshot, status: 'error', error: event.error }
    case 'umbel.showed':
      return { ...snapshot, state: event.state, info: event.info }
    default:
      return snapshot
  }
}

/** What an actor's logic stands for; `undefined` for logic that is no placeholder. */
export const placeholderOf = (logic: unknown): Placeholder | undefined =>
  typeof logic === 'object' && logic !== null && PLACEHOLDER in logic ? (logic[PLACEHOLDER] as Placeholder) : undefined
