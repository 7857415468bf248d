import type { TaskRow, Worker } from '@umbel/core'
import { expect, test } from 'vitest'
import { definitionOf } from '../src/definition.ts'
import { defineTasks, SimulatedClock, task } from '../src/index.ts'
import { Line } from '../src/lanes/line.ts'
import { Limits } from '../src/limits/limits.ts'
import { readyTokens } from '../src/limits/ready-tokens.ts'

const tasks = defineTasks('line', { held: task(() => {}, { rateLimit: { window: '5/h' } }), free: () => {} })

const settled = async (): Promise<void> => {
  for (let n = 0; n < 30; n += 1) await undefined
}
const rowOf = (id: string, task: keyof typeof tasks, priority: number): TaskRow =>
  ({ id, spec: { task: `line.${task}`, priority, via: 'call' }, args: '[]' }) as unknown as TaskRow

test('a task that is let go while it comes to its gate waits there no more', async () => {
  const clock = new SimulatedClock()
  const limits = new Limits({
    tasks: new Map(['line.held', 'line.free'].map((name) => [name, definitionOf(name)])) as never,
    shared: new Map(),
    source: { ...readyTokens(clock), reserve: async () => ({ permits: 5, notAfter: Number.POSITIVE_INFINITY }) },
    clock,
    failed: () => {},
  })
  const overs = new Map<string, () => void>()
  const end = (id: string): void => {
    const over = overs.get(id)
    overs.delete(id)
    over?.()
  }
  const begun = new Set<string>()
  /** Gives back at once what has not begun, and has no thread that would have to be asked first. */
  const recall = (): void => {
    for (const id of [...overs.keys()]) if (!begun.has(id)) end(id)
  }
  const line = new Line({
    worker: { recall, widen: async () => {} } as unknown as Worker,
    width: 1,
    aging: undefined,
    now: () => clock.monotonic(),
    limits,
    left: () => {},
    execute: (id, _worker, over) => overs.set(id, over),
    bundles: {
      costOf: () => Number.POSITIVE_INFINITY,
      isTiny: () => false,
      isShort: ({ spec }) => spec.task === 'line.free',
      execute: () => {},
    },
  })
  line.add(rowOf('first', 'held', 5)) // so that its permits are there
  await settled()
  end('first')
  await settled()
  begun.add('runs')
  line.add(rowOf('runs', 'free', 5))
  await settled()
  line.add(rowOf('ahead', 'free', 5))
  await settled()
  end('runs') // what was ahead has the slot, and has not begun
  line.add(rowOf('urgent', 'held', 9)) // its probe has that given back, and takes the slot
  await settled()
  expect([[...overs.keys()], line.running, line.waiting, line.has('urgent')]).toEqual([['urgent'], 1, 0, false])
})
