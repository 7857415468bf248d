// One life of a process with a durable store: `worker.ts <file> <effects> <name> <seed> <point> [<asked>]`
import { writeSync } from 'node:fs'
import { aroundCommands } from './around-commands.ts'
import { type CrashPoint, dyingAt } from './crash-points.ts'

const [, , file = '', effects = '', name = '', seed = '', point = '', asked] = process.argv
/** Straight into the pipe: what was said has been said, whatever comes. */
const say = (...words: readonly unknown[]): void => void writeSync(1, `${JSON.stringify(words)}\n`)

const pass = dyingAt(point === '' ? undefined : (JSON.parse(point) as CrashPoint), (at) => say('AT', at))
aroundCommands(pass)
const { live, settle } = await import('./lives.ts')
const life = { file, effects, name, seed: Number(seed), say, pass }
await (asked === undefined ? live(life) : settle(life, asked))
