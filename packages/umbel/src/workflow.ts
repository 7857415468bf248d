import { checkChart, isMachine, umbelError } from '@umbel/core'
import type { AnyStateMachine } from 'xstate'
import { shown } from './known-names.ts'
import { checkNames, whole } from './option-checks.ts'

/** How a machine is run. */
export interface WorkflowOptions {
  /** Version of the machine, by which its runs find it again: raise it with each change that they could not live with. Default: the machine's own, else `1`. */
  readonly version?: string
  /**
   * Most events of one run that are kept while no transition takes them, and offered again after each step. Beyond it `send` is refused
   * with UMBEL_MAILBOX_FULL; 0 drops what is not taken, as XState does. Default 100.
   */
  readonly keep?: number
}

const KEEP = 100

/** A machine as it is run: with a version and its bounds. */
export class Workflow<M extends AnyStateMachine> {
  readonly machine: M
  /** The machine's id. */
  readonly name: string
  readonly version: string
  readonly keep: number

  /** Made by `workflow`; not meant to be called. */
  constructor(machine: M, version: string, keep: number) {
    this.machine = machine
    this.name = machine.id
    this.version = version
    this.keep = keep
  }
}

/** Any workflow, whatever its machine. */
export type AnyWorkflow = Workflow<AnyStateMachine>

/**
 * Say how a machine is run, where the defaults do not do: `workflow(machine, { version: '2' })`.
 * @throws UMBEL_BAD_MACHINE with the path to what could not be stored and go on after a restart, UMBEL_BAD_OPTION
 */
export function workflow<M extends AnyStateMachine>(machine: M, options: WorkflowOptions = {}): Workflow<M> {
  if (!isMachine(machine))
    throw umbelError('UMBEL_BAD_MACHINE', `A workflow is made of a machine of XState, not of ${shown(machine)}.`)
  checkNames('workflow', options, ['version', 'keep'])
  const version: unknown = options.version ?? machine.version ?? '1'
  if (typeof version !== 'string' || !/^[^\p{Cc}]{1,64}$/u.test(version))
    throw umbelError(
      'UMBEL_BAD_OPTION',
      `The version of ${machine.id} is ${shown(version)}; it must be text of 1 to 64 characters.`,
    )
  checkChart(machine)
  return new Workflow(machine, version, whole(options.keep ?? KEEP, 'keep', 0, 100_000))
}

/** A workflow as it is, or one of a machine with nothing said about it. */
export const asWorkflow = <M extends AnyStateMachine>(
  given: M | Workflow<M>,
  options?: WorkflowOptions,
): Workflow<M> => (given instanceof Workflow ? given : workflow(given, options))
