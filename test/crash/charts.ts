// Kills a process at each stored step of a run that does all that machines can do: `npm run torture:charts`. The last line is JSON.
import { parseArgs } from 'node:util'
import { dieAtEachStep } from './run-deaths.ts'

const { values } = parseArgs({ options: { every: { type: 'string', default: '1' } } })
const report = await dieAtEachStep({ every: Number(values.every), tell: console.log })
console.log(JSON.stringify({ ...report, wrong: report.wrong.length }))
process.exitCode = report.kills > 0 && report.different === 0 && report.wrong.length === 0 ? 0 : 1
