// One of several processes that would own a file: `contender.ts <file> <name>`. It opens it when it is told to, writes until it is ended by SIGTERM.
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import type { UmbelError } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { event, task } from '../conformance/store-rows.ts'

const [, , file = '', name = ''] = process.argv
/** Straight into the pipe: what was said has been said, whatever comes. */
const say = (...words: readonly unknown[]): void => void writeSync(1, `${JSON.stringify(words)}\n`)

const store = sqliteStore(file, { sync: 'off', whenOwned: 'wait', lease: '1s', keepEvents: 1_000_000 })
let ending = false
process.on('SIGTERM', () => {
  ending = true
})
say('READY')
await once(process.stdin, 'data')
process.stdin.pause()
try {
  await store.open()
  say('OWNER')
  for (let number = 1; !ending; number += 1) {
    const id = `${name}-${number}`
    const seq = await store.commit({ rows: [task(id)], events: [event(id)] })
    say('ACK', seq, id)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await store.close()
} catch (error) {
  say('ENDED', (error as UmbelError).code)
}
process.exit()
