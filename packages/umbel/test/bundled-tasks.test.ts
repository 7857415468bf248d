import type { Batch, Store } from '@umbel/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type App, type AsyncResult, chain, createApp, group, memoryStore } from '../src/index.ts'
import { tinyTasks } from './fixtures/tiny-tasks.ts'

// a thread that the machine holds up looks like a task that lasts
const again = { retry: 5 }

describe('tiny tasks on one thread', again, () => {
  let app: App
  /** What was announced of each task, in order. */
  let told: { readonly id: string; readonly what: string }[]
  /** Tasks that have started and not ended, and the most that ever were. */
  let running: Set<string>
  let most: number
  /** Which attempt of its task each success was. */
  let attempts: number[]
  beforeEach(async () => {
    app = createApp({ tasks: [tinyTasks], lanes: { default: { threads: 1 } } })
    told = []
    running = new Set()
    most = 0
    attempts = []
    app.on('task-success', ({ attempt }) => attempts.push(attempt))
    const names = ['task-received', 'task-prerun', 'task-state', 'task-success', 'task-failure', 'task-lost'] as const
    for (const name of names) app.on(name, ({ id }) => told.push({ id, what: name }))
    app.on('task-prerun', ({ id }) => {
      running.add(id)
      most = Math.max(most, running.size)
    })
    app.on('task-postrun', ({ id }) => {
      running.delete(id)
      told.push({ id, what: 'task-postrun' })
    })
    await app.start()
  })
  afterEach(() => app.stop({ deadline: 0 }))

  const ended = (results: readonly AsyncResult<unknown>[]): Promise<unknown[]> =>
    Promise.all(results.map((result) => result.get().catch((error: Error) => error.message)))
  /** Send all at once, after as many of the kind as it takes to prove tiny. */
  const proved = async (send: () => AsyncResult<unknown>): Promise<void> => {
    for (let n = 0; n < 20; n++) await ended([send()])
    most = told.length = 0
  }
  const paused = async (send: () => readonly AsyncResult<unknown>[]): Promise<readonly AsyncResult<unknown>[]> => {
    await app.control.pause('default')
    const results = send()
    await Promise.all(results.map(({ accepted }) => accepted))
    await app.control.resume('default')
    return results
  }
  const of = (id: string): string[] => told.filter((one) => one.id === id).map(({ what }) => what)

  test('start in order, the urgent first, each with its own events and result', async () => {
    await proved(() => app.delay(tinyTasks.turn.s('tiny')))
    const results = await paused(() =>
      Array.from({ length: 300 }, (_, n) => app.delay(tinyTasks.turn.s('tiny').set({ priority: n % 3 }))),
    )
    expect(await ended(results)).toEqual(results.map(() => 'tiny'))
    expect(most).toBeGreaterThan(1)
    const order = [2, 1, 0].flatMap((priority) => results.filter((_, n) => n % 3 === priority)).map(({ id }) => id)
    expect(told.filter(({ what }) => what === 'task-state').map(({ id }) => id)).toEqual(order)
    for (const { id } of results)
      expect(of(id)).toEqual(['task-received', 'task-prerun', 'task-state', 'task-success', 'task-postrun'])
  })

  test('have bytes of their own, though all are given the same', async () => {
    const { bytes, countsIn } = tinyTasks
    await proved(() => app.delay(countsIn.s(new Uint8Array(1), 1)))
    const results = await app.delay(chain(bytes.s(3), group(Array.from({ length: 40 }, (_, n) => countsIn.s(n))))).get()
    expect(results).toEqual(Array.from({ length: 40 }, (_, n) => new Uint8Array(3).fill(n)))
  })

  test('fail each by itself', async () => {
    await proved(() => app.delay(tinyTasks.fails.s('tiny')))
    const results = await paused(() =>
      Array.from({ length: 40 }, (_, n) => app.delay(n % 2 === 0 ? tinyTasks.fails.s('tiny') : tinyTasks.add.s(n, 1))),
    )
    expect(await ended(results)).toEqual(results.map((_, n) => (n % 2 === 0 ? 'it is tiny' : n + 1)))
  })

  test('are started alone as soon as one of them was slow', async () => {
    await proved(() => app.delay(tinyTasks.turn.s('tiny')))
    const quick = await paused(() => Array.from({ length: 9 }, () => app.delay(tinyTasks.turn.s('tiny'))))
    await ended(quick)
    expect(most).toBeGreaterThan(1)
    await ended([app.delay(tinyTasks.turn.s('busy'))])
    most = 0
    const after = await paused(() => Array.from({ length: 4 }, () => app.delay(tinyTasks.turn.s('busy'))))
    await ended(after)
    expect(most).toBe(1)
  })

  test('do not wait for one among them that is slow, nor run twice for it', async () => {
    await proved(() => app.delay(tinyTasks.turn.s('tiny')))
    const kinds = ['tiny', 'tiny', 'busy', 'tiny', 'tiny'] as const
    const results = await paused(() => kinds.map((kind) => app.delay(tinyTasks.turn.s(kind))))
    expect(await ended(results)).toEqual(kinds)
    for (const { id } of results)
      expect(of(id)).toEqual(['task-received', 'task-prerun', 'task-state', 'task-success', 'task-postrun'])
  })

  test('that are given back are told of as any other, also where they are revoked then', async () => {
    await proved(() => app.delay(tinyTasks.turn.s('tiny')))
    const kinds = ['slow', 'tiny', 'tiny'] as const
    const results = await paused(() => kinds.map((kind) => app.delay(tinyTasks.turn.s(kind))))
    const [, revoked, waits] = results as readonly [AsyncResult<unknown>, AsyncResult<unknown>, AsyncResult<unknown>]
    while (!(of(revoked.id).length === 2 && revoked.state === 'RECEIVED'))
      await new Promise((resolve) => setImmediate(resolve))
    await revoked.revoke()
    await ended(results)
    expect(of(revoked.id)).toEqual(['task-received', 'task-prerun', 'task-postrun'])
    expect(of(waits.id)).toEqual(['task-received', 'task-prerun', 'task-state', 'task-success', 'task-postrun'])
  })

  test('lose nothing, neither result nor attempt, by one among them that ends the thread', async () => {
    await proved(() => app.delay(tinyTasks.turn.s('tiny')))
    const kinds = ['tiny', 'tiny', 'exit', 'tiny', 'tiny'] as const
    const results = await paused(() => kinds.map((kind) => app.delay(tinyTasks.turn.s(kind))))
    expect(await ended(results)).toEqual(
      kinds.map((kind) => (kind === 'exit' ? expect.stringContaining('exit code 7') : kind)),
    )
    for (const [n, { id }] of results.entries()) {
      if (kinds[n] === 'exit') expect(of(id).filter((what) => what === 'task-lost')).toHaveLength(3)
      else expect(of(id)).toEqual(['task-received', 'task-prerun', 'task-state', 'task-success', 'task-postrun'])
    }
    expect(new Set(attempts)).toEqual(new Set([1]))
  })

  test('go alone where they have a time limit, a rate or something to tidy up', async () => {
    const { softLimited, hardLimited, rateLimited, tidied } = tinyTasks
    const calls = [softLimited.s('tiny'), hardLimited.s('tiny'), rateLimited.s('tiny'), tidied.s('tiny')]
    for (const call of calls) {
      await proved(() => app.delay(call))
      await ended(await paused(() => Array.from({ length: 20 }, () => app.delay(call))))
      expect(most).toBe(1)
    }
    await app.control.timeLimit('tiny.add', { hard: '5s' })
    await proved(() => app.delay(tinyTasks.add.s(1, 1)))
    await ended(await paused(() => Array.from({ length: 20 }, () => app.delay(tinyTasks.add.s(1, 1)))))
    expect(most).toBe(1)
  })
})

describe('tiny tasks that are sent together where there is a place for them', again, () => {
  let app: App
  let commits: string[][]
  let refuses: boolean
  beforeEach(async () => {
    commits = []
    refuses = false
    const kept = memoryStore()
    const commit = kept.commit.bind(kept)
    const store: Store = Object.assign(kept, {
      commit: (batch: Batch) => {
        if (refuses && batch.events.some(({ type }) => type === 'canvas-sent')) return Promise.reject(new Error('full'))
        commits.push(batch.events.map(({ type }) => type))
        return commit(batch)
      },
    })
    app = createApp({ store, tasks: [tinyTasks], lanes: { default: { threads: 1 } } })
    await app.start()
    for (let n = 0; n < 20; n++) await app.delay(tinyTasks.turn.s('tiny')).get()
    commits.length = 0
  })
  afterEach(() => app.stop({ deadline: 0 }))
  const together = (kinds: readonly ('tiny' | 'busy' | 'exit')[]): AsyncResult<unknown>[] =>
    kinds.map((kind) => app.delay(tinyTasks.turn.s(kind)))
  const all = (results: readonly AsyncResult<unknown>[]): Promise<unknown[]> =>
    Promise.all(results.map((result) => result.get().catch((error: Error) => error.message)))

  test('start in the commit that they are sent in, also behind what runs', async () => {
    const tenTogether = async (): Promise<string[]> => {
      for (let n = 0; n < 20; n++) await app.delay(tinyTasks.add.s(n, 1)).get()
      commits.length = 0
      const sent = Array.from({ length: 10 }, (_, n) => app.delay(tinyTasks.add.s(n, 1)))
      expect(await all(sent)).toEqual(sent.map((_, n) => n + 1))
      expect(commits.flat().filter((type) => type === 'task-started')).toHaveLength(10)
      return commits[0] ?? []
    }
    // on a slow machine they do not prove tiny enough at once
    await expect.poll(tenTogether).toEqual(Array(10).fill(['canvas-sent', 'task-started']).flat())
  })

  test('do not wait for one among them that is slow or ends the thread, nor run twice for it', async () => {
    const kinds = ['tiny', 'busy', 'tiny', 'exit', 'tiny', 'tiny', 'tiny', 'tiny', 'tiny', 'tiny'] as const
    const shown: string[] = []
    app.on('task-state', ({ id }) => shown.push(id))
    const results = together(kinds)
    expect(await all(results)).toEqual(
      kinds.map((kind) => (kind === 'exit' ? expect.stringContaining('exit code 7') : kind)),
    )
    for (const [n, { id }] of results.entries())
      expect(shown.filter((one) => one === id)).toHaveLength(kinds[n] === 'exit' ? 3 : 1)
  })

  test('never run where they were revoked in the same breath, or the store refuses them, and the place is free again', async () => {
    const shown: string[] = []
    app.on('task-state', ({ id }) => shown.push(id))
    const [revoked, ...others] = together(Array(4).fill('tiny'))
    await revoked?.revoke()
    expect(await all(others)).toEqual(['tiny', 'tiny', 'tiny'])
    expect(['REVOKED', 'SUCCESS']).toContain(revoked?.state) // as it may have run by then
    expect(shown.includes(revoked?.id ?? '')).toBe(revoked?.state === 'SUCCESS')
    refuses = true
    const lost = together(Array(4).fill('tiny'))
    expect(await all(lost)).toEqual(lost.map(() => expect.stringContaining('was not stored')))
    refuses = false
    expect(await all(together(['tiny', 'tiny']))).toEqual(['tiny', 'tiny'])
    expect(lost.some(({ id }) => shown.includes(id))).toBe(false)
  })

  test('are each run once, 100,000 of them, whatever more urgent is sent meanwhile', async () => {
    const urgent: AsyncResult<unknown>[] = []
    let left = 100_000
    const line = async (n: number): Promise<void> => {
      while (left > 0) {
        left -= 1
        if (n === 0) urgent.push(app.delay(tinyTasks.add.s(left, 1).set({ priority: 9 })))
        expect(await app.delay(tinyTasks.add.s(left, n)).get()).toBeGreaterThanOrEqual(n)
      }
    }
    await Promise.all(Array.from({ length: 300 }, (_, n) => line(n)))
    await all(urgent)
    const ends = commits.flat().filter((type) => type === 'task-succeeded')
    expect(ends).toHaveLength(100_000 + urgent.length)
    expect(commits.flat().filter((type) => type === 'task-failed')).toEqual([])
  })
})
