import { execFile } from 'node:child_process'
import { createApp } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { newFile } from '../../packages/umbel/test/fixtures/store-file.ts'
import { order, orderLeadingTo, shop } from './replayed-order.ts'

/** A file in which an order was charged. Its owner is alive. */
async function recorded(machine: AnyStateMachine): Promise<string> {
  const file = newFile()
  const app = createApp({ store: sqliteStore(file, { sync: 'off' }), tasks: [shop], workflows: [machine] })
  onTestFinished(() => app.stop())
  await app
    .workflow(machine)
    .start({ id: 'o1' } as never)
    .waitFor(({ value }: { value: unknown }) => value !== 'charging')
  return file
}

interface Ended {
  readonly code: number | string | undefined
  readonly lines: readonly string[]
}

function replayed(...args: readonly string[]): Promise<Ended> {
  const node = ['--conditions=@umbel/source', 'scripts/replay.ts', ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, node, (error, stdout) => {
      resolve({ code: error === null ? 0 : (error.code ?? undefined), lines: stdout.trim().split('\n') })
    })
  })
}

test('the command says by its exit code and its last line whether runs would break', async () => {
  const module = 'test/charts/replayed-order.ts'
  const same = await recorded(order)
  const changed = await recorded(orderLeadingTo('packing'))
  const [good, bad, misused] = await Promise.all([replayed(same, module), replayed(changed, module), replayed(same)])
  expect([good.code, bad.code, misused.code]).toEqual([0, 1, 2])
  expect(JSON.parse(good.lines.at(-1) ?? '')).toEqual({ file: same, runs: 1, same: 1, broken: [] })
  expect(bad.lines[0]).toMatch(
    /^differs {4}o1 \(order 1\): at step 2, task-succeeded .*: state was "PACKING", is "SHIPPING"$/,
  )
  expect(JSON.parse(bad.lines.at(-1) ?? '')).toMatchObject({
    runs: 1,
    differs: 1,
    broken: [{ id: 'o1', verdict: 'differs' }],
  })
})
