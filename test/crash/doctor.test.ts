import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createApp, defineTasks, fromTask, task } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { setup } from 'xstate'
import { examine } from './examine.ts'

const shop = defineTasks('shop', { pay: task((): string => 'paid', { inline: true }) })
const base = setup({
  types: {} as { tags: 'WAITING' },
  actors: { pay: fromTask(shop.pay.s().set({ countdown: '1h' })) },
})
const order = base.createMachine({
  id: 'order',
  initial: 'open',
  states: {
    open: { tags: 'WAITING', invoke: { id: 'pay', src: 'pay', onDone: 'over' }, after: { 7200000: 'over' } },
    over: { type: 'final' },
  },
})

/** Its runs show STARTED, as those of all machines without tags. */
const quiet = setup({}).createMachine({ id: 'quiet', on: { STOP: {} } })

/** A file with runs that wait, and one that has ended. */
async function fileOfRuns(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-doctor-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'work.db')
  const app = createApp({ tasks: [shop], workflows: [order, quiet], store: sqliteStore(file, { sync: 'off' }) })
  const over = app.workflow(order).start({ id: 'over' })
  await over.cancel()
  await app.workflow(order).start({ id: 'run' }).accepted
  await app.workflow(quiet).start({ id: 'quiet' }).accepted
  await app.stop({ deadline: 0 })
  return file
}

test.each<readonly [finding: string | undefined, sql: string]>([
  [undefined, ''],
  ['I2 run run is WAITING and ended', "UPDATE rows SET ended_at = 5 WHERE id = 'run'"],
  [
    'I12 run over is over and has 1 timers left',
    `UPDATE rows SET body = json_set(body, '$.timers', json('[{"due":5,"event":"{}"}]')) WHERE id = 'over'`,
  ],
  ['I13 run run waits for pay (run/pay.1), which is over or nowhere', "DELETE FROM rows WHERE id = 'run/pay.1'"],
  [
    'I14 task run/pay.1 goes on for run, which does not wait for it',
    "UPDATE rows SET body = json_set(body, '$.children', json('{}')) WHERE id = 'run'",
  ],
  ['I15 run run has begun 0', "UPDATE rows SET body = json_set(body, '$.begun', 0) WHERE id = 'run'"],
])('names what is wrong with runs in a file: %s', async (finding, sql) => {
  const file = await fileOfRuns()
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
  const found = examine(file)
  if (finding === undefined) expect(found).toEqual([])
  else
    expect(
      found.some((one) => one.startsWith(finding)),
      found.join('\n'),
    ).toBe(true)
})
