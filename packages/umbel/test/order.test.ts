import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createApp, type SignalName, type TaskSignal } from '../src/index.ts'
import { next, record } from './fixtures/open-app.ts'
import { inThread, note, onLoop, type Run } from './fixtures/order-tasks.ts'

interface Recorded {
  readonly runs: Readonly<Record<string, { readonly sequence: readonly string[] }>>
}
/** In which order Celery 5.6 did things, with one worker in the producer's process; recorded once. */
const { runs }: Recorded = JSON.parse(
  readFileSync(new URL('fixtures/celery-signal-order.json', import.meta.url), 'utf8'),
)

/** The signals that Celery has, too. */
const CELERYS: readonly SignalName[] = [
  'before-task-publish',
  'after-task-publish',
  'task-received',
  'task-prerun',
  'task-success',
  'task-failure',
  'task-retry',
  'task-revoked',
  'task-postrun',
]

/**
 * The allowed interleavings. A run is told by three: the one who publishes, the task's own worker, and the workers of its
 * callbacks. The order of each is kept; how they interleave is left open, but for what `crossing` says.
 */
interface Strands {
  readonly publish: readonly string[]
  readonly own: readonly string[]
  readonly callback: readonly string[]
}

const isPublish = (line: string): boolean => line.endsWith('_publish')

/** Celery's entries; those of its callback are the last two, an error callback it calls in place. */
function strandsOf(sequence: readonly string[]): Strands {
  const called = sequence.indexOf('callback body')
  const callback = called === -1 ? [] : sequence.slice(called - 1)
  const rest = sequence.slice(0, sequence.length - callback.length)
  const isErrback = (line: string): boolean => line === 'errback body'
  return {
    publish: rest.filter(isPublish),
    own: rest.filter((line) => !isPublish(line) && !isErrback(line)),
    callback: [...callback, ...rest.filter(isErrback)],
  }
}

/** Ours, each line marked with whose it is. */
function strandsOfOurs(lines: readonly string[]): Strands {
  const own = lines.filter((line) => line.startsWith('own ')).map((line) => line.slice('own '.length))
  return {
    publish: own.filter(isPublish),
    own: own.filter((line) => !isPublish(line)),
    callback: lines.filter((line) => !line.startsWith('own ')).map((line) => line.replace('callback signal', 'signal')),
  }
}

/** What comes before what, of different strands. */
function crossing(lines: readonly string[]): void {
  const at = (line: string, from = 0): number => lines.indexOf(line, from)
  expect(at('own signal before_task_publish')).toBe(0)
  const again = at('own signal before_task_publish', 1)
  if (again !== -1) {
    expect(again).toBeGreaterThan(at('own body'))
    expect(at('own signal after_task_publish', again)).toBeLessThan(at('own signal task_received', again))
  }
}

/** Where we do not follow Celery, by name. */
const exceptions = {
  /** Celery's one worker is busy until then; here it waits in its lane as soon as the outcome is stored. It runs once a slot is free. */
  'a callback is received before afterReturn has run': (lines: readonly string[]): void => {
    const received = lines.indexOf('callback signal task_received')
    expect(received).toBeGreaterThan(lines.indexOf('own signal task_success'))
    expect(received).toBeLessThan(lines.indexOf('own after_return:SUCCESS'))
    expect(lines.at(-1)).toBe('callback body')
  },
  /** Celery calls it in place, before the failure is stored and told. */
  'an error callback is a task of its own, sent once the failure is stored': (lines: readonly string[]): void => {
    expect(lines.at(-1)).toBe('errback body')
  },
}

const folder = mkdtempSync(join(tmpdir(), 'umbel-order-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe.each([
  ['on the main loop', onLoop],
  ['in a thread', inThread],
])('signals, hooks and callbacks %s', (place, tasks) => {
  const app = createApp({ tasks: [tasks as never], lanes: { default: { threads: 1, inline: 1 } } })
  const own = tasks.run.name
  for (const name of CELERYS) app.on(name, (event) => told(name, event as TaskSignal))
  let file = ''
  afterAll(() => app.stop({ deadline: 0 }))

  /** Note a signal about the task or the callback it has. */
  function told(name: SignalName, { task }: TaskSignal): void {
    const line = `signal ${name.replaceAll('-', '_')}`
    if (task === own) note(file, `own ${line}`)
    // of a callback only this is recorded
    else if (name === 'task-received' && task.endsWith('callback')) note(file, `callback ${line}`)
  }

  /** Do something, and give what was noted, in order, once a task is over. */
  const noted = async (name: string, act: () => void, last: string): Promise<string[]> => {
    file = join(folder, `${place} ${name}`)
    writeFileSync(file, '')
    const over = next(app, 'task-postrun', ({ id }) => id === last)
    const revoked = next(app, 'task-revoked', ({ id }) => id === last)
    act()
    await Promise.race([over, revoked])
    return readFileSync(file, 'utf8').trimEnd().split('\n')
  }

  test.each<Run>(['ok', 'fail', 'custom', 'retry', 'retry_fail', 'ignore', 'reject'])(
    'come in the order recorded: %s',
    async (run) => {
      const { sequence } = runs[run] as { sequence: readonly string[] }
      const calls = sequence.includes('callback body') ? '.l0' : sequence.includes('errback body') ? '.e0' : ''
      const act = (): unknown =>
        tasks.run.s(file, run).link(tasks.callback.s(file)).linkError(tasks.errback.s(file)).set({ id: run }).delay()
      const lines = await noted(run, act, `${run}${calls}`)
      expect(strandsOfOurs(lines)).toEqual(strandsOf(sequence))
      crossing(lines)
      if (calls === '.l0') exceptions['a callback is received before afterReturn has run'](lines)
      if (calls === '.e0') exceptions['an error callback is a task of its own, sent once the failure is stored'](lines)
    },
  )

  test('come in the order recorded: expired', async () => {
    const act = (): unknown => tasks.run.s(file, 'ok').set({ expires: -1, id: 'expired' }).delay()
    const lines = await noted('expired', act, 'expired')
    expect(strandsOfOurs(lines)).toEqual(strandsOf(runs.expired?.sequence ?? []))
    crossing(lines)
  })

  test('come in the order recorded: revoked before its countdown', async () => {
    const act = async (): Promise<void> => {
      const result = tasks.run.s(file, 'ok').set({ countdown: '1h', id: 'revoked' }).delay()
      await result.accepted
      await result.revoke()
    }
    const lines = await noted('revoked', act, 'revoked')
    expect(strandsOfOurs(lines)).toEqual(strandsOf(runs['revoked before its countdown']?.sequence ?? []))
    crossing(lines)
  })

  test('no run that was recorded is left out', () => {
    const compared = ['ok', 'fail', 'custom', 'retry', 'retry_fail', 'ignore', 'reject', 'expired']
    expect(Object.keys(runs).sort()).toEqual([...compared, 'revoked before its countdown'].sort())
  })
})

describe('afterReturn', () => {
  test.each([
    ['on the main loop', onLoop],
    ['in a thread', inThread],
  ])('that hangs %s delays nobody’s result, and holds its slot', async (_, tasks) => {
    const app = createApp({ tasks: [tasks as never], lanes: { default: { threads: 1, inline: 1 } } })
    const seen = record(app, 'task-postrun', 'task-prerun')
    expect(await tasks.endsBadly.delay('hang').get()).toBe('hang')
    const waiting = tasks.endsBadly.delay('hang')
    await waiting.accepted
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen.map(({ name }) => name)).toEqual(['task-prerun'])
    await app.stop({ deadline: 0 })
    expect(waiting.state).toBe('RECEIVED')
    expect(seen.map(({ name }) => name)).toEqual(['task-prerun', 'task-postrun'])
  })

  test.each([
    ['on the main loop', onLoop],
    ['in a thread', inThread],
  ])('that hangs %s gives its slot up at the hard time limit, and the result stands', async (_, tasks) => {
    const app = createApp({ tasks: [tasks as never], lanes: { default: { threads: 1, inline: 1 } } })
    const over = next(app, 'task-postrun')
    const hanging = tasks.endsBadly
      .s('hang')
      .set({ timeLimit: { hard: '50ms' } })
      .delay()
    expect(await hanging.get()).toBe('hang')
    expect(await over).toMatchObject({ id: hanging.id, state: 'SUCCESS' })
    expect(await tasks.run.delay(join(folder, 'after'), 'ok').get()).toBe('ok')
    await app.stop({ deadline: 0 })
  })

  test('that ends its thread changes nothing about its task; it is told of, and the next task runs', async () => {
    const app = createApp({ tasks: [inThread as never], lanes: { default: { threads: 1 } } })
    const seen = record(app, 'task-lost', 'task-success', 'task-postrun')
    const stray = next(app, 'internal-error')
    const over = next(app, 'task-postrun')
    const result = inThread.endsBadly.delay('exit')
    expect(await result.get()).toBe('exit')
    expect(await stray).toMatchObject({ error: { message: expect.stringContaining('code: 3') } })
    await over
    expect(seen.map(({ name }) => name)).toEqual(['task-success', 'task-postrun'])
    const file = join(folder, 'next')
    expect(await inThread.run.delay(file, 'ok').get()).toBe('ok')
    await app.stop({ deadline: 0 })
  })

  test.each([
    ['on the main loop', onLoop],
    ['in a thread', inThread],
  ])('is waited for %s when the app stops', async (place, tasks) => {
    const app = createApp({ tasks: [tasks as never], lanes: { default: { threads: 1, inline: 1 } } })
    const file = join(folder, `${place} stops`)
    await tasks.run.delay(file, 'ok').get()
    await app.stop({ deadline: '20s' })
    expect(readFileSync(file, 'utf8')).toContain('after_return:SUCCESS')
  })
})
