import {
  type ActiveTask,
  type App,
  type AsyncResult,
  chain,
  defineTasks,
  group,
  type Place,
  type Progress,
  type Signals,
  type Suspect,
  type TaskContext,
  type TaskOptions,
  type TaskState,
  task,
} from 'umbel'
import { holds, type Same } from './same.ts'

declare const app: App

const { twice, sum } = defineTasks('typed', {
  twice: (_ctx, x: number): number => x * 2,
  sum: (_ctx, list: readonly number[]): number => list.length,
})

// an app's own delay and send give the handles that the signatures' own would
const one = app.delay(twice.s(1))
holds<Same<typeof one, AsyncResult<number>>>()
export const list: Promise<readonly number[]> = app.delay(group(twice.s(1), twice.s(2))).get()
export const sent: Promise<AsyncResult<number>> = app.send(chain(group(twice.s(1), twice.s(2)), sum.s()))

// what a public type is made of has a name that users can write
export const stateOf = ({ state }: ActiveTask): TaskState => state
export const progressOf = ({ progress }: ActiveTask): Progress | undefined => progress
export const placeIn = ({ place }: TaskContext): Place | undefined => place
export const suspectsOf = ({ suspects }: Signals['loop-blocked']): readonly Suspect[] => suspects
const urgent: TaskOptions<never, object, unknown> = { priority: 9 }
export const { named } = defineTasks('named', { named: task((_ctx, x: number): number => x, urgent) })
