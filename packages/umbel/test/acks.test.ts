import { describe, expect, test } from 'vitest'
import { type App, chain, createApp, defineTasks, SimulatedClock, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { child } from './fixtures/durable/child.ts'
import { next, open, record } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'
import { threadTasks } from './fixtures/thread-tasks.ts'

/** Tasks of one process that are acknowledged early, and what they ran with. */
function begin(file: string, more: Parameters<typeof open>[0] = {}) {
  const ran: unknown[] = []
  const gate = Promise.withResolvers<void>()
  const early = task.extend({ acks: 'early' })
  const hold = async (ctx: { setState(state: 'HOLDING'): void }, value: number): Promise<number> => {
    ran.push(value)
    ctx.setState('HOLDING')
    await gate.promise
    return value
  }
  const tasks = defineTasks('early', {
    held: early((ctx, value: number) => hold(ctx, value), { states: ['HOLDING'] }),
    late: task((ctx, value: number) => hold(ctx, value), { states: ['HOLDING'] }),
    again: early(
      (ctx) => {
        ran.push(ctx.attempt)
        if (ctx.attempt < 3) ctx.retry({ countdown: '1h' })
        return ctx.attempt
      },
      { retry: { max: 5 } },
    ),
    note: early((_ctx, value: unknown) => void ran.push(value)),
  })
  const app: App = open({ tasks: [tasks], store: sqliteStore(file, { sync: 'off' }), ...more })
  return { app, tasks, ran, gate }
}

describe('a task that is acknowledged as it starts', () => {
  test('is not started again after its process was killed: it fails with UMBEL_WORKER_LOST, and leaves a dead letter', async () => {
    const file = newFile()
    const first = child(['poison once', file])
    expect(await first.line()).toBe('starts')
    await expect(first.line()).rejects.toThrow('no more')
    await first.kill()
    const second = child(['poison once', file])
    expect(await second.line()).toMatch(/^UMBEL_WORKER_LOST .*acknowledged as it started, and is not started again/)
    expect(await second.line()).toBe('letter of the-poison 1')
    await expect(second.line()).rejects.toThrow('no more')
  })

  test('is not started again after its thread has died, whatever its retries; others are, as ever', async () => {
    const app = createApp({ tasks: [threadTasks], lanes: { default: { threads: 1 } } })
    const starts = record(app, 'task-prerun')
    await app.start()
    const once = app.delay(threadTasks.exitOnce.s(4))
    await expect(once.get()).rejects.toMatchObject({
      code: 'UMBEL_WORKER_LOST',
      message: expect.stringMatching(/exit code 4.* acknowledged as it started/),
    })
    await expect(app.delay(threadTasks.exit.s(5)).get()).rejects.toMatchObject({ code: 'UMBEL_WORKER_LOST' })
    const tasks = starts.map(({ event }) => event.task)
    expect(tasks).toEqual(['threads.exitOnce', 'threads.exit', 'threads.exit', 'threads.exit'])
    await app.stop()
  })

  test('fails the canvas it is in, beside one that comes back', async () => {
    const file = newFile()
    const first = begin(file)
    const runs = next(first.app, 'task-state', ({ task }) => task === 'early.late')
    const early = first.app.delay(chain(first.tasks.held.s(1), first.tasks.note.si('behind')))
    const late = first.app.delay(first.tasks.late.s(2))
    await runs
    expect(first.ran.toSorted()).toEqual([1, 2])
    const second = begin(asIfKilled(file))
    second.gate.resolve()
    await second.app.start()
    await expect((await second.app.result(early.id)).get()).rejects.toMatchObject({ code: 'UMBEL_WORKER_LOST' })
    expect(await (await second.app.result(late.id)).get()).toBe(2)
    expect(second.ran).toEqual([2])
  })

  test('waits and is tried again as its handler asks for, in the next process too', async () => {
    const file = newFile()
    const clock = new SimulatedClock()
    const first = begin(file, { clock: new SimulatedClock() })
    const retried = next(first.app, 'task-retry')
    const result = first.app.delay(first.tasks.again.s())
    await retried
    const later = first.app.delay(first.tasks.note.s('later').set({ countdown: '2h' }))
    await later.accepted
    const second = begin(asIfKilled(file), { clock })
    await second.app.start()
    const again = next(second.app, 'task-retry')
    await clock.advance('1h')
    await again
    await clock.advance('1h')
    expect(await (await second.app.result(result.id)).get()).toBe(3)
    await (await second.app.result(later.id)).get()
    expect([first.ran, second.ran]).toEqual([[1], [2, 'later', 3]])
  })

  test('is over, too, where its app stopped before it had ended; what was not started runs in the next', async () => {
    const file = newFile()
    const first = begin(file, { lanes: { default: { threads: 0, inline: 2 } } })
    const runs = next(first.app, 'task-state', ({ task }) => task === 'early.late')
    const held = first.app.delay(first.tasks.held.s(1))
    const late = first.app.delay(first.tasks.late.s(2))
    const waits = first.app.delay(first.tasks.note.s(3))
    await runs
    await waits.accepted
    await first.app.stop({ deadline: 0 })
    const second = begin(file)
    second.gate.resolve()
    await second.app.start()
    await expect((await second.app.result(held.id)).get()).rejects.toMatchObject({
      code: 'UMBEL_WORKER_LOST',
      message: expect.stringContaining('The app was stopped'),
    })
    expect(await (await second.app.result(late.id)).get()).toBe(2)
    await (await second.app.result(waits.id)).get()
    expect(second.ran.toSorted()).toEqual([2, 3])
  })
})

test('acks is late or early, and nothing else', () => {
  const define = (acks: unknown) => () => defineTasks('odd', { one: task(() => 1, { acks: acks as 'late' }) })
  for (const strange of ['never', true, null, 0])
    expect(define(strange)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }))
  expect(define('late')).not.toThrow()
})
