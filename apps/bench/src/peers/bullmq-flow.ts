import { FlowProducer, QueueEvents, Worker } from 'bullmq'
import { startRedis } from './redis-server.ts'

/** BullMQ's flows: a job that waits for its children. */
export interface BullmqFlow {
  /** Run a flow of so many children to its end. */
  run(children: number): Promise<void>
  close(): Promise<void>
}

/** Children that its worker runs at a time. */
const AT_ONCE = 100

/** Open a producer of flows, a worker of no-op jobs and one of what waits for them; `undefined` where no redis-server is installed. */
export async function openFlows(): Promise<BullmqFlow | undefined> {
  const redis = await startRedis()
  if (redis === undefined) return undefined
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null }
  const producer = new FlowProducer({ connection })
  const children = new Worker('children', async (job) => job.data.value, { connection, concurrency: AT_ONCE })
  const parents = new Worker('parents', async (job) => Object.keys(await job.getChildrenValues()).length, {
    connection,
  })
  const ends = new QueueEvents('parents', { connection })
  await Promise.all([producer, children, parents, ends].map((part) => part.waitUntilReady()))
  return {
    async run(count) {
      const { job } = await producer.add({
        name: 'count',
        queueName: 'parents',
        children: Array.from({ length: count }, () => ({ name: 'noop', queueName: 'children', data: { value: 1 } })),
      })
      const counted = await job.waitUntilFinished(ends)
      if (counted !== count) throw new Error(`A flow of ${count} children has counted ${counted}.`)
    },
    async close() {
      for (const worker of [children, parents]) await worker.close(true)
      for (const part of [ends, producer]) await part.close()
      await redis.close()
    },
  }
}
