// Lets processes race for the file of a store: `npm run torture:lock -- --races 50 --seed 1`. The last line is JSON.
import { parseArgs } from 'node:util'
import { raceForLease } from './lease-races.ts'

const { values } = parseArgs({ options: { races: { type: 'string', default: '50' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Date.now() % 1_000_000)
console.log(`seed ${seed}`)
const report = await raceForLease(Number(values.races), seed, console.log)
for (const says of report.wrong) console.log(says)
console.log(JSON.stringify({ ...report, wrong: report.wrong.length }))
process.exitCode = report.wrong.length === 0 ? 0 : 1
