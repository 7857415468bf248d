import { Queue, Worker } from 'bullmq'
import type { Keeping } from '../keeping.ts'
import { type RedisServer, startRedis } from './redis-server.ts'

/** How Redis keeps what BullMQ gives it, and what that loses. */
export interface RedisKeeping {
  readonly name: string
  readonly settings: readonly string[]
  readonly loses: string
}

/** Redis as it comes, and with its log. */
export const REDIS: readonly RedisKeeping[] = [
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
]

/** BullMQ is given fewer tasks in a round: a round of all would take longer than all others together. */
const PART = 0.25

/**
 * No-op jobs that are added, run and have their results stored by BullMQ, with the settings it recommends: `addBulk`, a worker of as
 * many jobs at a time, and as many again that wait, so that the worker never does. `undefined` where no redis-server is installed.
 */
export async function bullmqSide(
  { name, settings, loses }: RedisKeeping,
  underWay: number,
): Promise<Keeping | undefined> {
  const redis = await startRedis(settings)
  if (redis === undefined) return undefined
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null }
  const queue = new Queue('bench', { connection })
  const worker = new Worker('bench', async (job) => job.data.value, { connection, concurrency: underWay })
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()])
  return {
    name,
    loses,
    part: PART,
    run: (total) => addAndAwait(queue, worker, total, underWay),
    close: () => closeAll(queue, worker, redis),
  }
}

/** Resolve once so many more jobs have been completed. */
function addAndAwait(queue: Queue, worker: Worker, total: number, underWay: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let added = 0
    let completed = 0
    const add = (): void => {
      const count = Math.min(underWay, total - added)
      if (count <= 0) return
      added += count
      queue.addBulk(Array.from({ length: count }, () => ({ name: 'noop', data: { value: 1 } }))).catch(reject)
    }
    const onCompleted = (): void => {
      completed += 1
      if (completed % underWay === 0) add()
      if (completed < total) return
      worker.off('completed', onCompleted)
      resolve()
    }
    worker.on('completed', onCompleted)
    add()
    add()
  })
}

async function closeAll(queue: Queue, worker: Worker, redis: RedisServer): Promise<void> {
  await worker.close(true)
  await queue.close()
  await redis.close()
}
