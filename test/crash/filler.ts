// Commits until its file may not grow any more, and again once it may: `filler.ts <file> <batches>`. It goes on when it reads a line, then it dies.
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { encode } from '@umbel/core'
import type { UmbelError } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { event, task } from '../conformance/store-rows.ts'

const [, , file = '', batches] = process.argv
/** Straight into the pipe: what was said has been said, whatever comes. */
const say = (...words: readonly unknown[]): void => void writeSync(1, `${JSON.stringify(words)}\n`)

const store = sqliteStore(file, { sync: 'off' })
let number = 0
/** Commit the next one; tells whether it could. */
async function commit(): Promise<boolean> {
  const id = `t${number + 1}`
  try {
    const rows = [task(id, { args: encode(['x'.repeat((number % 50) * 200)]) })]
    say('ACK', await store.commit({ rows, events: [event(id)] }), id)
    number += 1
    return true
  } catch (error) {
    say('REFUSED', (error as UmbelError).code)
    return false
  }
}

try {
  await store.open()
  while (number < Number(batches) && (await commit())) {
    // on to the next one
  }
  say('FULL')
  await once(process.stdin, 'data')
  for (let more = 0; more < 5; more += 1) await commit()
} catch (error) {
  say('REFUSED', (error as UmbelError).code)
}
process.kill(process.pid, 'SIGKILL')
