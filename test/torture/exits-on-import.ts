import { isMainThread } from 'node:worker_threads'
import { defineTasks } from 'umbel'

if (!isMainThread) process.exit(8)

/** A task whose module no thread survives. */
export const deadly = defineTasks(import.meta, 'deadly', { never: () => 1 })
