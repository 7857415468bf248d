import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { canvasSizes, type SizeEffort, type SizeResult } from './canvas.ts'
import { type Comparison, compare, type Effort, type Result } from './compare.ts'
import { type DurableResult, durableTasks } from './durable.ts'
import { durableTable, writtenLine } from './durable-report.ts'
import { inlineNoops, loneInline } from './inline.ts'
import { type LaneEffort, type LaneResult, laneIsolation } from './lanes.ts'
import { type Lone, type LoneResult, loneLine, timeLone } from './lone.ts'
import { loneOnThread, THREADS } from './threads.ts'
import { type WrittenResult, writtenFor } from './written.ts'

const COMPARISONS: readonly Comparison[] = [...THREADS, inlineNoops(100, 100_000)]
const LONE: readonly Lone[] = [loneOnThread, loneInline]
const FULL: Effort = { rounds: 9, share: 1 }
const SHORT: Effort = { rounds: 2, share: 0.02 }
const SIZES: SizeEffort = { rounds: 5, large: 100_000 }
const SHORT_SIZES: SizeEffort = { rounds: 1, large: 5_000 }
/** Tasks under way, and members of a group whose bytes are counted. */
const DURABLE = { underWay: [100, 1_000], members: [1_000, 100_000] }
const SHORT_DURABLE = { underWay: [100], members: [100, 1_000] }
const LANES: LaneEffort = { rounds: 40, tasks: 5 }
const SHORT_LANES: LaneEffort = { rounds: 1, tasks: 2 }

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, short: { type: 'boolean' } },
  allowPositionals: true,
})
const asked = (name: string): boolean => positionals.length === 0 || positionals.some((start) => name.startsWith(start))
const wanted = COMPARISONS.filter(({ name }) => asked(name))
const wantedLone = LONE.filter(({ name }) => asked(name))
const withSizes = asked('canvas')
const withDurable = asked('durable')
const withLanes = asked('lanes')
if (wanted.length === 0 && wantedLone.length === 0 && !withSizes && !withDurable && !withLanes) {
  console.error(
    `Nothing is called ${positionals.join(' or ')}. There are: ${[...COMPARISONS, ...LONE].map(({ name }) => name).join(', ')}, canvas, durable, lanes.`,
  )
  process.exit(2)
}

const results: Result[] = []
for (const comparison of wanted) {
  const result = await compare(comparison, values.short ? SHORT : FULL)
  results.push(result)
  if (!values.json) console.log(line(result))
}
const lone: LoneResult[] = []
for (const measure of wantedLone) {
  const result = await timeLone(measure, values.short ? SHORT : FULL)
  lone.push(result)
  if (!values.json) console.log(loneLine(result))
}
const sizes: SizeResult[] = []
if (withSizes) {
  for await (const size of canvasSizes(values.short ? SHORT_SIZES : SIZES)) {
    sizes.push(size)
    if (!values.json) console.log(sizeLine(size))
  }
}
const durable: DurableResult[] = []
const written: WrittenResult[] = []
if (withDurable) {
  const { underWay, members } = values.short ? SHORT_DURABLE : DURABLE
  for (const width of underWay) {
    const result = await durableTasks(width, values.short ? SHORT : FULL)
    durable.push(result)
    if (!values.json) console.log(durableTable(result))
  }
  for (const count of members) {
    const result = await writtenFor(count)
    if (result !== undefined) written.push(result)
  }
  if (!values.json) console.log(writtenLine(written))
}
const lanes: LaneResult[] = []
if (withLanes) {
  const result = await laneIsolation(values.short ? SHORT_LANES : LANES)
  lanes.push(result)
  if (!values.json) console.log(laneLine(result))
}
if (values.json) console.log(JSON.stringify({ machine: machine(), results, lone, sizes, durable, written, lanes }))
else console.log(`\n${machine().join('; ')}`)

function line({ what, ours, theirs, ratio }: Result): string {
  const number = (value: number): string => Math.round(value).toLocaleString('en')
  const span = `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`
  return `${what}: ${ours.name} ${number(ours.median)}/s, ${theirs.name} ${number(theirs.median)}/s, ratio ${ratio.median.toFixed(2)} (${span})`
}

function sizeLine({ name, small, large, ratio, bytesPerMember }: SizeResult): string {
  const members = (count: number): string => count.toLocaleString('en')
  const span = `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`
  const sizes = `${small.median.toFixed(1)} us a member of ${members(small.members)}, ${large.median.toFixed(1)} of ${members(large.members)}`
  return `${name}: ${sizes}, ratio ${ratio.median.toFixed(2)} (${span}), ${Math.round(bytesPerMember)} bytes of heap each`
}

function laneLine({ what, alone, saturated, ratio, lowPerSecond, tasks }: LaneResult): string {
  const times = ({ p50, p99 }: LaneResult['alone']): string => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`
  const low = `the low lane ends ${lowPerSecond.toFixed(1)} tasks/s`
  return `${what}: ${times(saturated)}; alone ${times(alone)}; ratio of p99 ${ratio.toFixed(2)} (${tasks} tasks each, ${low})`
}

function machine(): string[] {
  const version = (name: string): string => {
    const url = import.meta.resolve(name)
    const root = url.slice(0, url.lastIndexOf(`/${name}/`) + name.length + 2)
    return `${name} ${(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version}`
  }
  return [
    `node ${process.version}`,
    version('piscina'),
    version('p-queue'),
    version('bullmq'),
    `${cpus().length} cores`,
    `load ${loadavg()[0]?.toFixed(2)}`,
  ]
}
