import { EventEmitter } from 'eventemitter3'
import { type App, createApp } from 'umbel'
import { bounded } from './bounded.ts'
import { collector } from './heap.ts'
import type { Measure, Size } from './measure.ts'
import { type Spread, spread, withSpan } from './spread.ts'
import { bench } from './tasks.ts'

/** What so many listeners to the end of a task cost. */
interface Heard {
  readonly listeners: number
  /** Nanoseconds of processor time for each task, over that with no listener. */
  readonly more: Spread
  /** Bytes allocated for each task. */
  readonly bytes: Spread
  /** Nanoseconds of eventemitter3 alone, for each event that it emits to as many. */
  readonly emitter: Spread
}

/** One round: processor time and bytes for each task, and time for each event of eventemitter3. */
interface Round {
  readonly time: number
  readonly bytes: number
  readonly emitter: number
}

const LISTENERS = [0, 1, 10] as const
/** Tasks of a round; those whose bytes are counted are few, so that no garbage is collected meanwhile. */
const EFFORTS: Readonly<Record<Size, { readonly rounds: number; readonly tasks: number; readonly counted: number }>> = {
  full: { rounds: 15, tasks: 20_000, counted: 400 },
  short: { rounds: 2, tasks: 500, counted: 100 },
}
const EVENTS = 100

/** What it costs that somebody hears of the end of each task, or nobody. */
export const signals: Measure = {
  name: 'signals',
  async *run(size) {
    const lanes = { default: { threads: 0, inline: 100 } }
    const app = createApp({ name: 'signals', tasks: [bench], lanes })
    await app.start()
    const rounds = await roundsOf(app, size).finally(() => app.stop())
    const none = (rounds.get(0) ?? []).map(({ time }) => time)
    for (const listeners of LISTENERS) {
      const own = rounds.get(listeners) ?? []
      const heard: Heard = {
        listeners,
        more: spread(own.map(({ time }, round) => (time - (none[round] as number)) * 1_000)),
        bytes: spread(own.map(({ bytes }) => bytes)),
        emitter: spread(own.map(({ emitter }) => emitter)),
      }
      yield { text: textOf(heard), result: heard }
    }
  },
}

async function roundsOf(app: App, size: Size): Promise<ReadonlyMap<number, readonly Round[]>> {
  const { rounds, tasks, counted } = EFFORTS[size]
  const told = new Map(LISTENERS.map((listeners): [number, Round[]] => [listeners, []]))
  const collect = collector()
  for (let round = -1; round < rounds; round += 1) {
    for (const listeners of round % 2 === 0 ? LISTENERS : LISTENERS.toReversed()) {
      const offs = Array.from({ length: listeners }, () => app.on('task-success', hear))
      const time = await timeOf(app, tasks)
      collect()
      const bytes = await bytesOf(app, counted)
      for (const off of offs) off()
      const emitter = emitterTime(listeners, tasks * EVENTS)
      if (round >= 0) told.get(listeners)?.push({ time, bytes, emitter })
    }
  }
  return told
}

const heard = { times: 0 }
const hear = (): void => {
  heard.times += 1
}

/** Microseconds of processor time for each task, garbage and all. */
async function timeOf(app: App, tasks: number): Promise<number> {
  const before = process.cpuUsage()
  await runTasks(app, tasks)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / tasks
}

async function bytesOf(app: App, tasks: number): Promise<number> {
  const before = process.memoryUsage().heapUsed
  await runTasks(app, tasks)
  return (process.memoryUsage().heapUsed - before) / tasks
}

const runTasks = (app: App, tasks: number): Promise<void> =>
  bounded(tasks, 100, () => app.delay(bench.inlineNoop.s(1)).get())

/** Nanoseconds for each event, which is made only for somebody. */
function emitterTime(listeners: number, events: number): number {
  const emitter = new EventEmitter()
  for (let count = 0; count < listeners; count += 1) emitter.on('task-success', hear)
  const began = performance.now()
  for (let event = 0; event < events; event += 1) {
    if (emitter.listenerCount('task-success') > 0) emitter.emit('task-success', { id: event, task: 'noop', at: began })
  }
  return ((performance.now() - began) * 1e6) / events
}

function textOf({ listeners, more, bytes, emitter }: Heard): string {
  const ours = `${withSpan(more, 0)} ns a task more than none, ${withSpan(bytes, 0)} bytes a task in all`
  return `${listeners} listeners to task-success: ${ours}; eventemitter3 alone ${withSpan(emitter, 0)} ns an event`
}
