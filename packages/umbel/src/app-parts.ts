import type { Clock, UmbelError } from '@umbel/core'
import type { TaskDefinition } from './definition.ts'
import type { Course, Life } from './life.ts'
import type { Offers } from './offers.ts'
import type { Producer } from './producer.ts'
import type { AppResultSource } from './result-source.ts'
import type { StopOptions } from './shutdown.ts'
import type { SignalBus } from './signals.ts'
import type { WorkflowRegistry } from './workflows/workflow-registry.ts'

/** What an app is made of, be it one that runs what its store holds or one that only sends. */
export interface AppParts {
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  readonly registry: WorkflowRegistry
  readonly clock: Clock
  readonly signals: SignalBus
  readonly producer: Producer
  readonly source: AppResultSource
  readonly course: Course
  /** Tell what went wrong where nobody waits for an answer. */
  readonly failed: (error: unknown) => void
  /** Call back when the store has another owner by now. */
  readonly whenLost: (lost: (error: UmbelError) => void) => void
  readonly offers: (life: Life, stop: (options?: StopOptions) => Promise<void>) => Offers
}
