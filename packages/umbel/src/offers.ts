import type { Canvas } from '@umbel/core'
import type { AnyStateMachine } from 'xstate'
import type { Control } from './control.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Health, HealthOptions } from './health.ts'
import type { Inspect } from './inspect.ts'
import type { MapStreamOptions } from './map-stream.ts'
import type { Workflow } from './workflows/workflow.ts'
import type { WorkflowRuns } from './workflows/workflow-runs.ts'

/** What a class offers, without what is private to it. */
export type Offered<T> = Pick<T, keyof T>

/** What an app offers beside sending. An owner answers at once, a sender asks the owner. */
export interface Offers {
  readonly control: Offered<Control>
  readonly inspect: Offered<Inspect>
  readonly deadLetters: Offered<DeadLetters>
  health(options: HealthOptions): Promise<Health>
  /** Resolves with the id of the workflow that runs. */
  rerun(id: string): Promise<string>
  mapStream(canvas: Canvas, items: unknown, options: MapStreamOptions): AsyncGenerator<unknown>
  workflow<M extends AnyStateMachine>(workflow: Workflow<M>): WorkflowRuns<M>
  /** The same, of runs that are live actors in this process. */
  local<M extends AnyStateMachine>(workflow: Workflow<M>): WorkflowRuns<M>
  /** The app begins to stop. */
  stop(why: Error): void
}
