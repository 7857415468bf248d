import type { AnySignature } from 'umbel'
import { takeTurns } from '../compare.ts'
import type { Finding, Measure, Size } from '../measure.ts'
import { openFlows } from '../peers/bullmq-flow.ts'
import { type CeleryMode, type CeleryShape, startCelery } from '../peers/celery.ts'
import { ratioOf, type Spread, spread, withSpan } from '../spread.ts'
import { openApp } from './app.ts'
import { chainOf, chordOf } from './canvases.ts'

/** One of those that run a workflow to its end. */
interface Runner {
  readonly name: string
  /** What it does in a round of what the quickest do, which is many: a single one would be over before it is warm. */
  readonly part: number
  run(members: number): Promise<unknown>
  close(): Promise<void>
}

/** How long a workflow takes on one side, in milliseconds, and how many times as long as each of ours. */
interface Ended {
  readonly name: string
  readonly ms: Spread
  readonly times: readonly Spread[]
}

type Opening = Readonly<Record<string, () => Promise<Runner | undefined>>>

/** Rounds, and how often the quickest run their workflow in each. */
const EFFORTS: Readonly<Record<Size, { readonly rounds: number; readonly runs: number }>> = {
  full: { rounds: 7, runs: 40 },
  short: { rounds: 1, runs: 1 },
}

/** A chord, beside what others have for it. */
export const chordBeside: Measure = {
  name: 'workflows-chord',
  run: (size) =>
    beside('a chord', size === 'full' ? 1_000 : 100, size, {
      'umbel, 2 threads': () => ours('umbel, 2 threads', (members) => chordOf(members, 'thread')),
      'umbel, main loop': () => ours('umbel, main loop', (members) => chordOf(members, 'main loop')),
      'a flow of BullMQ': flows,
      Celery: () => celery('worker', 'chord'),
      'Celery, eager mode': () => celery('eager', 'chord'),
    }),
}

/** A chain, beside Celery's. */
export const chainBeside: Measure = {
  name: 'workflows-chain-celery',
  run: (size) =>
    beside('a chain', size === 'full' ? 200 : 20, size, {
      'umbel, 2 threads': () => ours('umbel, 2 threads', (steps) => chainOf(steps, 'thread')),
      'umbel, main loop': () => ours('umbel, main loop', (steps) => chainOf(steps, 'main loop')),
      Celery: () => celery('worker', 'chain'),
      'Celery, eager mode': () => celery('eager', 'chain'),
    }),
}

/** Sides of ours, the first ones. */
const OURS = 2

async function* beside(what: string, members: number, size: Size, opening: Opening): AsyncGenerator<Finding> {
  const runners: Runner[] = []
  const skipped: string[] = []
  try {
    for (const [name, open] of Object.entries(opening)) {
      const runner = await open()
      if (runner === undefined) skipped.push(name)
      else runners.push(runner)
    }
    const rates = await takeTurns(
      runners.map(({ name, part, run }) => ({ name, part, run: (times) => repeat(times, () => run(members)) })),
      EFFORTS[size].runs,
      EFFORTS[size].rounds,
    )
    const times = rates.map((rate) => rate.map((each) => 1_000 / each))
    const sides = runners.map(({ name }, index): Ended => {
      const own = times[index] ?? []
      return { name, ms: spread(own), times: times.slice(0, OURS).map((ours) => ratioOf(own, ours)) }
    })
    yield {
      text: textOf(`${what} of ${members.toLocaleString('en')}`, sides, skipped),
      result: { what, members, sides, skipped },
    }
  } finally {
    for (const runner of runners) await runner.close()
  }
}

async function repeat(times: number, act: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time += 1) await act()
}

async function ours(name: string, canvas: (members: number) => AnySignature): Promise<Runner> {
  const app = await openApp(2)
  return { name, part: 1, run: (members) => app.delay(canvas(members)).get(), close: () => app.stop() }
}

async function flows(): Promise<Runner | undefined> {
  const open = await openFlows()
  return open && { ...open, name: 'a flow of BullMQ', part: 0.1 }
}

async function celery(mode: CeleryMode, shape: CeleryShape): Promise<Runner | undefined> {
  const open = await startCelery(mode)
  if (open === undefined) return undefined
  const [how, part] = mode === 'eager' ? [', eager mode', 0.25] : ['', 0.025]
  return {
    name: `Celery ${open.version}${how}`,
    part,
    run: (members) => open.run(shape, members),
    close: () => open.close(),
  }
}

function textOf(what: string, sides: readonly Ended[], skipped: readonly string[]): string {
  const lines = sides.map(({ name, ms, times }, index) => {
    const [threads, loop] = times.map((each) => withSpan(each, 1))
    const longer = index < OURS ? '' : `: ${threads} times as long as on our threads, ${loop} as on our main loop`
    return `  ${name} ${withSpan(ms, 1)} ms${longer}`
  })
  return [`${what}:`, ...lines, ...skipped.map((name) => `  skipped ${name}: it is not installed here`)].join('\n')
}
