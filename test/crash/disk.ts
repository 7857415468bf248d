// Gives stores bad ground: `npm run torture:disk -- --points 200 --seed 1`. The last line is JSON.
import { parseArgs } from 'node:util'
import { damageFiles, fillDisks } from './bad-ground.ts'

const { values } = parseArgs({ options: { points: { type: 'string', default: '200' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const points = Number(values.points)
console.log(`seed ${seed}`)
const full = await fillDisks(Math.ceil(points / 10), seed)
const damaged = await damageFiles(points, seed)
const wrong = [...full.wrong, ...damaged.wrong]
for (const says of wrong) console.log(says)
console.log(JSON.stringify({ ...full, ...damaged, wrong: wrong.length }))
process.exitCode = wrong.length === 0 ? 0 : 1
