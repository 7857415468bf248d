import PQueue from 'p-queue'
import { createApp } from 'umbel'
import { bounded } from './bounded.ts'
import { type Comparison, comparing } from './compare.ts'
import { type Lone, timingLone } from './lone.ts'
import type { Measure } from './measure.ts'
import { bench } from './tasks.ts'

const noop = async (value: number): Promise<number> => value

async function opened(name: string): Promise<{ queue: PQueue; close(): Promise<void> }> {
  const app = createApp({ name, tasks: [bench], lanes: { default: { threads: 1, inline: 100 } } })
  await app.start()
  return { queue: new PQueue({ concurrency: 100 }), close: () => app.stop() }
}

/** No-op tasks on the main loop, with all the engine does for each, against bare `PQueue.add`. */
const inlineNoops = (underWay: number, count: number): Comparison => ({
  name: `inline-${underWay}`,
  what: `no-op tasks on the main loop, ${underWay} under way`,
  count,
  async open() {
    const { queue, close } = await opened(`inline-${underWay}`)
    return {
      sides: [
        { name: 'umbel', run: (total) => bounded(total, underWay, () => bench.inlineNoop.delay(1).get()) },
        { name: 'p-queue', run: (total) => bounded(total, underWay, () => queue.add(() => noop(1))) },
      ],
      close,
    }
  },
})

/** One task alone on a main loop that has nothing else to do, against bare `PQueue.add`. */
const loneInline: Lone = {
  name: 'inline-lone',
  what: 'one no-op task alone on the main loop',
  count: 10_000,
  async open() {
    const { queue, close } = await opened('inline-lone')
    return {
      sides: [
        { name: 'umbel', one: () => bench.inlineNoop.delay(1).get() },
        { name: 'p-queue', one: () => queue.add(() => noop(1)) },
      ],
      close,
    }
  },
}

/** What the main loop costs. */
export const inline: readonly Measure[] = [comparing(inlineNoops(100, 100_000)), timingLone(loneInline)]
