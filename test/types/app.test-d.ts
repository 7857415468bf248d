import { type App, type AsyncResult, chain, defineTasks, group } from 'umbel'
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
