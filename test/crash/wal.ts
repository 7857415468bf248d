// Damages SQLite's log at random places: `npm run torture:wal -- --points 2000 --seed 1`. The last line is JSON.
import { parseArgs } from 'node:util'
import { tearLog } from './torn-log.ts'

const { values } = parseArgs({ options: { points: { type: 'string', default: '2000' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Date.now() % 1_000_000)
console.log(`seed ${seed}`)
const report = await tearLog(Number(values.points), seed)
for (const says of report.wrong) console.log(says)
console.log(JSON.stringify({ ...report, wrong: report.wrong.length }))
process.exitCode = report.wrong.length === 0 && report.told === report.shorter ? 0 : 1
