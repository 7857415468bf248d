import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type AttemptCall, decode, type ErrorData, encode, type Outcome } from '@umbel/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Slots } from '../src/lanes/slots.ts'
import { type ThreadOptions, threadWorker } from '../src/lanes/threads.ts'
import { reportsTo } from './fixtures/no-effects.ts'
import { promised } from './fixtures/promised.ts'
import './fixtures/fails-in-threads.ts'
import './fixtures/setups.ts'
import './fixtures/thread-tasks.ts'

let ids = 0

const callOf = (task: string, args: readonly unknown[] = [], parts: Partial<AttemptCall> = {}): AttemptCall => {
  const id = `id-${++ids}`
  return {
    id,
    task,
    via: 'call',
    attempt: 1,
    args: encode(args),
    kwargs: undefined,
    parent: undefined,
    root: id,
    lane: 'default',
    run: 1,
    ...parts,
  }
}

/** A worker, what its handlers told, and promises of what they will tell. */
function watched(options: Partial<ThreadOptions> = {}) {
  const told: unknown[][] = []
  const strays: ErrorData[] = []
  const waiting: { readonly fits: () => boolean; readonly resolve: () => void }[] = []
  const look = (): void => {
    for (const one of [...waiting]) {
      if (!one.fits()) continue
      waiting.splice(waiting.indexOf(one), 1)
      one.resolve()
    }
  }
  const tell =
    (what: string) =>
    (call: AttemptCall, ...rest: unknown[]) => {
      told.push([what, call.id, ...rest])
      look()
    }
  const worker = promised(
    threadWorker({
      name: 'test',
      threads: 1,
      maxBytes: 100_000,
      reports: reportsTo(tell),
      onStray: (error) => {
        strays.push(error)
        look()
      },
      ...options,
    }),
  )
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ fits, resolve })
      look()
    })
  return {
    worker,
    told,
    strays,
    until,
    /** Resolves once the handler of a call has told something. */
    running: (call: AttemptCall) => until(() => told.some(([, id]) => id === call.id)),
    run: (task: string, ...args: unknown[]) => worker.run(callOf(task, args)),
  }
}

const blockFor = (time: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time)

const resultOf = (outcome: Outcome): unknown => (outcome.kind === 'succeeded' ? decode(outcome.result) : outcome)

describe('a thread', () => {
  const one = watched()
  beforeAll(() => one.worker.start())
  afterAll(() => one.worker.stop())
  beforeEach(() => {
    one.told.length = 0
    one.strays.length = 0
  })
  const works = async (): Promise<void> => expect(resultOf(await one.run('threads.add', 2, 3))).toBe(5)

  test('runs handlers of modules it imports', async () => {
    await works()
    expect(resultOf(await one.run('threads.withBase'))).toBe(4)
    expect(resultOf(await one.run('threads.where'))).toBeGreaterThan(0)
    expect(
      resultOf(
        await one.worker.run(
          callOf(
            'threads.add',
            [
              [
                [1, 2],
                [3, 4],
              ],
            ],
            { via: 'starmap' },
          ),
        ),
      ),
    ).toEqual([3, 7])
  })

  test('tells everything in order before the outcome, 500 times', async () => {
    const expected = (id: string): unknown[] => [
      ['state', id, 'A', encode({ n: 1 })],
      ['progress', id, 1, 3],
      ['state', id, 'B', encode({ n: 2 })],
      ['log', id, 'info', 'line', encode({ n: 3 })],
      ['state', id, 'C', encode({ n: 4 })],
    ]
    for (let n = 0; n < 500; n++) {
      one.told.length = 0
      const id = resultOf(await one.run('threads.tell')) as string
      expect(one.told).toEqual(expected(id))
    }
  })

  test('hands up what handlers send, also what they send too late', async () => {
    const call = callOf('threads.send')
    const sent = resultOf(await one.worker.run(call))
    expect(one.told).toEqual([['send', call.id, sent, expect.anything(), 'child']])
    expect(decode(one.told[0]?.[3] as string)).toMatchObject({ kind: 'task', task: 'threads.add', args: [1, 2] })
    const late = callOf('threads.sendLate')
    expect((await one.worker.run(late)).kind).toBe('succeeded')
    await one.running(late)
    expect(decode(one.told[1]?.[3] as string)).toMatchObject({ args: [3, 4] })
  })

  test.each([
    ['threads.throwsNull', { message: expect.any(String) }],
    ['threads.throwsHostile', { message: expect.any(String) }],
    ['threads.returnsHostile', { message: expect.any(String) }],
    ['threads.returnsFunction', { code: 'UMBEL_CANNOT_TRAVEL' }],
    ['unloadable.never', { code: 'UMBEL_MODULE_FAILED', cause: { message: 'this module loads in no thread' } }],
    ['setups.hangs', { code: 'UMBEL_SETUP_TIMEOUT' }],
    ['nobody.knows', { code: 'UMBEL_UNKNOWN_TASK' }],
  ])('fails %s and goes on', async (task, error) => {
    const before = resultOf(await one.run('threads.where'))
    expect(await one.run(task)).toMatchObject({ kind: 'failed', error })
    expect(resultOf(await one.run('threads.where'))).toBe(before)
  })

  test('harms nobody by what a handler tells the parent', async () => {
    expect((await one.run('threads.babble')).kind).toBe('succeeded')
    await works()
    expect(one.strays).toEqual([])
  })

  test('tries a setup again that has thrown', async () => {
    const outcome = await one.run('setups.failsOnce')
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'UMBEL_SETUP_FAILED', cause: { message: 'no database' } },
    })
    expect(resultOf(await one.run('setups.failsOnce'))).toBe(2)
  })

  test.each(['threads.strayThrow', 'threads.strayRejection'])(
    'fails %s by its own stray error and goes on',
    async (task) => {
      const before = resultOf(await one.run('threads.where'))
      expect(await one.run(task)).toMatchObject({ kind: 'failed', error: { message: expect.stringMatching(/^stray/) } })
      expect(resultOf(await one.run('threads.where'))).toBe(before)
      expect(one.strays).toEqual([])
    },
  )

  test.each(['throw', 'reject'])('blames nobody for a stray %s of a finished task', async (how) => {
    expect((await one.run('threads.leaveStray', how, 5)).kind).toBe('succeeded')
    expect(resultOf(await one.run('threads.wait', 30))).toBe('waited')
    expect(one.strays).toMatchObject([{ message: 'left behind' }])
  })

  test('gives back what runs when a finished task ends the thread', async () => {
    expect((await one.run('threads.leaveStray', 'exit', 20)).kind).toBe('succeeded')
    expect((await one.run('threads.wait', 10_000)).kind).toBe('given-back')
    expect(one.strays).toMatchObject([{ message: expect.stringContaining('9') }])
    await works()
  })

  test.each([0, 3])('is lost when a handler calls process.exit(%i), and replaced', async (exitCode) => {
    const outcome = await one.run('threads.exit', exitCode)
    expect(outcome).toMatchObject({ kind: 'lost', error: { code: 'UMBEL_WORKER_LOST' } })
    const { message } = (outcome as { error: ErrorData }).error
    expect(message).toContain(`exit code ${exitCode}`)
    expect(message).toContain('threads.exit')
    await works()
  })

  test('has told all it had to tell when it is lost', async () => {
    const call = callOf('threads.tellThenExit')
    expect((await one.worker.run(call)).kind).toBe('lost')
    expect(one.told).toEqual([['state', call.id, 'A', undefined]])
    await works()
  })

  test('aborts what runs: a handler that obeys is aborted, one that does not has its say', async () => {
    const obeying = callOf('threads.obey')
    const obeyed = one.worker.run(obeying)
    await one.running(obeying)
    one.worker.abort(obeying.id, 'revoked')
    expect(await obeyed).toMatchObject({ kind: 'aborted', error: { code: 'UMBEL_REVOKED' } })
    const ignoring = callOf('threads.ignore')
    const ignored = one.worker.run(ignoring)
    await one.running(ignoring)
    one.worker.abort(ignoring.id, 'stopped')
    expect(resultOf(await ignored)).toBe('done anyway')
  })

  test('aborts what has not started yet', async () => {
    const call = callOf('threads.obey')
    const outcome = one.worker.run(call)
    one.worker.abort(call.id, 'revoked')
    expect((await outcome).kind).toBe('aborted')
  })

  test('aborts a map between two items, though its handler never lets the loop turn', async () => {
    const call = callOf('threads.grind', [Array.from({ length: 5_000 }, (_, n) => n)], { via: 'map' })
    const outcome = one.worker.run(call)
    await one.running(call)
    one.worker.abort(call.id, 'revoked')
    expect((await outcome).kind).toBe('aborted')
  })

  test('is ended by a kill, whatever its handler does, and the next task runs', async () => {
    const call = callOf('threads.spin')
    const outcome = one.worker.run(call)
    await one.running(call)
    one.worker.kill(call.id, 'revoked')
    expect(await outcome).toMatchObject({ kind: 'aborted', error: { code: 'UMBEL_REVOKED' } })
    await works()
    one.worker.kill(call.id, 'revoked')
    one.worker.abort(call.id, 'revoked')
    await works()
  })

  test('has told all it had to tell when it is killed', async () => {
    const call = callOf('threads.spin')
    const outcome = one.worker.run(call)
    blockFor(100) // the handler tells its state meanwhile, and nobody has read it
    one.worker.kill(call.id, 'revoked')
    expect((await outcome).kind).toBe('aborted')
    expect(one.told).toEqual([['state', call.id, 'RUNNING', undefined]])
  })

  test('aborts what waits for a thread that is only just being made', async () => {
    const spinning = callOf('threads.spin')
    const killed = one.worker.run(spinning)
    await one.running(spinning)
    one.worker.kill(spinning.id, 'revoked')
    const call = callOf('threads.obey')
    const outcome = one.worker.run(call)
    one.worker.abort(call.id, 'stopped')
    expect((await killed).kind).toBe('aborted')
    expect((await outcome).kind).toBe('aborted')
  })

  test('kills what has not started, too', async () => {
    const call = callOf('threads.obey') // one that ends by itself may have, before it is killed
    const outcome = one.worker.run(call)
    one.worker.kill(call.id, 'revoked')
    expect((await outcome).kind).toBe('aborted')
    await works()
  })
})

describe('a pool of threads', () => {
  test('loses a handler that uses up its memory, and no other', async () => {
    const { worker, run, running } = watched({ threads: 2, resourceLimits: { maxOldGenerationSizeMb: 32 } })
    const other = callOf('threads.obey')
    const spared = worker.run(other)
    await running(other)
    const outcome = await run('threads.exhaust')
    expect(outcome).toMatchObject({
      kind: 'lost',
      error: { code: 'UMBEL_WORKER_LOST', message: expect.stringContaining('memory') },
    })
    expect(resultOf(await run('threads.add', 1, 2))).toBe(3)
    worker.abort(other.id, 'revoked')
    expect((await spared).kind).toBe('aborted')
    await worker.stop()
  })

  test('runs 1,000 tasks over 2 threads, each once', async () => {
    const { worker } = watched({ threads: 2 })
    const results: unknown[] = []
    const slots = new Slots<{ id: string; call: AttemptCall }>({
      concurrency: 2,
      run: ({ call }, over) =>
        void worker.run(call).then((outcome) => {
          results.push(resultOf(outcome))
          over()
        }),
    })
    await worker.start()
    for (let n = 0; n < 1_000; n++) {
      const call = callOf('threads.add', [n, 0])
      slots.add({ id: call.id, call }, 5)
    }
    await slots.onIdle()
    const sorted = (results as number[]).sort((a, b) => a - b)
    expect(sorted).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    await worker.stop()
  })

  test('runs a task in one thread while another holds the other', async () => {
    const { worker } = watched({ threads: 2 })
    await worker.start()
    const holding = callOf('threads.obey')
    const held = worker.run(holding)
    expect(resultOf(await worker.run(callOf('threads.add', [1, 2])))).toBe(3)
    worker.abort(holding.id, 'revoked')
    expect((await held).kind).toBe('aborted')
    await worker.stop()
  })

  test('gives back what runs when it stops, and what comes after; it stops once', async () => {
    const { worker, running, run } = watched({ threads: 2 })
    const call = callOf('threads.wait', [60_000])
    const outcome = worker.run(call)
    await running(call)
    await Promise.all([worker.stop(), worker.stop()])
    expect((await outcome).kind).toBe('given-back')
    expect((await run('threads.add', 1, 2)).kind).toBe('given-back')
    await watched().worker.stop()
  })

  test('grows while it works, and each thread that dies later is replaced by one', async () => {
    const { worker, until, told } = watched({ threads: 1 })
    const together = async (count: number): Promise<Outcome[]> => {
      told.length = 0
      const calls = Array.from({ length: count }, () => callOf('threads.obey'))
      const outcomes = calls.map((call) => worker.run(call))
      await until(() => told.length === count)
      for (const { id } of calls) worker.abort(id, 'revoked')
      return Promise.all(outcomes)
    }
    await worker.start()
    const before = together(1)
    await Promise.all([worker.widen(2), worker.widen(4), worker.widen(3)])
    await before
    expect((await together(4)).map(({ kind }) => kind)).toEqual(['aborted', 'aborted', 'aborted', 'aborted'])
    const exits = Array.from({ length: 4 }, () => worker.run(callOf('threads.exit', [3])))
    expect((await Promise.all(exits)).map(({ kind }) => kind)).toEqual(['lost', 'lost', 'lost', 'lost'])
    await together(4)
    await worker.stop()
    await worker.widen(9)
  })

  test('without threads runs nothing', async () => {
    const { worker, run } = watched({ threads: 0 })
    await worker.start()
    expect(await run('threads.add', 1, 2)).toMatchObject({ kind: 'failed', error: { code: 'UMBEL_BAD_LANE' } })
    await worker.widen(1)
    expect(resultOf(await run('threads.add', 1, 2))).toBe(3)
    await worker.stop()
  })
})

describe('a process with a pool of threads', () => {
  const script = fileURLToPath(new URL('./fixtures/pool-script.ts', import.meta.url))
  const ends = async (...args: string[]): Promise<{ code: number | null; lines: string[] }> => {
    const child = spawn(process.execPath, ['--conditions=@umbel/source', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
    const [code] = await once(child, 'close')
    return { code, lines: output.trim().split('\n') }
  }

  test('ends by itself when the pool is idle', async () => {
    expect(await ends('idle')).toEqual({ code: 0, lines: ['started'] })
  })

  test('does not end before a task has', async () => {
    expect(await ends('busy')).toEqual({ code: 0, lines: ['started', 'printed by a handler', 'waited'] })
  })

  test('runs teardowns in each thread when the pool stops', async () => {
    const { code, lines } = await ends('teardown')
    expect(code).toBe(0)
    expect(lines[0]).toBe('started')
    expect(new Set(lines.slice(1)).size).toBe(2)
    expect(lines.slice(1)).toEqual([expect.stringContaining('torn down'), expect.stringContaining('torn down')])
  })
})
