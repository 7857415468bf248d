import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, createApp, memoryStore, SimulatedClock } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { assign, initialTransition, setup, transition } from 'xstate'
import { collector } from './heap.ts'
import type { Finding, Measure, Size } from './measure.ts'
import { ratioOf, spread, withSpan } from './spread.ts'

const HOUR = 3_600_000

/** Goes to and fro between two states, counts, and would end by itself some time. */
const counter = setup({
  types: {} as { context: { count: number; note: string }; events: { type: 'NEXT' }; tags: 'HERE' | 'THERE' },
  actions: { count: assign({ count: ({ context }) => context.count + 1 }) },
}).createMachine({
  id: 'counter',
  context: { count: 0, note: 'an order of average size' },
  initial: 'here',
  states: {
    here: { tags: 'HERE', on: { NEXT: { target: 'there', actions: 'count' } } },
    there: { tags: 'THERE', on: { NEXT: { target: 'here', actions: 'count' } } },
  },
})

/** Ends at a moment that its input says. */
const sleeper = setup({
  types: {} as { context: { after: number }; input: number; tags: 'ASLEEP' },
  delays: { awake: ({ context }) => context.after },
}).createMachine({
  id: 'sleeper',
  context: ({ input }) => ({ after: input }),
  initial: 'asleep',
  states: { asleep: { tags: 'ASLEEP', after: { awake: 'over' } }, over: { type: 'final' } },
})

interface Effort {
  readonly rounds: number
  /** Runs that are told an event each, at once, and how often that is done in a round. */
  readonly runs: number
  readonly times: number
  readonly idle: number
  readonly timers: number
}

const EFFORTS: Readonly<Record<Size, Effort>> = {
  full: { rounds: 5, runs: 1_000, times: 10, idle: 10_000, timers: 1_000_000 },
  short: { rounds: 1, runs: 50, times: 2, idle: 2_000, timers: 2_000 },
}

/** What a step of a run costs beside XState alone, and what runs and their timers cost that wait. */
export const statecharts: readonly Measure[] = [
  { name: 'statecharts-step', run: (size) => inFolder((folder) => steps(EFFORTS[size], folder)) },
  { name: 'statecharts-idle', run: (size) => inFolder((folder) => idle(EFFORTS[size], folder)) },
  { name: 'statecharts-timers', run: (size) => inFolder((folder) => timers(EFFORTS[size], folder)) },
]

async function* inFolder(measure: (folder: string) => AsyncGenerator<Finding>): AsyncGenerator<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
  try {
    yield* measure(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Takes a number of steps and gives the processor time of each in microseconds. */
type Side = (steps: number) => Promise<number> | number

async function* steps({ rounds, runs, times }: Effort, folder: string): AsyncGenerator<Finding> {
  const file = join(folder, 'steps.db')
  const inMemory = createApp({ name: 'steps', workflows: [counter], store: memoryStore() })
  const inFile = createApp({ name: 'durable steps', workflows: [counter], store: sqliteStore(file) })
  try {
    const sides: Readonly<Record<string, Side>> = {
      transition: bare,
      transitionAndJson: withJson,
      memory: await ours(inMemory, runs),
      sqlite: await ours(inFile, runs),
    }
    const costs: Record<string, number[]> = { transition: [], transitionAndJson: [], memory: [], sqlite: [] }
    for (let round = -1; round < rounds; round += 1) {
      const order = Object.entries(sides)
      for (const [name, side] of round % 2 === 0 ? order : order.reverse()) {
        const each = await side(runs * times)
        if (round >= 0) costs[name]?.push(each)
      }
    }
    yield step('sqlite', 'transitionAndJson', costs)
    yield step('memory', 'transition', costs)
  } finally {
    await Promise.all([inMemory.stop({ deadline: 0 }), inFile.stop({ deadline: 0 })])
  }
}

function step(ours: string, theirs: string, costs: Readonly<Record<string, readonly number[]>>): Finding {
  const [own = [], alone = []] = [costs[ours], costs[theirs]]
  const [each, beside, ratio] = [spread(own), spread(alone), ratioOf(own, alone)]
  const names = { sqlite: 'stored in SQLite', memory: 'in memory' }[ours]
  const other = { transition: 'transition alone', transitionAndJson: 'transition and JSON alone' }[theirs]
  return {
    text: `a step ${names}: ${withSpan(each, 1)} us of processor time; ${other}: ${withSpan(beside, 1)} us; ${withSpan(ratio, 2)} times`,
    result: { what: 'step', ours, theirs, us: each, theirUs: beside, ratio },
  }
}

/** XState alone. */
function bare(steps: number): number {
  let [snapshot] = initialTransition(counter)
  const before = processorTime()
  for (let n = 0; n < steps; n += 1) [snapshot] = transition(counter, snapshot, { type: 'NEXT' })
  return (processorTime() - before) / steps
}

/** What it takes at least to keep a machine as text between its steps. */
function withJson(steps: number): number {
  let text = JSON.stringify(initialTransition(counter)[0])
  const before = processorTime()
  for (let n = 0; n < steps; n += 1) {
    const snapshot = counter.resolveState(JSON.parse(text))
    const [next] = transition(counter, snapshot, JSON.parse('{"type":"NEXT"}'))
    text = JSON.stringify(next)
  }
  return (processorTime() - before) / steps
}

/** Tell many runs one event each, all at once, until all have been told enough. */
async function ours(app: App, runs: number): Promise<Side> {
  const handles = Array.from({ length: runs }, (_, n) => app.workflow(counter).start({ id: `r${n}` }))
  await Promise.all(handles.map(({ accepted }) => accepted))
  return async (steps) => {
    const before = processorTime()
    for (let done = 0; done < steps; done += runs)
      await Promise.all(handles.map((run) => run.send({ type: 'NEXT' }).accepted))
    return (processorTime() - before) / steps
  }
}

function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function* idle({ idle: runs }: Effort, folder: string): AsyncGenerator<Finding> {
  const collect = collector()
  const stores = { memory: memoryStore(), sqlite: sqliteStore(join(folder, 'idle.db'), { sync: 'off' }) }
  for (const [name, store] of Object.entries(stores)) {
    const app = createApp({ name: 'idle', workflows: [counter], store })
    try {
      await app.start()
      const begin = heldBytes(collect)
      await startMany(app, runs, 0)
      const few = heldBytes(collect)
      await startMany(app, runs, runs)
      const bytes = heldBytes(collect) - few
      yield {
        text: `${runs.toLocaleString('en')} idle runs, ${name}: ${each(few - begin, runs)} bytes each; as many more: ${each(bytes, runs)} bytes each`,
        result: { what: 'idle', store: name, runs, bytes: (few - begin) / runs, bytesOfMore: bytes / runs },
      }
    } finally {
      await app.stop({ deadline: 0 })
    }
  }
}

const each = (bytes: number, of: number): string => (bytes / of).toFixed(0)

async function startMany(app: App, runs: number, from: number): Promise<void> {
  for (let n = 0; n < runs; n += 1) {
    const { accepted } = app.workflow(counter).start({ id: `idle-${from + n}` })
    if (n % 500 === 499 || n === runs - 1) await accepted
  }
}

/** Timers that come at one moment. */
const AT_ONCE = 100

/** Timers that wait in a file: what they need in memory, and whether they come in order after a restart: by moment, at one moment as they were started. */
async function* timers({ timers: count }: Effort, folder: string): AsyncGenerator<Finding> {
  const file = join(folder, 'timers.db')
  const collect = collector()
  const clock = new SimulatedClock()
  const open = (): App =>
    createApp({ name: 'timers', workflows: [sleeper], clock, store: sqliteStore(file, { sync: 'off', keepEnded: 1 }) })
  const first = open()
  await first.start()
  const before = heldBytes(collect)
  const moments = count / AT_ONCE
  // steps through all moments in an order that is not theirs
  const stride = strideOf(moments)
  for (let n = 0; n < count; n += 1) {
    const moment = (n * stride) % moments
    const place = Math.floor(n / moments)
    const run = first.workflow(sleeper).start({ id: `t${moment * AT_ONCE + place}`, input: HOUR + moment })
    if (n % 500 === 499 || n === count - 1) await run.accepted
  }
  const bytes = (heldBytes(collect) - before) / count
  await first.stop({ deadline: 0 })
  const fileBytes = statSync(file).size / count
  const second = open()
  const came: number[] = []
  second.on('workflow-ended', ({ id }) => came.push(Number(id.slice(1))))
  const beforeRestart = heldBytes(collect)
  const began = performance.now()
  await second.start()
  const restartMs = performance.now() - began
  const bytesAfterRestart = (heldBytes(collect) - beforeRestart) / count
  await clock.advance(HOUR + moments)
  await second.stop()
  const outOfOrder = came.filter((moment, n) => moment !== n).length + Math.abs(count - came.length)
  yield {
    text: `${count.toLocaleString('en')} timers: ${bytes.toFixed(0)} bytes of memory each, ${bytesAfterRestart.toFixed(0)} after a restart that took ${(restartMs / 1_000).toFixed(1)} s, ${fileBytes.toFixed(0)} bytes of file with their runs; ${came.length.toLocaleString('en')} came, ${outOfOrder} out of order`,
    result: {
      what: 'timers',
      timers: count,
      bytes,
      bytesAfterRestart,
      restartMs,
      fileBytes,
      came: came.length,
      outOfOrder,
    },
  }
}

/** A number that shares no factor with another one, about three fifths of it. */
function strideOf(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.618))
  const shares = (a: number, b: number): number => (b === 0 ? a : shares(b, a % b))
  while (shares(count, stride) !== 1) stride += 1
  return stride
}

function heldBytes(collect: () => void): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
