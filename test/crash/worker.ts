// One life of a process with a durable store: `worker.ts <file> <effects> <name> <seed> <point> [<asked>]`
import { writeSync } from 'node:fs'
import { aroundCommands } from './around-commands.ts'
import { type CrashPoint, dyingAt } from './crash-points.ts'

const [, , file = '', effects = '', name = '', seed = '', point = '', asked] = process.argv
/** Straight into the pipe: what was said has been said, whatever comes. A pipe that is full is tried again until it is not. */
const say = (...words: readonly unknown[]): void => {
  const line = Buffer.from(`${JSON.stringify(words)}\n`)
  for (let at = 0; at < line.byteLength; ) {
    try {
      at += writeSync(1, line, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

const pass = dyingAt(point === '' ? undefined : (JSON.parse(point) as CrashPoint), (at) => say('AT', at))
aroundCommands(pass)
const { live, settle } = await import('./lives.ts')
const life = { file, effects, name, seed: Number(seed), say, pass }
await (asked === undefined ? live(life) : settle(life, asked))
