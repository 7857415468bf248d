import { createApp } from 'umbel'
import { type Fault, faultsOf, isDemanded } from './compare.ts'
import { type Actual, RanLog, runVector } from './run.ts'
import { celery } from './tasks.ts'
import type { Vector } from './vector.ts'

/** How one vector went. */
export interface Verdict {
  readonly vector: Vector
  readonly actual: Actual
  readonly faults: readonly Fault[]
}

/** Most vectors under way at once. */
const AT_ONCE = 48

/** Run vectors side by side in one app, their tasks in threads. Each may take `limit` milliseconds. */
export async function runVectors(vectors: readonly Vector[], limit = 10_000): Promise<Verdict[]> {
  const app = createApp({
    name: 'conformance',
    tasks: [celery],
    lanes: { ...lanesOf(vectors), default: { threads: 2 } },
  })
  const log = new RanLog(app)
  await app.start()
  const actuals: Actual[] = []
  const open = vectors.entries()
  const worker = async (): Promise<void> => {
    for (const [index, vector] of open) actuals[index] = await runVector(app, log, vector, limit)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  // callbacks end after the result that was waited for
  await app.stop({ deadline: actuals.some(({ hung }) => hung) ? '1s' : '10s' })
  return vectors.map((vector, index) => {
    const actual = actuals[index] as Actual
    return { vector, actual, faults: isDemanded(vector) ? faultsOf(vector, actual) : [] }
  })
}

/** The queues that vectors name. */
function lanesOf(vectors: readonly Vector[]): Record<string, { threads: number }> {
  const named = JSON.stringify(vectors.map(({ build, call }) => [build, call])).matchAll(/"queue":"(\w+)"/g)
  return Object.fromEntries(named.map(([, name]) => [name, { threads: 1 }]))
}
