import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import type { Keeping } from '../keeping.ts'
import { makeDatabase } from './postgres.ts'

/** Jobs in one call of `addJobs`. */
const AT_ONCE = 500

/**
 * No-op jobs that are added and run by graphile-worker, with the settings that its page on performance gives; it keeps no results.
 * `undefined` where no PostgreSQL answers.
 */
export async function graphileSide(): Promise<Keeping | undefined> {
  const database = await makeDatabase('graphile')
  if (database === undefined) return undefined
  const quiet = new Logger(() => () => {})
  const batching = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
  const runner = await run({
    preset: {
      worker: {
        connectionString: database.url,
        concurrentJobs: 24,
        maxPoolSize: 25,
        ...batching,
        logger: quiet,
      },
    },
    noHandleSignals: true,
    taskList: { noop: () => {} },
  })
  const sender = await makeWorkerUtils({ connectionString: database.url, logger: quiet })
  const jobs = (count: number): readonly { identifier: string; payload: object }[] =>
    Array.from({ length: count }, () => ({ identifier: 'noop', payload: { value: 1 } }))
  return {
    name: 'graphile-worker',
    loses: 'process or power ends: nothing; what ran is run again',
    part: 0.25,
    async run(total) {
      let completed = 0
      const done = new Promise<void>((resolve) => {
        const count = (): void => {
          completed += 1
          if (completed < total) return
          runner.events.off('job:complete', count)
          resolve()
        }
        runner.events.on('job:complete', count)
      })
      for (let left = total; left > 0; left -= AT_ONCE) await sender.addJobs(jobs(Math.min(AT_ONCE, left)))
      await done
    },
    async close() {
      await runner.stop()
      await sender.release()
      await database.drop()
    },
  }
}
