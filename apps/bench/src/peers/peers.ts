import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, createApp, type Store } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { bounded } from '../bounded.ts'
import { EFFORT } from '../compare.ts'
import { type Keeping, type KeptRate, ratesOf } from '../keeping.ts'
import type { Measure, Size } from '../measure.ts'
import { withSpan } from '../spread.ts'
import { bench } from '../tasks.ts'
import { bullmqSide, REDIS } from './bullmq.ts'
import { type CeleryMode, startCelery } from './celery.ts'
import { graphileSide } from './graphile-worker.ts'
import { pgBossSide } from './pg-boss.ts'

/** Tasks of ours in a round. */
const COUNT = 20_000
const UNDER_WAY = 100
/** Those of ours, which each of the others is held against. */
const OURS = 2
const ROUNDS: Readonly<Record<Size, number>> = { full: 5, short: 1 }

/** No-op tasks, beside the queues of the field with their own recommended settings. */
export const peers: Measure = {
  name: 'peers',
  async *run(size) {
    const { sides, skipped } = await openAll()
    try {
      const rates = await ratesOf(sides, Math.round(COUNT * EFFORT[size].share), ROUNDS[size], OURS)
      yield { text: textOf(rates, skipped), result: { underWay: UNDER_WAY, sides: rates, skipped } }
    } finally {
      for (const side of sides) await side.close()
    }
  },
}

async function openAll(): Promise<{ readonly sides: readonly Keeping[]; readonly skipped: readonly string[] }> {
  const opening: Readonly<Record<string, () => Promise<Keeping | undefined>>> = {
    ...Object.fromEntries(REDIS.map((keeping) => [keeping.name, () => bullmqSide(keeping, UNDER_WAY)])),
    'graphile-worker': graphileSide,
    'pg-boss': pgBossSide,
    Celery: () => celerySide('worker'),
    'Celery, eager': () => celerySide('eager'),
  }
  const sides = [await memorySide(), await sqliteSide()]
  const skipped: string[] = []
  for (const [name, open] of Object.entries(opening)) {
    const side = await open()
    if (side === undefined) skipped.push(name)
    else sides.push(side)
  }
  return { sides, skipped }
}

function memorySide(): Promise<Keeping> {
  return oursOn('umbel, memory', 'process ends: everything', undefined, async () => {})
}

function sqliteSide(): Promise<Keeping> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
  const store = sqliteStore(join(folder, 'work.db'))
  const loses = 'process or power ends: nothing; what ran is run again'
  return oursOn('umbel, SQLite, full sync', loses, store, async () => rmSync(folder, { recursive: true }))
}

async function oursOn(
  name: string,
  loses: string,
  store: Store | undefined,
  after: () => Promise<void>,
): Promise<Keeping> {
  const lanes = { default: { threads: 0, inline: UNDER_WAY } }
  const app: App = createApp({ name: 'peers', tasks: [bench], lanes, ...(store !== undefined && { store }) })
  await app.start()
  return {
    name,
    loses,
    run: (total) => bounded(total, UNDER_WAY, () => app.delay(bench.inlineNoop.s(1)).get()),
    async close() {
      await app.stop()
      await after()
    },
  }
}

async function celerySide(mode: CeleryMode): Promise<Keeping | undefined> {
  const celery = await startCelery(mode)
  if (celery === undefined) return undefined
  const [name, loses, part] =
    mode === 'eager'
      ? [`Celery ${celery.version}, eager mode`, 'process ends: everything', 0.25]
      : [
          'Celery, Redis as it comes',
          'worker ends: what it runs; Redis or power ends: all since the last snapshot',
          0.05,
        ]
  return { name, loses, part, run: (total) => celery.run('tasks', total), close: () => celery.close() }
}

function textOf(rates: readonly KeptRate[], skipped: readonly string[]): string {
  const lines = rates.map(({ name, loses, rate, ratios }, index) => {
    const [memory, durable] = ratios.map((ratio) => withSpan(ratio, 1))
    const ours = index < OURS ? '' : `, umbel in memory ${memory} times, on SQLite ${durable}`
    return `  ${name}: ${Math.round(rate.median).toLocaleString('en')}/s${ours}; lost when ${loses}`
  })
  return [
    `no-op tasks beside other queues, ${UNDER_WAY} under way:`,
    ...lines,
    ...skipped.map((name) => `  skipped ${name}: what it needs is not installed here`),
  ].join('\n')
}
