// Kills a process with a durable store again and again: `npm run torture:kill -- --kills 200 --seed 1`. The last line is JSON.
import { parseArgs } from 'node:util'
import { torture } from './torture.ts'

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Date.now() % 1_000_000)
console.log(`seed ${seed}`)
const report = await torture(Number(values.kills), seed, console.log)
for (const violation of report.violations) console.log(violation)
console.log(JSON.stringify({ ...report, violations: report.violations.length }))
const { lost, duplicateKeyedEffects, missingKeyedEffects, duplicateWrites, missingWrites } = report
const { stuckWorkflows, wrong, disagreements, violations } = report
const effects = duplicateKeyedEffects + missingKeyedEffects + duplicateWrites + missingWrites
const bad = lost + effects + stuckWorkflows + wrong + disagreements + violations.length
process.exitCode = bad === 0 ? 0 : 1
