// A process that only sends, while others own the file and are killed: `sending.ts <file> <effects> <name> <seed>`. It is killed, too.
import { writeSync } from 'node:fs'
import { createApp } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { noted, pieceOf } from './load.ts'
import { machines } from './machines.ts'
import { randomOf } from './random.ts'
import { work } from './tasks.ts'

const [, , file = '', effects = '', name = '', seed = ''] = process.argv
/** Straight into the pipe: what was said has been said, whatever comes. */
const say = (...words: readonly unknown[]): void => void writeSync(1, `${JSON.stringify(words)}\n`)

const app = createApp({ tasks: [work], workflows: [machines.family], store: sqliteStore(file, { as: 'sender' }) })
const random = randomOf(Number(seed))
for (let number = 0; number < 150; number += 1) {
  const piece = pieceOf(number + Number(seed), `${name}-${number}`, effects, random)
  const result = app.delay(piece.canvas)
  result.accepted
    .then(() => say('ACK', result.id, noted(piece)))
    .catch((error: unknown) => say('ODD', piece.kind, String(error)))
  await new Promise((resolve) => setTimeout(resolve, random() * 40))
}
