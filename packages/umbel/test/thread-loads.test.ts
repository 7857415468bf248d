import { expect, test } from 'vitest'
import { light } from './fixtures/light-tasks.ts'
import { loaded } from './fixtures/loaded-tasks.ts'
import { open } from './fixtures/open-app.ts'

test('a thread with a module of tasks has not loaded what takes long and is for few apps, or for the main loop alone', async () => {
  const app = open({ tasks: [{ loaded }], lanes: { default: { threads: 1 } } })
  const { files, builtins } = await app.delay(loaded.s()).get()
  expect(files).toContain('piscina/dist/worker.js')
  expect(files.filter((file) => /^(bottleneck|piscina\/dist\/(main|index))\b/.test(file))).toEqual([])
  expect(builtins.filter((name) => / (crypto|internal\/fs\/promises|internal\/fs\/streams)$/.test(name))).toEqual([])
})

test('a thread whose module of tasks imports umbel/tasks has loaded no package beside that, nor the engine or the fold', async () => {
  const app = open({ tasks: [{ light }], lanes: { default: { threads: 1 } } })
  const files = await app.delay(light.s()).get()
  expect(files).toEqual(expect.arrayContaining(['umbel/src/tasks.ts', 'umbel/src/attempt.ts', 'core/src/tasks.ts']))
  const own = files.filter((file) => /^(umbel|core)\/src\//.test(file))
  const others = files.filter((file) => !own.includes(file) && !/^(umbel\/test|piscina|vitest)\//.test(file))
  expect(others).toEqual([])
  expect(
    own.filter((file) => /\/(index|app|engine|producer|advance|draft|machines|task-machine)\.ts$/.test(file)),
  ).toEqual([])
  expect(own.filter((file) => /\/(chart\/(?!errors\.)|stores|senders|drawing)/.test(file))).toEqual([])
})
