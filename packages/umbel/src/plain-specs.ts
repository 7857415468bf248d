import type { Canvas, SignatureOptions, TaskSignature, TaskSpec } from '@umbel/core'
import type { TaskDefinition } from './definition.ts'

/** Specs of calls that are plain, by `plainKey`. Bounded: only those of priorities and lanes that exist come to be. */
export class PlainSpecs {
  readonly #specs = new Map<TaskDefinition, Map<string, TaskSpec>>()

  get(definition: TaskDefinition, key: string): TaskSpec | undefined {
    return this.#specs.get(definition)?.get(key)
  }

  set(definition: TaskDefinition, key: string, spec: TaskSpec): void {
    const specs = this.#specs.get(definition) ?? new Map<string, TaskSpec>()
    specs.set(key, spec)
    this.#specs.set(definition, specs)
  }
}

/** What tells plain calls of a task from each other, but for headers. */
export function plainKey({ immutable, options: { priority, lane } }: TaskSignature): string {
  const kind = immutable ? 'immutable' : 'open'
  if (lane !== undefined) return `${kind} ${priority} ${lane}`
  return priority === undefined ? kind : `${kind} ${priority}`
}

/** Whether there are no options but headers and a place. */
export const isPlain = (options: SignatureOptions): boolean => {
  for (const name in options) {
    if (name === 'headers') continue
    if (name === 'priority' && typeof options.priority === 'number') continue
    if (name !== 'lane' || typeof options.lane !== 'string') return false
  }
  return true
}

/** A task as it is called with nothing but arguments. */
export interface KnownTask {
  readonly definition: TaskDefinition
  readonly spec: TaskSpec
}

/** Whether a canvas is a task with nothing to it yet, and stays so. */
export const isBare = (canvas: Canvas): canvas is TaskSignature =>
  canvas.kind === 'task' && isEmpty(canvas.args) && isEmpty(canvas.kwargs) && isEmpty(canvas.options) && isOpen(canvas)

const isOpen = (canvas: TaskSignature): boolean => Object.isFrozen(canvas) && canvas.immutable === false

/** Whether something has nothing in it and is frozen. */
const isEmpty = (record: object): boolean =>
  Object.isFrozen(record) && Reflect.ownKeys(record).length === (Array.isArray(record) ? 1 : 0)
