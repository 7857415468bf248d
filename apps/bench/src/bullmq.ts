import { Queue, Worker } from 'bullmq'
import type { Side } from './compare.ts'
import { type RedisServer, startRedis } from './redis-server.ts'

/**
 * No-op jobs that are added, run and have their results stored by BullMQ, with the settings it recommends: `addBulk`, a worker of as
 * many jobs at a time, and as many again that wait, so that the worker never does. `undefined` where no redis-server is installed.
 */
export async function bullmqSide(
  name: string,
  underWay: number,
  settings: readonly string[],
): Promise<(Side & { close(): Promise<void> }) | undefined> {
  const redis = await startRedis(settings)
  if (redis === undefined) return undefined
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null }
  const queue = new Queue('bench', { connection })
  const worker = new Worker('bench', async (job) => job.data.value, { connection, concurrency: underWay })
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()])
  return {
    name,
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
