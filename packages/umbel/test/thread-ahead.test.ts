import { type AttemptCall, decode, type ErrorData, encode, type Outcome } from '@umbel/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { type App, createApp } from '../src/index.ts'
import { threadWorker } from '../src/lanes/threads.ts'
import { reportsTo } from './fixtures/no-effects.ts'
import { promised } from './fixtures/promised.ts'
import './fixtures/thread-tasks.ts'
import { tinyTasks } from './fixtures/tiny-tasks.ts'

// threads start slowly on a machine that is busy, and one that the machine holds up looks like an item that lasts
const again = { retry: 5 }

let ids = 0
const callOf = (task: string, ...args: readonly unknown[]): AttemptCall => {
  const id = `id-${++ids}`
  const fixed = { via: 'call', attempt: 1, run: 1, kwargs: undefined, parent: undefined, lane: 'default' } as const
  return { ...fixed, id, task: `threads.${task}`, args: encode(args), root: id }
}
const resultOf = (outcome: Outcome): unknown => (outcome.kind === 'succeeded' ? decode(outcome.result) : outcome.kind)

describe('a message behind another one at its thread', again, () => {
  const told: string[] = []
  const strays: ErrorData[] = []
  let waiting: (() => void)[] = []
  const tell =
    (what: string) =>
    ({ task }: AttemptCall): void => {
      told.push(`${what} ${task}`)
      for (const look of waiting) look()
    }
  const toldOf = (task: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (told.includes(`state threads.${task}`)) resolve()
      }
      waiting.push(look)
      look()
    })
  const newWorker = () =>
    promised(
      threadWorker({
        name: 'test',
        threads: 1,
        maxBytes: 1_000,
        reports: reportsTo(tell),
        isShort: () => true,
        onStray: (error) => strays.push(error),
      }),
    )
  let worker = newWorker()
  beforeEach(async () => {
    worker = newWorker()
    told.length = strays.length = 0
    waiting = []
    await worker.run(callOf('add', 1, 1)) // its module is imported then
  })
  afterEach(() => worker.stop())
  const both = (first: AttemptCall, second: AttemptCall) => {
    const outcomes = [worker.run(first).then(resultOf), worker.run(second).then(resultOf)] as const
    return { first: outcomes[0], second: outcomes[1] }
  }

  test('is there already, and runs as soon as that one is over', async () => {
    const calls = [callOf('wait', 20), callOf('tell')] as const
    const { first, second } = both(...calls)
    expect(worker.underWay().map(({ id, thread }) => [id, thread])).toEqual(
      calls.map(({ id }) => [id, expect.any(Number)]),
    )
    expect(new Set(worker.underWay().map(({ thread }) => thread)).size).toBe(1)
    expect(await first).toBe('waited')
    expect(await second).toBe(calls[1].id)
    expect(told[0]).toBe('state threads.wait')
  })

  test('is given back once that one lasts', async () => {
    const lasts = callOf('obey')
    const { first, second } = both(lasts, callOf('add', 1, 2))
    expect(await second).toBe('given-back')
    worker.abort(lasts.id, 'revoked')
    expect(await first).toBe('aborted')
    expect(await worker.run(callOf('add', 2, 3)).then(resultOf)).toBe(5)
  })

  test('is given back where somebody asks for that, unless it has begun', async () => {
    const lasts = callOf('obey')
    const { first, second } = both(lasts, callOf('add', 1, 2))
    await toldOf('obey')
    worker.recall()
    expect(await second).toBe('given-back')
    worker.recall()
    worker.abort(lasts.id, 'revoked')
    expect(await first).toBe('aborted')
    expect(told.filter((one) => one.startsWith('state'))).toEqual(['state threads.obey'])
  })

  test('is given back in the order in which it came, whatever thread has it', async () => {
    await worker.widen(2)
    const back: string[] = []
    const run = (call: AttemptCall): Promise<unknown> =>
      worker.run(call).then((outcome) => outcome.kind === 'given-back' && back.push(call.id))
    const [first, second] = [callOf('obey'), callOf('obey')]
    const calls = [first, callOf('wait', 20), callOf('add', 1, 1), second, callOf('add', 2, 2)] as const
    const runs = calls.slice(0, 4).map(run)
    await runs[1] // the second that lasts is where that was
    runs.push(run(calls[4]))
    worker.recall()
    await Promise.all([runs[2], runs[4]])
    expect(back).toEqual([calls[2].id, calls[4].id])
    for (const { id } of [first, second]) worker.abort(id, 'revoked')
    await Promise.all(runs)
  })

  test('is given back though an item of the bundle before it was killed, once another one of that lasts', async () => {
    const items = [callOf('add', 1, 1), callOf('obey'), callOf('add', 2, 2)] as const
    let told = (): void => {}
    const ended = new Promise<void>((resolve) => {
      told = resolve
    })
    const bundle = worker.runBundle(items, told)
    const behind = [worker.run(callOf('add', 1, 2)), worker.run(callOf('add', 1, 3))]
    await ended // the first, as the second is seen to take longer
    worker.kill(items[2].id, 'revoked')
    expect(await Promise.all(behind.map((one) => one.then(resultOf)))).toEqual(['given-back', 'given-back'])
    worker.abort(items[1].id, 'revoked')
    await bundle
  })

  test('runs, though a bundle whose place it takes is killed as it is answered', async () => {
    const raw = threadWorker({ name: 'raw', threads: 1, maxBytes: 1_000, reports: reportsTo(tell), onStray: () => {} })
    await raw.start()
    for (let n = 0; n < 20; n += 1) {
      const items = [callOf('add', 1, 1), callOf('add', 2, 2)] as const
      const outcome = new Promise<Outcome>((resolve) => {
        raw.runBundle?.(
          items,
          () => {},
          () => raw.run(callOf('add', 1, n), resolve),
        )
      })
      const end = performance.now() + 8 // it is answered, and nobody has heard of that
      while (performance.now() < end);
      raw.kill(items[1].id, 'revoked')
      expect(resultOf(await outcome)).toBe(n + 1)
    }
    await raw.stop()
  })

  test('is aborted before it starts, and killed without its thread', async () => {
    const lasts = callOf('wait', 10)
    const [aborted, killed] = [callOf('tell'), callOf('tell')]
    const one = both(lasts, aborted)
    worker.abort(aborted.id, 'revoked')
    expect([await one.first, await one.second]).toEqual(['waited', 'aborted'])
    const other = both(callOf('wait', 10), killed)
    worker.kill(killed.id, 'revoked')
    expect(await other.second).toBe('aborted')
    expect(await other.first).toBe('waited')
    expect(told.some((what) => what === 'state threads.tell')).toBe(false)
    expect(worker.threadsSeen()).toEqual({ live: 1, lost: 0 })
  })

  test('is given back, and blamed for nothing, when that one costs the thread its life, however often', async () => {
    for (let n = 0; n < 5; n++) {
      const { first, second } = both(callOf('exit', 3), callOf('add', 1, 2))
      expect([await first, await second]).toEqual(['lost', 'given-back'])
      expect(await worker.run(callOf('add', 2, 3)).then(resultOf)).toBe(5)
    }
    const spinning = callOf('spin')
    const { first, second } = both(spinning, callOf('add', 1, 2))
    await toldOf('spin')
    worker.kill(spinning.id, 'hard-limit')
    expect([await first, await second]).toEqual(['aborted', 'given-back'])
    expect(await worker.run(callOf('add', 2, 3)).then(resultOf)).toBe(5)
    expect(strays).toEqual([])
  })

  test('is given back with that one when the pool stops', async () => {
    const { first, second } = both(callOf('obey'), callOf('add', 1, 2))
    await toldOf('obey')
    await worker.stop()
    expect([await first, await second]).toEqual(['given-back', 'given-back'])
  })

  test('lets the loop of its thread turn, however many follow one another', async () => {
    await worker.run(callOf('countTurns'))
    const end = performance.now() + 200
    // one under way and one behind it, without an end
    const line = async (): Promise<void> => {
      while (performance.now() < end) await worker.run(callOf('add', 1, 1))
    }
    await Promise.all([line(), line()])
    expect(resultOf(await worker.run(callOf('turnsCounted')))).toBeGreaterThan(10)
  })
})

describe('short tasks on one thread', again, () => {
  let app: App
  beforeEach(async () => {
    app = createApp({ tasks: [tinyTasks], lanes: { default: { threads: 1 } } })
    await app.start()
    for (let n = 0; n < 10; n++) await app.delay(tinyTasks.lasts.s(3)).get()
  })
  afterEach(() => app.stop({ deadline: 0 }))

  test('run in order, each once; their runtime is what their handlers took', async () => {
    const runtimes: number[] = []
    let [running, most] = [0, 0]
    app.on('task-success', ({ runtime }) => runtimes.push(runtime))
    app.on('task-prerun', () => {
      running += 1
      most = Math.max(most, running)
    })
    app.on('task-postrun', () => {
      running -= 1
    })
    const order: number[] = []
    const results = Array.from({ length: 40 }, (_, n) => app.delay(tinyTasks.lasts.s(3, n)))
    await Promise.all(results.map(async (result) => order.push((await result.get()) as number)))
    expect(order).toEqual(results.map((_, n) => n))
    expect(most).toBe(2)
    const [median] = runtimes.sort((a, b) => a - b).slice(20)
    expect(median).toBeGreaterThanOrEqual(3)
    expect(median).toBeLessThan(here(6)) // from when it was handed on it is twice as long
  })

  test('let a more urgent one by as soon as one of them ends, and lose no attempt for it', async () => {
    const attempts: number[] = []
    app.on('task-success', ({ attempt }) => attempts.push(attempt))
    const ended: string[] = []
    const send = (name: string, priority: number): Promise<unknown> =>
      app
        .delay(tinyTasks.lasts.s(3).set({ priority }))
        .get()
        .then(() => ended.push(name))
    const low = Array.from({ length: 12 }, (_, n) => send(`low ${n}`, 3))
    await low[2]
    const before = ended.length
    const high = send('high', 8)
    await high
    // what ran as it came, and no other
    expect(ended.length - before).toBeLessThanOrEqual(2)
    await Promise.all(low)
    expect(ended.length).toBe(13)
    expect(new Set(attempts)).toEqual(new Set([1]))
  })

  test('start nothing more once their lane is paused', async () => {
    const results = Array.from({ length: 12 }, () => app.delay(tinyTasks.lasts.s(3)))
    await results[2]?.get()
    await app.control.pause('default')
    const running = results.filter(({ state }) => state === 'STARTED')
    expect(running.length).toBeLessThanOrEqual(2)
    await running[0]?.get()
    const states = (): Set<string> => new Set(results.map(({ state }) => state))
    await app.result(results[0]?.id ?? '') // all that came in is stored
    expect(states()).toEqual(new Set(['SUCCESS', 'RECEIVED']))
    await app.control.resume('default')
    await Promise.all(results.map((result) => result.get()))
  })
})
