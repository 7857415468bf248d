// Commits so many batches, each a row and an event, and dies: `log-writer.ts <file> <batches>`
import { sqliteStore } from 'umbel/sqlite'
import { event, task } from '../conformance/store-rows.ts'

const [, , file = '', batches] = process.argv
const store = sqliteStore(file)
await store.open()
for (let number = 1; number <= Number(batches); number += 1) {
  await store.commit({ rows: [task(`t${number}`)], events: [event(`t${number}`)] })
  await store.safe?.() // sooner nobody is told that it is stored
}
process.kill(process.pid, 'SIGKILL')
