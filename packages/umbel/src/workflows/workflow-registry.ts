import {
  type Chart,
  type Charts,
  type ChildStart,
  type Compensation,
  chartActor,
  type ErrorClasses,
  encode,
  invokedMachines,
  type Successor,
  umbelError,
} from '@umbel/core'
import type { AnyStateMachine } from 'xstate'
import type { TaskDefinition } from '../definition.ts'
import type { SpecResolver } from '../spec-resolver.ts'
import { checkCompensations } from './compensation-checks.ts'
import { type AnyWorkflow, bounded, namedWorkflow, taskOfWorkflow, workflow } from './workflow.ts'

/** What the registry works with. */
export interface RegistryParts {
  readonly errors: ErrorClasses
  readonly maxBytes: number
  /** Compiles what machines invoke. */
  readonly resolver: SpecResolver
}

/** The machines whose runs this app can go on with, each version by itself. */
export class WorkflowRegistry implements Charts {
  readonly #parts: RegistryParts
  readonly #byName = new Map<string, Map<string, Registered>>()

  constructor(parts: RegistryParts) {
    this.#parts = parts
  }

  get errors(): ErrorClasses {
    return this.#parts.errors
  }

  get maxBytes(): number {
    return this.#parts.maxBytes
  }

  find(machine: string, version: string): Registered | undefined {
    return this.#byName.get(machine)?.get(version)
  }

  successor(machine: string, version: string): Successor | undefined {
    for (const known of this.#byName.get(machine)?.values() ?? []) {
      const { migrate, version: to } = known.workflow
      const move = Object.hasOwn(migrate, version) ? migrate[version] : undefined
      if (move !== undefined) return { version: to, chart: known, migrate: move }
    }
    return undefined
  }

  /** What stands for a run in a canvas, by the name that its step has. @throws UMBEL_UNKNOWN_WORKFLOW */
  definition(task: string): TaskDefinition {
    const { name, version } = namedWorkflow(task)
    const known = this.find(name, version)
    if (known !== undefined) return known.definition
    throw umbelError(
      'UMBEL_UNKNOWN_WORKFLOW',
      `No workflow ${name.slice(0, 80)} of version ${version} is registered here.`,
    )
  }

  /** Refuse a machine with compensations that could not be sent here. @throws UMBEL_BAD_MACHINE */
  check({ machine }: AnyWorkflow): void {
    checkCompensations(machine, this.#parts.resolver)
  }

  /**
   * Register a machine with the machines that it invokes. Whether it is new here.
   * @throws UMBEL_DUPLICATE_WORKFLOW where another machine has its name and version
   */
  register(given: AnyWorkflow): boolean {
    const { name, version } = given
    const known = this.find(name, version)
    if (known !== undefined) {
      if (known.workflow.machine === given.machine) return false
      throw umbelError('UMBEL_DUPLICATE_WORKFLOW', `Two machines are called ${name} and have version ${version}.`)
    }
    const versions = this.#byName.get(name) ?? new Map<string, Registered>()
    this.#byName.set(name, versions)
    versions.set(version, new Registered(given, this.#parts))
    for (const machine of invokedMachines(given.machine)) this.register(workflow(machine))
    return true
  }
}

/** A machine that is registered. */
export class Registered implements Chart {
  readonly workflow: AnyWorkflow
  /** The machine, with a bound to what it does in one step. */
  readonly machine: AnyStateMachine
  /** What stands for a run of it in a canvas. */
  readonly definition: TaskDefinition
  readonly #parts: RegistryParts

  constructor(given: AnyWorkflow, parts: RegistryParts) {
    this.workflow = given
    this.#parts = parts
    this.definition = definitionOf(given)
    this.machine = bounded(given.machine)
  }

  get keep(): number {
    return this.workflow.keep
  }

  start(src: string, input: unknown): ChildStart {
    const actor = chartActor(this.machine, src)
    switch (actor.kind) {
      case 'placeholder':
        return { kind: 'canvas', plan: this.#parts.resolver.part(actor.placeholder.canvasFor(input)) }
      case 'machine': {
        const { name, version } = workflow(actor.machine)
        return {
          kind: 'chart',
          machine: name,
          version,
          input: encode(input, { maxBytes: this.#parts.maxBytes, path: 'input' }),
        }
      }
      default:
        throw umbelError('UMBEL_BAD_MACHINE', `${this.workflow.name} names an actor ${src} that nothing here can run.`)
    }
  }

  compensation(src: string): Compensation | undefined {
    const actor = chartActor(this.machine, src)
    const given = actor.kind === 'placeholder' ? actor.placeholder.compensation : undefined
    if (given === undefined) return undefined
    return { retry: given.retry, plan: (output, input) => this.#parts.resolver.part(given.canvasFor(output, input)) }
  }
}

/** What stands for a run in a canvas: a task that takes the machine's input. It has no handler: it is replaced by the run. */
function definitionOf(given: AnyWorkflow): TaskDefinition {
  const { name, version } = given
  return {
    name: taskOfWorkflow(given),
    module: undefined,
    handler: () => {},
    arity: { min: 0, max: 1 },
    options: { ...NO_OPTIONS },
    workflow: { name, version },
    bases: [],
    errors: new Map(),
  }
}

const NO_OPTIONS = {
  lane: undefined,
  priority: undefined,
  inline: true,
  states: [],
  retry: undefined,
  expires: undefined,
  ignoreResult: false,
  kwargs: undefined,
} as const
