import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type App, type AsyncResult, createApp, group, type SignalName, type Signals } from '../src/index.ts'
import { threadTasks } from './fixtures/thread-tasks.ts'

const app: App = createApp({ tasks: [threadTasks], lanes: { default: { threads: 2, inline: 2 }, one: { threads: 1 } } })
const starts = new Map<string, number>()
const errors: unknown[] = []
const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
beforeAll(async () => {
  process.on('unhandledRejection', note)
  app.on('task-prerun', ({ id }) => starts.set(id, (starts.get(id) ?? 0) + 1))
  app.on('internal-error', ({ error }) => errors.push(error))
  await app.start()
})
afterEach(() => {
  errors.length = 0
})
afterAll(async () => {
  await app.stop({ deadline: 0 })
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

const startsOf = (results: readonly AsyncResult<unknown>[]): (number | undefined)[] =>
  results.map(({ id }) => starts.get(id))
const next = <Name extends SignalName>(name: Name, id: string): Promise<Signals[Name]> =>
  new Promise((resolve) => {
    const off: () => void = app.on(name, (event) => {
      if ((event as { id?: string }).id !== id) return
      off()
      resolve(event)
    })
  })

describe('a handler that ends its thread', () => {
  test('is started three times and fails with UMBEL_WORKER_LOST; what runs beside and after it starts once', async () => {
    const good = Array.from({ length: 60 }, (_, index) => app.delay(threadTasks.add.s(index, 1)))
    const poison = app.delay(threadTasks.exit.s(4).set({ priority: 9 }))
    const neighbour = app.delay(threadTasks.wait.s(300).set({ priority: 9 }))
    const more = Array.from({ length: 60 }, (_, index) => app.delay(threadTasks.add.s(index, 2)))
    const lost = { code: 'UMBEL_WORKER_LOST', message: expect.stringContaining('threads.exit ended with exit code 4') }
    await expect(poison.get()).rejects.toMatchObject(lost)
    expect(await Promise.all([...good, ...more].map((result) => result.get()))).toEqual(
      [1, 2].flatMap((plus) => Array.from({ length: 60 }, (_, index) => index + plus)),
    )
    expect(await neighbour.get()).toBe('waited')
    expect(startsOf([poison, neighbour])).toEqual([3, 1])
    expect(new Set(startsOf([...good, ...more]))).toEqual(new Set([1]))
    expect(poison.state).toBe('FAILURE')
  })

  test('fails the chord it is a member of, and no other', async () => {
    const fails = group([threadTasks.add.s(1, 1), threadTasks.exit.s(5), threadTasks.add.s(2, 2)])
    const result = app.delay(fails)
    const fine = app.delay(group([threadTasks.add.s(1, 1), threadTasks.add.s(2, 2)]))
    await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_WORKER_LOST' })
    expect(await fine.get()).toEqual([2, 4])
  })

  test('tells of each loss as task-lost, with the thread soon replaced', async () => {
    const lost: number[] = []
    const off = app.on('task-lost', ({ attempt }) => lost.push(attempt))
    await expect(app.delay(threadTasks.exit.s(6).set({ lane: 'one' })).get()).rejects.toThrow('exit code 6')
    off()
    expect(lost).toEqual([1, 1, 1])
    expect(await app.delay(threadTasks.add.s(1, 1).set({ lane: 'one' })).get()).toBe(2)
  })
})

test('a handler that uses up the memory of its thread fails alone, after three starts', async () => {
  const script = new URL('./fixtures/life/script.ts', import.meta.url).pathname
  const flags = ['--max-old-space-size=64', '--conditions=@umbel/source', '--unhandled-rejections=strict']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, 'out of memory'])
  expect(stdout).toBe('UMBEL_WORKER_LOST 20 starts 23\n')
})

describe('what a finished task has left behind', () => {
  test.each(['throw', 'reject'] as const)(
    'may %s: the next task is not blamed, and internal-error tells of it',
    async (how) => {
      const told = new Promise<unknown>((resolve) => {
        const off: () => void = app.on('internal-error', ({ error }) => {
          off()
          resolve(error)
        })
      })
      const leaves = app.delay(threadTasks.leaveStray.s(how, 20).set({ lane: 'one' }))
      const follows = app.delay(threadTasks.wait.s(200).set({ lane: 'one' }))
      await leaves.get()
      expect(await follows.get()).toBe('waited')
      expect(startsOf([leaves, follows])).toEqual([1, 1])
      expect(await told).toEqual(new Error('left behind'))
    },
  )

  test('may end the thread: the next task runs again, and that costs it no attempt', async () => {
    const leaves = app.delay(threadTasks.leaveStray.s('exit', 50).set({ lane: 'one' }))
    const follows = app.delay(threadTasks.wait.s(300).set({ lane: 'one' }))
    const ended = next('task-success', follows.id)
    await leaves.get()
    expect(await follows.get()).toBe('waited')
    expect(startsOf([leaves, follows])).toEqual([1, 2])
    expect((await ended).attempt).toBe(1)
  })
})

test('a stray error while a handler runs fails that handler, once', async () => {
  for (const stray of [threadTasks.strayThrow.s(), threadTasks.strayRejection.s()]) {
    const result = app.delay(stray)
    await expect(result.get()).rejects.toThrow(/^stray (throw|rejection)$/)
    expect(startsOf([result])).toEqual([1])
  }
  expect(errors).toEqual([])
})
