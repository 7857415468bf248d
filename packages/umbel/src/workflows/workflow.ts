import {
  checkChart,
  checkLocalChart,
  isMachine,
  type Position,
  placedPlaceholders,
  taskSignature,
  umbelError,
  type WorkflowName,
  withMachines,
} from '@umbel/core'
import {
  type AnyStateMachine,
  type ContextFrom,
  type InputFrom,
  type OutputFrom,
  StateMachine,
  type StateValue,
} from 'xstate'
import type { NoKeywords } from '../any-signature.ts'
import { shown } from '../known-names.ts'
import type { Missing, Suffix } from '../missing.ts'
import { checkNames, whole } from '../option-checks.ts'
import { Signature } from '../signature.ts'

/** What makes of where a run of an earlier version stands where it stands in this one: its active states, as XState writes them, and its context. */
export type Migrate<M extends AnyStateMachine> = (from: Position) => {
  readonly value: StateValue
  readonly context: ContextFrom<M>
}

/** How a machine is run. */
export interface WorkflowOptions<M extends AnyStateMachine = AnyStateMachine> {
  /** Version of the machine, by which its runs find it again: raise it with each change that they could not live with. Default: the machine's own, else `1`. */
  readonly version?: string
  /**
   * Most events of one run that are kept while no transition takes them, and offered again after each step. Beyond it `send` is refused
   * with UMBEL_MAILBOX_FULL; 0 drops what is not taken, as XState does. Default 100.
   */
  readonly keep?: number
  /**
   * Takes over the runs of versions that are not registered any more, by their version. What a run invoked and scheduled stays: keep
   * the ids of the states that wait for it. A run whose migration throws waits for its own version.
   */
  readonly migrate?: Readonly<Record<string, Migrate<M>>>
}

/** How a machine is run for as long as this process lives: `app.workflow(machine, { local: true })`. */
export interface LocalOptions {
  /** A run is a live actor of XState in this process: nothing of it is stored. */
  readonly local: true
  /** The same as of a workflow that is stored. */
  readonly keep?: number
}

const KEEP = 100

/** What a machine takes: its input, which may be left out where it declares none. */
type Takes<M extends AnyStateMachine> = undefined extends InputFrom<M> ? [input?: InputFrom<M>] : [input: InputFrom<M>]

/** A machine as it is run: with a version and its bounds. */
export class Workflow<M extends AnyStateMachine> {
  readonly machine: M
  /** The machine's id. */
  readonly name: string
  readonly version: string
  readonly keep: number
  readonly migrate: Readonly<Record<string, (from: Position) => Position>>

  /** Made by `workflow`; not meant to be called. */
  constructor(machine: M, version: string, keep: number, migrate: WorkflowOptions<M>['migrate'] = {}) {
    this.machine = machine
    this.name = machine.id
    this.version = version
    this.keep = keep
    this.migrate = migrate as unknown as typeof this.migrate
  }

  /** Sign a run: a step of a chain, a member of a group. Its input is given here, or it is the previous result. Its result is the machine's output. */
  s<G extends Suffix<Takes<M>>>(
    ...given: G
  ): Signature<Missing<Takes<M>, G>, OutputFrom<M>, NoKeywords, string, never> {
    return new Signature(taskSignature({ task: taskOfWorkflow(this), args: given }))
  }

  /** The same, with its input and whatever came before. */
  si(...given: Takes<M>): Signature<[], OutputFrom<M>, NoKeywords, string, 'immutable'> {
    return new Signature(taskSignature({ task: taskOfWorkflow(this), args: given, immutable: true }))
  }
}

/** Transitions that a machine may take within one step, where it sets no bound of its own. */
const MOST_TRANSITIONS = 1_000

/** A machine with a bound to what it does in one step. */
export function bounded({ config, implementations }: AnyStateMachine): AnyStateMachine {
  const bounds = { maxIterations: MOST_TRANSITIONS, ...config.options }
  return new StateMachine({ ...config, options: bounds }, implementations)
}

/** Any workflow, whatever its machine. */
export type AnyWorkflow = Pick<Workflow<AnyStateMachine>, 'machine' | 'name' | 'version' | 'keep' | 'migrate'>

/** How a run is named as a step of a canvas. No task can be called so. */
export const taskOfWorkflow = ({ name, version }: WorkflowName): string => `${STEP}${name}@${version}`
const STEP = 'workflow:'

/** Whether a step of a canvas is a run. */
export const isWorkflowTask = (task: string): boolean => typeof task === 'string' && task.startsWith(STEP)

/** Which machine a step of a canvas names. */
export function namedWorkflow(task: string): WorkflowName {
  const at = task.indexOf('@')
  return { name: task.slice(STEP.length, at), version: task.slice(at + 1) }
}

/**
 * Say how a machine is run, where the defaults do not do: `workflow(machine, { version: '2' })`.
 * @throws UMBEL_BAD_MACHINE with the path to what could not be stored and go on after a restart, UMBEL_BAD_OPTION
 */
export function workflow<M extends AnyStateMachine>(
  machine: M,
  options: WorkflowOptions<NoInfer<M>> = {},
): Workflow<M> {
  if (!isMachine(machine))
    throw umbelError('UMBEL_BAD_MACHINE', `A workflow is made of a machine of XState, not of ${shown(machine)}.`)
  if (isLocal(options)) throw notLocal(machine.id, 'cannot be steps of a canvas: say local to app.workflow')
  checkNames('workflow', options, ['version', 'keep', 'migrate'])
  const version: unknown = options.version ?? machine.version ?? '1'
  if (typeof version !== 'string' || !/^[^\p{Cc}]{1,64}$/u.test(version))
    throw umbelError(
      'UMBEL_BAD_OPTION',
      `The version of ${machine.id} is ${shown(version)}; it must be text of 1 to 64 characters.`,
    )
  for (const [from, migrate] of Object.entries(options.migrate ?? {}))
    if (typeof migrate !== 'function')
      throw umbelError('UMBEL_BAD_OPTION', `migrate of ${machine.id} has no function for version ${from.slice(0, 80)}.`)
  checkChart(machine)
  return new Workflow(machine, version, whole(options.keep ?? KEEP, 'keep', 0, 100_000), options.migrate)
}

/** Whether options ask for local runs. */
export const isLocal = (options: unknown): options is LocalOptions =>
  typeof options === 'object' && options !== null && Object.hasOwn(options, 'local')

/** A machine whose runs are live actors. @throws UMBEL_NOT_LOCAL, UMBEL_BAD_MACHINE, UMBEL_BAD_OPTION */
export function localWorkflow<M extends AnyStateMachine>(machine: M, options: LocalOptions): Workflow<M> {
  const given: unknown = machine
  if (given instanceof Workflow)
    throw notLocal(given.name, 'are made of the machine: what workflow() gives has a version')
  if (!isMachine(machine))
    throw umbelError('UMBEL_BAD_MACHINE', `A workflow is made of a machine of XState, not of ${shown(machine)}.`)
  for (const option of ['version', 'migrate'])
    if (Object.hasOwn(options, option)) throw notLocal(machine.id, `have no ${option}`)
  checkNames('workflow', options, ['local', 'keep'])
  if ((options.local as unknown) !== true)
    throw umbelError('UMBEL_BAD_OPTION', `local of ${machine.id} is ${shown(options.local)}; it is true or left out.`)
  checkLocalChart(machine)
  for (const { placeholder, path } of withMachines(machine).flatMap(placedPlaceholders))
    if (placeholder.compensation !== undefined)
      throw notLocal(machine.id, `take nothing back, and ${path} has compensate`)
  return new Workflow(
    bounded(machine) as unknown as M,
    machine.version ?? '1',
    whole(options.keep ?? KEEP, 'keep', 0, 100_000),
  )
}

const notLocal = (machine: string, says: string): Error =>
  umbelError('UMBEL_NOT_LOCAL', `Local runs of ${machine} ${says}.`)

/** A workflow as it is, or one of a machine with nothing said about it. */
export const asWorkflow = <M extends AnyStateMachine>(
  given: M | Workflow<M>,
  options?: WorkflowOptions<NoInfer<M>>,
): Workflow<M> => (given instanceof Workflow ? given : workflow(given, options))
