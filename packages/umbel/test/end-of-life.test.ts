import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, describe, expect, test } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { type App, type AppOptions, chain, createApp, defineTasks, group, memoryStore, task } from '../src/index.ts'
import { arithmetic } from './fixtures/arithmetic.ts'

/** What a script said, line by line with the moment it was heard, and how it ended. */
interface Life {
  readonly lines: readonly string[]
  readonly heard: readonly number[]
  readonly code: number | null
  readonly ended: number
  readonly errors: string
}

const children: ChildProcess[] = []
const apps: App[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

const script = new URL('./fixtures/life/script.ts', import.meta.url).pathname

/** Run a case of the script to its end. */
function live(name: string, onLine = (_line: string, _child: ChildProcess): void => {}): Promise<Life> {
  const flags = ['--conditions=@umbel/source', '--unhandled-rejections=strict', '--trace-warnings']
  const child = spawn(process.execPath, [...flags, script, name], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  const lines: string[] = []
  const heard: number[] = []
  let errors = ''
  let rest = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      lines.push(line)
      heard.push(performance.now())
      onLine(line, child)
    }
  })
  return new Promise((resolve) => {
    let ended = 0
    child.on('exit', () => {
      ended = performance.now()
    })
    child.on('close', (code) => resolve({ lines, heard, code, ended, errors }))
  })
}

const endless = defineTasks('endless', { wait: () => new Promise<void>(() => {}) })

const count = (lines: readonly string[], start: string): number => lines.filter((line) => line.startsWith(start)).length

describe('a process', () => {
  test('with an idle app ends by itself, soon after the last result, with code 0', async () => {
    const { lines, heard, code, ended, errors } = await live('idle inline')
    expect([lines, code, errors]).toEqual([['result'], 0, ''])
    expect(ended - (heard[0] as number)).toBeLessThan(here(1_000)) // 200 ms, on a machine that does nothing else
  })

  test('with idle threads ends by itself; each thread that ran a setup runs its teardown once', async () => {
    const { lines, code, errors } = await live('idle threads')
    expect([code, errors, lines.includes('result true')]).toEqual([0, '', true])
    const setups = lines.filter((line) => line.startsWith('setup in '))
    const teardowns = lines.filter((line) => line.startsWith('teardown in '))
    expect(setups).toHaveLength(3)
    expect(teardowns.map((line) => line.slice(12)).sort()).toEqual(setups.map((line) => line.slice(9)).sort())
  })

  test.each([
    ['an app that was never used', 'never used', ['result']],
    ['an app that was only started', 'started only', ['result']],
    ['an app that was sent to and never waited for', 'never awaited', ['noted without waiting']],
    ['a countdown, once that is over', 'countdown', ['noted later']],
    ['fifteen apps, without a warning', 'many apps', ['result']],
    ['two apps, of which one is stopped', 'two apps', ['from one from two', 'two goes on two is the only one']],
    ['an app that was stopped while handlers send', 'send while draining', ['noted by a handler', 'stopped']],
  ])('ends by itself with %s', async (_, name, expected) => {
    const { lines, code, errors } = await live(name)
    expect([lines, code, errors]).toEqual([expected, 0, ''])
  })

  test('does not end while tasks wait for threads or run in them', async () => {
    const { lines, code, errors } = await live('busy thread')
    expect([[...lines].sort(), code, errors]).toEqual([['got a', 'got b', 'got c'], 0, ''])
  })

  test('ends at once with its code when an inline handler calls process.exit', async () => {
    const { code, errors } = await live('process.exit inline')
    expect([code, errors]).toEqual([7, ''])
  })

  test('ends within 2 s of a SIGINT whose listener stops the app, whatever runs', async () => {
    let sent = 0
    const { code, ended, errors } = await live('SIGINT', (line, child) => {
      if (line !== 'running') return
      sent = performance.now()
      child.kill('SIGINT')
    })
    expect([code, errors]).toEqual([0, ''])
    expect(ended - sent).toBeLessThan(here(2_000))
  })
})

describe('stop()', () => {
  test('lets what waits, runs and becomes due end, and then the process', async () => {
    const { lines, code, errors } = await live('drain')
    expect([lines, code, errors]).toEqual([['stopped true a a b b c c d d e e due in time'], 0, ''])
  })

  test('aborts obedient handlers at the deadline; waiters hear UMBEL_APP_STOPPED, teardowns run', async () => {
    const { lines, code, errors } = await live('stop obedient')
    expect([lines.at(-1), code, errors]).toEqual(['stopped true true UMBEL_APP_STOPPED', 0, ''])
    expect([count(lines, 'setup'), count(lines, 'teardown')]).toEqual([2, 2])
  })

  test('ends handlers that obey nothing soon after the deadline', async () => {
    const { lines, code, errors } = await live('stop disobedient')
    expect([lines, code, errors]).toEqual([['stopped true true UMBEL_APP_STOPPED'], 0, ''])
  })

  test('may be called by a handler, whose task ends first', async () => {
    const { lines, code, errors } = await live('stop in a handler')
    expect([lines, code, errors]).toEqual([['undefined drained', 'stopped'], 0, ''])
  })

  test('awaited by a handler ends at the deadline', async () => {
    const { lines, code, errors } = await live('stop awaited in a handler')
    expect([lines, code, errors]).toEqual([['stopped true true UMBEL_APP_STOPPED'], 0, ''])
  })
})

describe('an app', () => {
  const inline = { default: { threads: 0, inline: 1 } }
  const open = (options: AppOptions = {}): App => {
    const app = createApp({ tasks: [arithmetic], lanes: inline, ...options })
    apps.push(app)
    return app
  }
  const stopped = expect.objectContaining({ name: 'UmbelError', code: 'UMBEL_APP_STOPPED' })

  test('starts with the first send', async () => {
    expect(await open().delay(arithmetic.inlineAdd.s(1, 2)).get()).toBe(3)
  })

  test('starts once, however often that is asked', async () => {
    let opened = 0
    const app = open({ store: Object.assign(memoryStore(), { open: async () => opened++ } as object) })
    await Promise.all([app.start(), app.start()])
    await app.start()
    expect([opened, await app.delay(arithmetic.inlineAdd.s(1, 2)).get()]).toEqual([1, 3])
  })

  test('stops once, however often and early that is asked', async () => {
    const app = open()
    const first = app.stop()
    expect(app.stop()).toBe(first)
    await first
    await app.stop()
    await app[Symbol.asyncDispose]()
    await expect(app.start()).rejects.toEqual(stopped)
  })

  test('stops at the nearer deadline when it is asked again', async () => {
    const app = createApp({ tasks: [endless], lanes: { default: { threads: 0, inline: 1 } } })
    const begun = new Promise((resolve) => app.on('task-prerun', resolve))
    endless.wait.delay()
    await begun
    const patient = app.stop({ deadline: '1h' })
    await app.stop({ deadline: 0 })
    await patient
  })

  test('stops while it starts', async () => {
    const app = open({ lanes: { default: { threads: 1 } } })
    const started = app.start()
    await Promise.all([app.stop(), started])
  })

  test('refuses what is sent after stop() with UMBEL_APP_STOPPED, and lets bare delay() find the next app', async () => {
    const app = open()
    app.stop()
    expect(() => app.delay(arithmetic.inlineAdd.s(1, 2))).toThrow(stopped)
    await expect(app.send(arithmetic.inlineAdd.s(1, 2))).rejects.toEqual(stopped)
    expect(() => arithmetic.inlineAdd.delay(1, 2)).toThrow(expect.objectContaining({ code: 'UMBEL_NO_APP' }))
    open()
    expect(await arithmetic.inlineAdd.delay(1, 2).get()).toBe(3)
  })

  test('that was stopped refuses all that asks for its tasks, and still gives the results its handles can have', async () => {
    const hang = defineTasks('stoppable', { hang: task(() => new Promise<number>(() => {})) })
    const app = open({ tasks: [arithmetic, hang], lanes: { default: { threads: 0, inline: 3 } } })
    const done = group([arithmetic.inlineAdd.s(1, 2), hang.hang.s()]).delay()
    const waits = chain(hang.hang.s(), arithmetic.inlineAdd.s(1)).delay()
    const get = waits.get()
    get.catch(() => {})
    await done.accepted
    await new Promise((resolve) => app.on('task-success', resolve))
    await app.stop({ deadline: 0 })
    await expect(get).rejects.toEqual(stopped)
    await expect(waits.parent?.get()).rejects.toEqual(stopped)
    expect(await done.results[0]?.get()).toBe(3)
    await expect(done.results[1]?.get()).rejects.toEqual(stopped)
    await expect(app.result(done.id)).rejects.toEqual(stopped)
    await done.accepted
  })

  test('gives the result of a member that ended before somebody asked for its handle', async () => {
    const hang = defineTasks('stoppable', { hang: task(() => new Promise<number>(() => {})) })
    const app = open({ tasks: [arithmetic, hang], lanes: { default: { threads: 0, inline: 2 } } })
    const first = new Promise((resolve) => app.on('task-success', resolve))
    const whole = group([arithmetic.inlineAdd.s(1, 2), hang.hang.s()]).delay()
    await first
    expect(await whole.results[0]?.get()).toBe(3)
  })

  test('refuses those who wait for space in a lane when it stops', async () => {
    const hang = defineTasks('stoppable', { hang: task(() => new Promise<number>(() => {})) })
    const app = open({ tasks: [hang], lanes: { default: { threads: 0, inline: 1, backlog: 1 } } })
    const begun = new Promise((resolve) => app.on('task-prerun', resolve))
    const runs = app.delay(hang.hang.s())
    await begun
    const waits = await app.send(hang.hang.s())
    const sends = [app.send(hang.hang.s()), app.send(group([hang.hang.s(), hang.hang.s()]))]
    const all = Promise.allSettled([...sends, runs.get(), waits.get()])
    await app.stop({ deadline: 0 })
    expect(await all).toEqual(Array.from({ length: 4 }, () => ({ status: 'rejected', reason: stopped })))
  })

  test('whose store cannot be opened says so to whoever starts it, sends and waits', async () => {
    const failed = expect.objectContaining({ code: 'UMBEL_STORE_FAILED', cause: new Error('no disk') })
    const app = open({ store: Object.assign(memoryStore(), { open: () => Promise.reject(new Error('no disk')) }) })
    const result = app.delay(arithmetic.inlineAdd.s(1, 2))
    await expect(result.accepted).rejects.toEqual(failed)
    await expect(result.get()).rejects.toEqual(failed)
    await expect(app.start()).rejects.toEqual(failed)
    expect(() => app.delay(arithmetic.inlineAdd.s(1, 2))).toThrow(failed)
    await app.stop()
  })

  test('stops at the deadline though its store is never open', async () => {
    const app = open({ store: Object.assign(memoryStore(), { open: () => new Promise<void>(() => {}) }) })
    const result = app.delay(arithmetic.inlineAdd.s(1, 2))
    const refused = expect(result.get()).rejects.toEqual(stopped)
    await app.stop({ deadline: '20ms' })
    await refused
  })

  test('refuses those who wait also when its store cannot be closed, and says so to who stops it', async () => {
    const hang = defineTasks('stoppable', { hang: task(() => new Promise<number>(() => {})) })
    const store = Object.assign(memoryStore(), { close: () => Promise.reject(new Error('no disk')) })
    const app = createApp({ tasks: [hang], lanes: inline, store })
    const refused = expect(app.delay(hang.hang.s()).get()).rejects.toEqual(stopped)
    await expect(app.stop({ deadline: 0 })).rejects.toThrow('no disk')
    await refused
  })

  test('stores nothing before its store is open', async () => {
    const calls: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const store = memoryStore()
    const commit = store.commit.bind(store)
    const app = open({
      store: Object.assign(store, {
        open: () => promise.then(() => void calls.push('open')),
        commit: (batch: Parameters<typeof commit>[0]) => {
          calls.push('commit')
          return commit(batch)
        },
      }),
    })
    const result = app.delay(arithmetic.inlineAdd.s(1, 2))
    await Promise.resolve().then(() => Promise.resolve())
    resolve()
    expect(await result.get()).toBe(3)
    expect(calls[0]).toBe('open')
  })

  test('stops in time though a setup never ends', async () => {
    const base = task.extend({ setup: () => new Promise<object>(() => {}), states: ['NEVER'] })
    const tasks = defineTasks('stoppable', { never: base(() => 1) })
    const app = open({ tasks: [tasks] })
    const begun = new Promise((resolve) => app.on('task-prerun', resolve))
    app.delay(tasks.never.s())
    await begun
    const from = performance.now()
    await app.stop({ deadline: '50ms' })
    expect(performance.now() - from).toBeLessThan(here(3_000))
  })

  test('sends of a handler during the drain are run', async () => {
    const seen: string[] = []
    const tasks = defineTasks('stoppable', {
      first: task((ctx): void => {
        ctx.send(tasks.second.s())
        tasks.second.delay()
      }),
      second: task(() => void seen.push('second')),
    })
    const app = open({ tasks: [tasks] })
    app.delay(tasks.first.s())
    await app.stop()
    expect(seen).toEqual(['second', 'second'])
  })
})
