// One life of the process that is killed: `worker.ts <file> <effects> <name of the life> <seed> <crash point as JSON> [<file of ids to wait for>]`
import { readFileSync, writeSync } from 'node:fs'
import { createApp } from 'umbel'
import { sqliteStore, type Tables } from 'umbel/sqlite'
import { type CrashPoint, dyingAt } from './crash-points.ts'
import { pieceOf } from './load.ts'
import { randomOf } from './random.ts'
import { work } from './tasks.ts'

const [, , file = '', effects = '', life = '', seed = '', point = '', asked] = process.argv
/** Straight into the pipe: what was said has been said, whatever comes. */
const say = (...words: readonly unknown[]): void => void writeSync(1, `${JSON.stringify(words)}\n`)

const setup = (db: Tables): void => db.exec('CREATE TABLE IF NOT EXISTS done (label, task)')
const store = dyingAt(sqliteStore(file, { setup }), point === '' ? undefined : (JSON.parse(point) as CrashPoint))
const app = createApp({ tasks: [work], store, lanes: { default: { threads: 2 } } })
const random = randomOf(Number(seed))

const off = app.on('task-prerun', () => {
  off()
  say('FIRST', performance.now())
})
await app.start()
say('READY', performance.now())

if (asked === undefined) {
  for (let number = 0; number < 200; number += 1) {
    const piece = pieceOf(number + Number(seed), `${life}-${number}`, effects, random)
    const result = app.delay(piece.canvas)
    result.accepted.then(() => say('ACK', result.id, piece.kind, piece.expected, piece.labels, piece.failing ?? []))
    await new Promise((resolve) => setTimeout(resolve, random() * 12))
  }
} else {
  for (const id of JSON.parse(readFileSync(asked, 'utf8')) as string[]) {
    try {
      const result = await app.result(id)
      await result.get({ timeout: '60s' }).then(
        (value) => say('END', id, result.state, value),
        (error: { message: string; code?: string }) => say('END', id, error.code ?? result.state, error.message),
      )
    } catch (error) {
      say('END', id, (error as { code?: string }).code ?? 'LOST', String(error))
    }
  }
  await app.stop()
}
