import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { createApp, type Store } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { bounded } from './bounded.ts'
import { EFFORT, type Effort } from './compare.ts'
import { type DurableResult, durableTable, writtenLine } from './durable-report.ts'
import { type Keeping, ratesOf } from './keeping.ts'
import { loopDelayOf } from './loop-delay.ts'
import type { Measure, Size } from './measure.ts'
import { bullmqSide, REDIS } from './peers/bullmq.ts'
import { rawSqlite, type Shape } from './raw-sqlite.ts'
import { spread } from './spread.ts'
import { bench } from './tasks.ts'
import { type WrittenResult, writtenFor } from './written.ts'

/** Tasks in each round of a side. */
const COUNT = 20_000

/** Transactions of ours whose contents are noted, the last ones. */
const MOST_SHAPES = 120

const EFFORTS = {
  full: { underWay: [100, 1_000], members: [1_000, 100_000] },
  short: { underWay: [100], members: [100, 1_000] },
} as const satisfies Record<Size, object>

/** What it costs that nothing is lost. */
export const durable: Measure = {
  name: 'durable',
  async *run(size) {
    for (const underWay of EFFORTS[size].underWay) {
      const result = await durableTasks(underWay, EFFORT[size])
      yield { text: durableTable(result), result }
    }
    const written: WrittenResult[] = []
    for (const members of EFFORTS[size].members) {
      const result = await writtenFor(members)
      if (result !== undefined) written.push(result)
    }
    yield { text: writtenLine(written), result: { written } }
  },
}

/**
 * No-op tasks that are accepted, run and have their results stored, at full sync; against a loop of node:sqlite that writes the same
 * rows in the same batches, and against BullMQ.
 */
async function durableTasks(underWay: number, { rounds, share }: Effort): Promise<DurableResult> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
  const ours = await openOurs(join(folder, 'work.db'), underWay)
  // after what the machine has to learn, its batches are those of every round
  await ours.run(Math.max(underWay, COUNT * share))
  const raw = rawSqlite(join(folder, 'work.db'), join(folder, 'raw.db'), [...ours.shapes])
  const delays: number[] = []
  const measured: Keeping = {
    ...ours,
    run: async (count) => void delays.push(await loopDelayOf(() => ours.run(count))),
  }
  const peers = await Promise.all(REDIS.map((keeping) => bullmqSide(keeping, underWay)))
  const open = peers.filter((peer) => peer !== undefined)
  try {
    return {
      underWay,
      sides: await ratesOf([measured, raw, ...open], Math.round(COUNT * share), rounds, 1),
      loopDelay: spread(delays.slice(1)),
      idleDelay: await loopDelayOf(() => after(1_000)),
      skipped: open.length === REDIS.length ? [] : ['BullMQ: no redis-server is installed'],
    }
  } finally {
    for (const side of [...open, raw, ours]) await side.close()
    rmSync(folder, { recursive: true })
  }
}

interface Ours extends Keeping {
  /** What each of the last transactions held. */
  readonly shapes: Shape[]
}

async function openOurs(file: string, underWay: number): Promise<Ours> {
  const shapes: Shape[] = []
  // nothing is dropped on the way: the loop drops nothing
  const store = sqliteStore(file, { keepEnded: 10_000_000, keepEvents: 10_000_000 })
  const lanes = { default: { threads: 0, inline: underWay } }
  const app = createApp({ name: `durable-${underWay}`, tasks: [bench], lanes, store: noting(store, shapes) })
  await app.start()
  return {
    name: 'umbel',
    loses: 'process or power ends: nothing',
    shapes,
    run: (count) => bounded(count, underWay, () => app.delay(bench.inlineNoop.s(1)).get()),
    close: () => app.stop(),
  }
}

/** The same store, which notes what is in each transaction. */
function noting(store: Store, shapes: Shape[]): Store {
  const commit = store.commit.bind(store)
  return Object.assign(store, {
    commit: (batch: Parameters<typeof commit>[0]) => {
      shapes.push(shapeOf(batch))
      if (shapes.length > MOST_SHAPES) shapes.shift()
      return commit(batch)
    },
  })
}

function shapeOf({ rows, events }: Parameters<Store['commit']>[0]): Shape {
  const sentNow = new Set(events.flatMap((event) => (event.type === 'canvas-sent' ? [event.id] : [])))
  const count = (state: string, ids?: 'sent' | 'known'): number =>
    rows.filter((row) => {
      if (row.kind !== 'task' || row.state !== state) return false
      return ids === undefined || sentNow.has(row.id) === (ids === 'sent')
    }).length
  return {
    sent: count('RECEIVED'),
    begun: count('STARTED', 'sent'),
    started: count('STARTED', 'known'),
    ended: count('SUCCESS'),
    events: events.length,
  }
}
