import { expect, test } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { defineTasks, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { open } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

const IN_FLIGHT = 10_000

/** One process, whose tasks end once they are let go. */
function begin(file: string) {
  const started = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const tasks = defineTasks('flight', {
    held: task(
      async (): Promise<void> => {
        started.resolve()
        await gate.promise
      },
      { inline: true },
    ),
  })
  const app = open({ tasks: [tasks], store: sqliteStore(file, { sync: 'off' }) })
  return { app, tasks, started: started.promise, gate }
}

// processor time: a machine that has other things to do uses none of ours
test('10,000 tasks in flight at a kill -9 are in their lanes again, and the first has started, within five seconds', async () => {
  const file = newFile()
  const before = begin(file)
  await Promise.all(Array.from({ length: IN_FLIGHT }, () => before.app.delay(before.tasks.held.s()).accepted))
  await before.started
  const left = asIfKilled(file)

  const used = process.cpuUsage()
  const { app, started, gate } = begin(left)
  await app.start()
  await started
  const lane = (await app.inspect.lanes())[0]
  const { user, system } = process.cpuUsage(used)
  expect((lane?.waiting ?? 0) + (lane?.running ?? 0)).toBe(IN_FLIGHT)
  expect((user + system) / 1_000).toBeLessThan(here(5_000))
  before.gate.resolve()
  gate.resolve()
})
