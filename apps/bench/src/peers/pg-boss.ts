import { PgBoss } from 'pg-boss'
import type { Keeping } from '../keeping.ts'
import { makeDatabase } from './postgres.ts'

/** Jobs in one call of `insert`, `fetch` and `complete`. */
const AT_ONCE = 500

/**
 * No-op jobs that are inserted, fetched and completed by pg-boss, 500 at a time; its own `work` would wait half a second between
 * two polls. `undefined` where no PostgreSQL answers.
 */
export async function pgBossSide(): Promise<Keeping | undefined> {
  const database = await makeDatabase('boss')
  if (database === undefined) return undefined
  const boss = new PgBoss(database.url)
  boss.on('error', () => {})
  await boss.start()
  await boss.createQueue('noop')
  return {
    name: 'pg-boss',
    loses: 'process or power ends: nothing; what ran is run again',
    part: 0.25,
    async run(total) {
      const adding = addAll(boss, total)
      for (let done = 0; done < total; ) {
        const jobs = await boss.fetch('noop', { batchSize: AT_ONCE })
        if (jobs.length === 0) continue
        await boss.complete(
          'noop',
          jobs.map(({ id }) => id),
        )
        done += jobs.length
      }
      await adding
    },
    async close() {
      await boss.stop({ graceful: false })
      await database.drop()
    },
  }
}

async function addAll(boss: PgBoss, total: number): Promise<void> {
  for (let left = total; left > 0; left -= AT_ONCE)
    await boss.insert(
      'noop',
      Array.from({ length: Math.min(AT_ONCE, left) }, () => ({ data: { value: 1 } })),
    )
}
