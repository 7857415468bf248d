import { type App, group } from 'umbel'
import { collector } from '../heap.ts'
import type { Measure, Size } from '../measure.ts'
import { ratioOf, type Spread, spread, withSpan } from '../spread.ts'
import { openApp } from './app.ts'
import { chainOf, chordOf, noops } from './canvases.ts'

/** A shape of canvas, of as many members as wanted. */
interface Shape {
  readonly name: string
  /** Run one of so many members to its end. */
  run(app: App, members: number): Promise<unknown>
}

/** What came of one shape: microseconds for each member, and the ratio of the large size to the small one, round by round. */
interface SizeResult {
  readonly name: string
  readonly small: Spread & { readonly members: number }
  readonly large: Spread & { readonly members: number }
  /** Time for each member, large to small: 1 is flat. */
  readonly ratio: Spread
  /** Bytes of heap that a member of the large size holds while its result is kept. */
  readonly bytesPerMember: number
}

interface SizeEffort {
  readonly rounds: number
  readonly large: number
}

const EFFORTS: Readonly<Record<Size, SizeEffort>> = {
  full: { rounds: 5, large: 100_000 },
  short: { rounds: 1, large: 5_000 },
}
const SMALL = 1_000
const SHAPES: readonly Shape[] = [
  { name: 'chain', run: (app, members) => app.delay(chainOf(members, 'main loop')).get() },
  { name: 'group', run: (app, members) => app.delay(group(noops(members, 'main loop'))).get() },
  { name: 'chord', run: (app, members) => app.delay(chordOf(members, 'main loop')).get() },
  {
    name: 'chains of 100',
    run: (app, members) =>
      app.delay(group(Array.from({ length: members / 100 }, () => chainOf(100, 'main loop')))).get(),
  },
]

/** What a member of a canvas costs, in a small one and in a large one. */
export const canvasSizes: Measure = {
  name: 'canvas',
  async *run(size) {
    for await (const result of bothSizes(EFFORTS[size])) yield { text: textOf(result), result }
  },
}

/** Run every shape in both sizes in turn, as many members in each turn, after one round that does not count. */
async function* bothSizes({ rounds, large }: SizeEffort): AsyncGenerator<SizeResult> {
  const collect = collector()
  for (const shape of SHAPES) {
    const times: [number[], number[]] = [[], []]
    for (let round = -1; round < rounds; round += 1) {
      for (const index of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const time = index === 0 ? await timed(shape, SMALL, large / SMALL) : await timed(shape, large, 1)
        if (round >= 0) times[index].push(time)
      }
    }
    const bytes = await heapOf(shape, large, collect)
    const [few, lots] = times
    yield {
      name: shape.name,
      small: { members: SMALL, ...spread(few) },
      large: { members: large, ...spread(lots) },
      ratio: ratioOf(lots, few),
      bytesPerMember: bytes / large,
    }
  }
}

/** Microseconds for each member of a canvas that is run `times` times, in an app of its own so that nothing of before is kept. */
async function timed(shape: Shape, members: number, times: number): Promise<number> {
  const app = await openApp(1)
  const began = performance.now()
  for (let time = 0; time < times; time += 1) await shape.run(app, members)
  const cost = ((performance.now() - began) * 1_000) / (members * times)
  await app.stop({ deadline: 0 })
  return cost
}

async function heapOf(shape: Shape, members: number, collect: () => void): Promise<number> {
  const app = await openApp(1)
  await shape.run(app, 100)
  collect()
  const before = process.memoryUsage().heapUsed
  await shape.run(app, members)
  collect()
  const after = process.memoryUsage().heapUsed
  await app.stop({ deadline: 0 })
  return after - before
}

function textOf({ name, small, large, ratio, bytesPerMember }: SizeResult): string {
  const each = ({ median, members }: SizeResult['small']): string =>
    `${median.toFixed(1)} us a member of ${members.toLocaleString('en')}`
  const bytes = `${Math.round(bytesPerMember)} bytes of heap each`
  return `${name}: ${each(small)}, ${each(large)}, ratio ${withSpan(ratio, 2)}, ${bytes}`
}
