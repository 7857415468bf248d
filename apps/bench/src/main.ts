import { parseArgs } from 'node:util'
import { durable } from './durable.ts'
import { etl } from './etl.ts'
import { inline } from './inline.ts'
import { laneIsolation } from './lanes.ts'
import { load, machine } from './machine.ts'
import type { Measure } from './measure.ts'
import { peers } from './peers/peers.ts'
import { recovery } from './recovery/recovery.ts'
import { signals } from './signals.ts'
import { start } from './start/start.ts'
import { statecharts } from './statecharts.ts'
import { threads } from './threads.ts'
import { waiting } from './waiting.ts'
import { canvasSizes } from './workflows/canvas.ts'
import { workflows } from './workflows/workflows.ts'

const MEASURES: readonly Measure[] = [
  ...threads,
  ...inline,
  ...workflows,
  canvasSizes,
  waiting,
  durable,
  ...statecharts,
  ...recovery,
  peers,
  laneIsolation,
  etl,
  start,
  signals,
]

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, short: { type: 'boolean' } },
  allowPositionals: true,
})
const unknown = positionals.filter((start) => !MEASURES.some(({ name }) => name.startsWith(start)))
if (unknown.length > 0) {
  const names = MEASURES.map(({ name }) => name).join(', ')
  console.error(`Nothing is called ${unknown.join(' or ')}. There are: ${names}.`)
  process.exit(2)
}

const loadBefore = load()
const results: object[] = []
for (const { name, run } of MEASURES) {
  if (positionals.length > 0 && !positionals.some((start) => name.startsWith(start))) continue
  for await (const { text, result } of run(values.short ? 'short' : 'full')) {
    results.push({ measure: name, ...result })
    if (!values.json) console.log(text)
  }
}
if (values.json) console.log(JSON.stringify({ machine: machine(loadBefore), results }))
else console.log(`\n${machine(loadBefore).join('; ')}`)
