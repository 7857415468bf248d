import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { type Comparison, compare, type Effort, type Result } from './compare.ts'
import { inlineNoops } from './inline.ts'
import { threadNoops } from './threads.ts'

const COMPARISONS: readonly Comparison[] = [
  threadNoops(1_000, 20_000),
  threadNoops(64, 10_000),
  threadNoops(4, 5_000),
  inlineNoops(100, 100_000),
  inlineNoops(1, 20_000),
]
const FULL: Effort = { rounds: 9, share: 1 }
const SHORT: Effort = { rounds: 2, share: 0.02 }

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, short: { type: 'boolean' } },
  allowPositionals: true,
})
const wanted = COMPARISONS.filter(
  ({ name }) => positionals.length === 0 || positionals.some((start) => name.startsWith(start)),
)
if (wanted.length === 0) {
  console.error(
    `Nothing is called ${positionals.join(' or ')}. There are: ${COMPARISONS.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}

const results: Result[] = []
for (const comparison of wanted) {
  const result = await compare(comparison, values.short ? SHORT : FULL)
  results.push(result)
  if (!values.json) console.log(line(result))
}
if (values.json) console.log(JSON.stringify({ machine: machine(), results }))
else console.log(`\n${machine().join('; ')}`)

function line({ what, ours, theirs, ratio }: Result): string {
  const number = (value: number): string => Math.round(value).toLocaleString('en')
  const span = `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`
  return `${what}: ${ours.name} ${number(ours.median)}/s, ${theirs.name} ${number(theirs.median)}/s, ratio ${ratio.median.toFixed(2)} (${span})`
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
    `${cpus().length} cores`,
    `load ${loadavg()[0]?.toFixed(2)}`,
  ]
}
