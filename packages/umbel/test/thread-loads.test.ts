import { expect, test } from 'vitest'
import { loaded } from './fixtures/loaded-tasks.ts'
import { open } from './fixtures/open-app.ts'

test('a thread with a module of tasks has not loaded what takes long and is for few apps, or for the main loop alone', async () => {
  const app = open({ tasks: [{ loaded }], lanes: { default: { threads: 1 } } })
  const { files, builtins } = await app.delay(loaded.s()).get()
  expect(files).toContain('piscina/dist/worker.js')
  expect(files.filter((file) => /^(bottleneck|piscina\/dist\/(main|index))\b/.test(file))).toEqual([])
  expect(builtins.filter((name) => name.endsWith(' crypto'))).toEqual([])
})
