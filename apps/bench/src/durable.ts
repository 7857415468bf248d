import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { createApp, type Store } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { bounded } from './bounded.ts'
import { bullmqSide } from './bullmq.ts'
import { type Effort, type Side, type Spread, spread, takeTurns } from './compare.ts'
import { loopDelayOf } from './loop-delay.ts'
import { rawSqlite, type Shape } from './raw-sqlite.ts'
import { bench } from './tasks.ts'

/** One of the sides: tasks a second, and ours to theirs, round by round. */
export interface DurableSide {
  readonly name: string
  /** What of the tasks that were accepted is gone after the process, or the machine's power, has. */
  readonly loses: string
  readonly rate: Spread
  readonly ratio: Spread
}

/** What came of durable no-op tasks, so many under way. */
export interface DurableResult {
  readonly underWay: number
  readonly sides: readonly DurableSide[]
  /** 99th percentile of the event loop's delay while our tasks run, in milliseconds. */
  readonly loopDelay: Spread
  /** The same where nothing runs, right afterwards: what the machine itself does to it. */
  readonly idleDelay: number
  /** What was left out, and why. */
  readonly skipped: readonly string[]
}

/** Tasks in each round of a side. */
const COUNT = 20_000

/** BullMQ is given fewer: a round of all would take longer than all others together. */
const BULLMQ_PART = 0.25

/** Transactions of ours whose contents are noted, the last ones. */
const MOST_SHAPES = 120

const NOTHING = 'process or power ends: nothing'
const REDIS = [
  {
    name: 'BullMQ, Redis as it comes (no AOF)',
    settings: [],
    loses: 'process ends: nothing; Redis or power ends: all since the last snapshot, minutes to an hour',
  },
  {
    name: 'BullMQ, Redis with appendfsync everysec',
    settings: ['--appendonly', 'yes', '--appendfsync', 'everysec'],
    loses: 'process ends: nothing; power ends: about the last second',
  },
] as const

/**
 * No-op tasks that are accepted, run and have their results stored, at full sync; against a loop of node:sqlite that writes the same
 * rows in the same batches, and against BullMQ.
 */
export async function durableTasks(underWay: number, { rounds, share }: Effort): Promise<DurableResult> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
  const ours = await openOurs(join(folder, 'work.db'), underWay)
  // after what the machine has to learn, its batches are those of every round
  await ours.run(Math.max(underWay, COUNT * share))
  const raw = rawSqlite(join(folder, 'work.db'), join(folder, 'raw.db'), [...ours.shapes])
  const delays: number[] = []
  const measured: Side = {
    name: 'umbel',
    run: async (count) => void delays.push(await loopDelayOf(() => ours.run(count))),
  }
  const peers = await Promise.all(REDIS.map(({ name, settings }) => bullmqSide(name, underWay, settings)))
  const open = peers.filter((peer) => peer !== undefined)
  const sides: Side[] = [measured, raw, ...open.map((peer) => ({ ...peer, part: BULLMQ_PART }))]
  try {
    const rates = await takeTurns(sides, Math.round(COUNT * share), rounds)
    const loses = [NOTHING, 'the same', ...REDIS.map((redis) => redis.loses)]
    return {
      underWay,
      sides: sides.map(({ name }, index) => summedUp(name, loses[index] ?? '', rates[0] ?? [], rates[index] ?? [])),
      loopDelay: spread(delays.slice(1)),
      idleDelay: await loopDelayOf(() => after(1_000)),
      skipped: open.length === REDIS.length ? [] : ['BullMQ: no redis-server is installed'],
    }
  } finally {
    for (const peer of open) await peer.close()
    raw.close()
    await ours.close()
    rmSync(folder, { recursive: true })
  }
}

function summedUp(name: string, loses: string, ours: readonly number[], rates: readonly number[]): DurableSide {
  const ratio = spread(ours.map((rate, round) => rate / (rates[round] as number)))
  return { name, loses, rate: spread(rates), ratio }
}

interface Ours {
  /** What each of the last transactions held. */
  readonly shapes: Shape[]
  run(count: number): Promise<void>
  close(): Promise<void>
}

async function openOurs(file: string, underWay: number): Promise<Ours> {
  const shapes: Shape[] = []
  // nothing is dropped on the way: the loop drops nothing
  const store = sqliteStore(file, { keepEnded: 10_000_000, keepEvents: 10_000_000 })
  const lanes = { default: { threads: 0, inline: underWay } }
  const app = createApp({ name: `durable-${underWay}`, tasks: [bench], lanes, store: noting(store, shapes) })
  await app.start()
  return {
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
  const count = (state: string): number => rows.filter((row) => row.kind === 'task' && row.state === state).length
  return { sent: count('RECEIVED'), started: count('STARTED'), ended: count('SUCCESS'), events: events.length }
}
