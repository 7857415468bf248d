import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { Cell } from '../src/cell.ts'
import { getting, given } from '../src/getting.ts'
import {
  AsyncResult,
  chain,
  chord,
  createApp,
  defineTasks,
  GroupResult,
  group,
  memoryStore,
  SimulatedClock,
} from '../src/index.ts'
import { giving } from '../src/result-value.ts'
import { fulfil, fail as settleFailed } from '../src/settle-in-order.ts'
import { nextTurn } from '../src/system.ts'
import { onLoop } from './fixtures/behaviour.ts'
import { next, open, PLACES } from './fixtures/open-app.ts'
import { slowStore } from './fixtures/slow-store.ts'

const { add, echo, fail, quiet, waits } = onLoop

describe('waiting for a result', () => {
  test('ends with UMBEL_TIMEOUT after the given time of the app’s clock, and can be taken up again', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    const result = add.s(1, 1).set({ countdown: '1h' }).delay()
    let early = true
    const timedOut = expect(
      result.get({ timeout: '5m' }).finally(() => expect(early).toBe(false)),
    ).rejects.toMatchObject({ code: 'UMBEL_TIMEOUT' })
    await clock.advance('4m')
    early = false
    await clock.advance('1m')
    await timedOut
    const value = result.get({ timeout: '2h' })
    await clock.advance('55m')
    expect(await value).toBe(2)
  })

  test('of what has ended already ignores the timeout, and a malformed one is refused', async () => {
    open()
    const result = add.delay(1, 1)
    await result.get()
    expect(await result.get({ timeout: 0 })).toBe(2)
    expect(() => result.get({ timeout: -1 })).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_DURATION' }))
  })

  test('ends with UMBEL_ABORTED once its signal is aborted; the work goes on', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    const result = add.s(1, 1).set({ countdown: '1h' }).delay()
    const stop = new AbortController()
    const aborted = expect(result.get({ signal: stop.signal })).rejects.toMatchObject({
      code: 'UMBEL_ABORTED',
      cause: 'enough',
    })
    stop.abort('enough')
    await aborted
    await expect(result.get({ signal: stop.signal })).rejects.toMatchObject({ code: 'UMBEL_ABORTED' })
    await clock.advance('1h')
    expect(await result.get()).toBe(2)
  })

  test('may be done by many at once, and again', async () => {
    open()
    const result = echo.delay({ of: 'one' })
    const values = await Promise.all(Array.from({ length: 100 }, () => result.get()))
    expect(values.every((value) => JSON.stringify(value) === '[{"of":"one"}]')).toBe(true)
    expect(new Set(values).size).toBe(100) // nobody shares an object with anybody
    expect(await result.get()).toEqual([{ of: 'one' }])
  })

  test('of several in turn gives each what it came to, of one in the order in which it was asked for', async () => {
    open()
    const one = add.delay(1, 1)
    const failed = fail.delay('no')
    const other = add.delay(2, 2)
    const came: string[] = []
    const asked = [one, failed, other, failed, one, one].map((handle, at) =>
      handle.get().then(
        (value) => came.push(`${at}: ${value}`),
        (error: Error) => came.push(`${at}: ${error.message}`),
      ),
    )
    await Promise.all(asked)
    expect(came.filter((line) => /^[045]/.test(line))).toEqual(['0: 2', '4: 2', '5: 2'])
    expect(came.filter((line) => /^[13]/.test(line))).toEqual(['1: no', '3: no'])
    expect(came).toContain('2: 4')
    const [first, second] = await Promise.all([1, 2].map(() => failed.get().catch((error: Error) => error)))
    expect(first).not.toBe(second)
  })

  test('is heard of in the order in which tasks end, by a result or an error, and of what is over in that in which it is asked', async () => {
    open()
    const came: string[] = []
    const heard = (name: string, got: Promise<unknown>): Promise<unknown> =>
      got.then(
        () => came.push(`${name}: result`),
        () => came.push(`${name}: error`),
      )
    const [one, two, three, four] = [fail.delay('no'), add.delay(1, 1), fail.delay('no'), add.delay(2, 2)]
    const whole = group([add.s(1, 2)]).delay()
    const all = Object.entries({ one, two, three, four })
    const inTurn = ['one: error', 'two: result', 'three: error', 'four: result']
    const first = Promise.race([one.get(), two.get()])
    await Promise.all(all.map(([name, handle]) => heard(name, handle.get())))
    expect(came.splice(0)).toEqual(inTurn)
    await expect(first).rejects.toThrow('no')
    await whole.get()
    const twice: [string, AsyncResult<unknown>][] = [...all, ['whole', whole], ...all]
    await Promise.all(twice.map(([name, handle]) => heard(name, handle.get())))
    expect(came).toEqual([...inTurn, 'whole: result', ...inTurn])
  })

  test('promises settled by way of others, and all that are settled meanwhile, keep their order', async () => {
    const came: number[] = []
    const promised = (number: number) => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      const note = (): void => void came.push(number)
      promise.then(note, note)
      return { resolve, reject }
    }
    // 0: with the call to reject it; 1: without; 2: a result. At each microtask some more of them
    const kinds = [1, 2, 0, 2, 2, 1, 2, 0, 1, 1, 2, 2, 0, 2]
    let number = 0
    for (let turn = 0; turn < 40; turn += 1) {
      for (let more = turn % 3; more > 0; more -= 1, number += 1) {
        const { resolve, reject } = promised(number)
        const kind = kinds[number % kinds.length]
        if (kind === 2) fulfil(resolve, number)
        else settleFailed(resolve, number, kind === 0 ? reject : undefined)
      }
      await Promise.resolve()
    }
    await nextTurn()
    expect(came).toEqual(Array.from({ length: number }, (_, at) => at))
  })

  test('of a step whose workflow is gone throws what went wrong in it', async () => {
    const store = memoryStore()
    const app = open({ store })
    const whole = chord([add.s(1, 1), fail.s('boom')], echo.s()).delay()
    await expect(whole.get()).rejects.toThrow('boom')
    const gone = whole.workflow
    const get = store.get.bind(store)
    const peek = store.peek?.bind(store)
    store.get = async (id) => (id === gone ? undefined : get(id))
    store.peek = (id) => (id === gone ? undefined : peek?.(id))
    const steps = await Promise.allSettled([2, 3].map((node) => app.result(`${gone}/${node}`)))
    expect(steps.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    for (const step of steps)
      await expect((step as PromiseFulfilledResult<AsyncResult<unknown>>).value.get()).rejects.toThrow('boom')
  })

  test('is rejected with what goes wrong as it begins', async () => {
    const wanted = (): void => {
      throw new Error('nobody may wait')
    }
    const cell = new Cell('a', { wanted, give: giving(new Map()) })
    const got = getting(cell, 'a', (_, resolve) => resolve('over'))
    await expect(got).rejects.toThrow('nobody may wait')
    const gotToo = given(cell)
    await expect(gotToo).rejects.toThrow('nobody may wait')
    cell.answer(new Error('refused')) // changes nothing any more
    expect(await getting(cell, 'a', (handle, resolve) => resolve(handle))).toBe('a')
    await expect(given(cell)).rejects.toThrow('refused')
  })

  test('that nobody hears of ends in vain once, and one that is heard later is heard', async () => {
    open()
    const unheard: unknown[] = []
    const heardLate: unknown[] = []
    const note = (error: unknown): void => void unheard.push(error)
    const noteLate = (): void => void heardLate.push(1)
    const others = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[]
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', note).on('rejectionHandled', noteLate)
    try {
      const result = fail.delay('no')
      await result.get().catch(() => {})
      await result.get().catch(() => {}) // of what is over
      await nextTurn()
      expect([unheard.length, heardLate.length]).toEqual([0, 0])
      const got = result.get()
      await nextTurn()
      expect(unheard).toEqual([expect.objectContaining({ message: 'no' })])
      await expect(got).rejects.toBe(unheard[0])
      await nextTurn()
      expect(heardLate).toHaveLength(1)
    } finally {
      process.off('unhandledRejection', note).off('rejectionHandled', noteLate)
      for (const other of others) process.on('unhandledRejection', other)
    }
  })

  test('keeps nothing of what it gave, also of the last one', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    open()
    const lastOf = async (): Promise<WeakRef<object>> => new WeakRef(await echo.delay({ of: 'one' }).get())
    const last = await lastOf()
    await new Promise<void>((resolve) => setImmediate(resolve)) // a WeakRef holds its target until its job is over
    collect()
    expect(last.deref()).toBeUndefined()
  })

  test('a handle is not thenable: awaiting it gives the handle', async () => {
    open()
    const result = add.delay(1, 1)
    expect(await (result as unknown)).toBe(result)
  })
})

describe('accepted', () => {
  test('resolves once the send is stored, before the task has run', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    const result = add.s(1, 1).set({ countdown: '1h' }).delay()
    await result.accepted
    expect([result.state, result.ready()]).toEqual(['PENDING', false])
    await result.accepted
  })

  test('of members and of handles found later resolves too, while they wait or run', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const result = group(add.s(1, 1).set({ countdown: '1h' }), waits.s()).delay()
    await Promise.all(result.results.map((member) => member.accepted))
    await (await app.result(result.id)).accepted
    const again = await Promise.all(result.results.map(({ id }) => app.result(id)))
    await Promise.all(again.map((member) => member.accepted))
    expect(again[0]?.state).toBe('PENDING')
    const steps = chain(waits.s(), echo.s(1)).delay()
    await steps.parent?.accepted
    await (await app.result(`${steps.id}/0`)).accepted
  })

  test('rejects when the send is not taken in, and so does get()', async () => {
    const store = memoryStore()
    const broken = open({
      store: {
        ...slowStore(),
        open: () => store.open(),
        close: () => store.close(),
        commit: () => Promise.reject(new Error('disk full')),
      },
    })
    const result = add.delay(1, 1)
    const early = Promise.allSettled([result.get(), result.get(), result.get()])
    await expect(result.accepted).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED', cause: { message: 'disk full' } })
    for (const got of await early) expect(got).toMatchObject({ reason: { code: 'UMBEL_STORE_FAILED' } })
    await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
    const members = group(add.s(1, 1)).delay()
    await expect(members.results[0]?.get()).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
    await broken.stop({ deadline: 0 })
  })

  test('that nobody reads never ends the process, though it rejects', async () => {
    const script = new URL('./fixtures/unread-accepted.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@umbel/source',
      '--no-warnings',
      '--unhandled-rejections=strict',
      script,
    ])
    expect(stdout.trim().split('\n')).toEqual(['send-failed UMBEL_STORE_FAILED', 'still here'])
  })
})

describe.each([
  ['memory', () => memoryStore()],
  ['a store that answers late', () => slowStore()],
])('app.result, over %s,', (_, store) => {
  test('finds a task that runs, and one that has ended', async () => {
    const app = open({ store: store() })
    const running = waits.delay()
    await next(app, 'task-state')
    const found = await app.result(running.id, waits)
    expect([found.id, found.state, found.ready(), found.info]).toEqual([running.id, 'WAITING', false, { for: 'abort' }])
    const done = add.delay(1, 1)
    await done.get()
    const late: AsyncResult<number> = await app.result(done.id, add)
    expect(await late.get()).toBe(2)
    expect([late.state, late.info, late.successful()]).toEqual(['SUCCESS', 2, true])
    await running.revoke()
    await expect(found.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  })

  test('knows at once what a found result came to', async () => {
    const app = open({ store: store() })
    const done = add.delay(1, 1)
    const failed = fail.delay('no')
    await Promise.allSettled([done.get(), failed.get()])
    const [one, two] = [await app.result(done.id), await app.result(failed.id)]
    expect([one.state, one.ready(), one.info, two.state, two.failed()]).toEqual(['SUCCESS', true, 2, 'FAILURE', true])
  })

  test('finds workflows, their steps and members, running and ended', async () => {
    const app = open({ store: store() })
    const steps = chain(add.s(1, 1), waits.si()).delay()
    await next(app, 'task-state')
    expect([
      (await app.result(`${steps.id}/0`)).state,
      (await app.result(`${steps.id}/1`)).state,
      (await app.result(steps.id)).state,
    ]).toEqual(['SUCCESS', 'WAITING', 'STARTED'])
    await steps.revoke()
    expect([await (await app.result(`${steps.id}/0`)).get(), (await app.result(steps.id)).state]).toEqual([
      2,
      'REVOKED',
    ])
    const members = group(add.s(1, 1), add.s(2, 2)).delay()
    await members.get()
    const found = (await app.result(members.id)) as GroupResult<number[]>
    expect(found).toBeInstanceOf(GroupResult)
    expect(await found.get()).toEqual([2, 4])
    expect(await Promise.all(found.results.map((member) => member.get()))).toEqual([2, 4])
    expect(await (await app.result(members.results[1]?.id ?? '')).get()).toBe(4)
    expect([found.completedCount(), found.results.map(({ id }) => id)]).toEqual([
      2,
      members.results.map(({ id }) => id),
    ])
  })

  test('refuses what nothing is known under', async () => {
    const app = open({ store: store() })
    const known = chain(add.s(1, 1), add.s(1)).delay()
    await known.get()
    for (const id of ['nothing', '', `${known.id}/9`, `${known.id}/-1`, `${known.id}/`, '__proto__', 'w/0']) {
      await expect(app.result(id)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
    }
  })

  test('finds a step whose turn has not come', async () => {
    const app = open({ store: store() })
    const steps = chain(waits.s(), echo.s(1), echo.s(2)).delay()
    await next(app, 'task-state')
    const later = await app.result(`${steps.id}/1`)
    expect([later.state, later.ready()]).toEqual(['PENDING', false])
    await steps.revoke()
    await expect(later.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  })

  test('forget drops what has ended, and only that', async () => {
    const app = open({ store: store() })
    const running = waits.delay()
    await next(app, 'task-state')
    await running.forget()
    expect((await app.result(running.id)).state).toBe('WAITING')
    const done = add.delay(1, 1)
    const members = group(add.s(1, 1), add.s(2, 2)).delay()
    await Promise.all([done.get(), members.get()])
    await Promise.all([done.forget(), members.forget()])
    await done.forget()
    await expect(app.result(done.id)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
    await expect(app.result(members.id)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
    expect([await done.get(), await members.get(), done.state, members.state]).toEqual([
      2,
      [2, 4],
      'SUCCESS',
      'SUCCESS',
    ])
  })

  test('a member asked for only after retention dropped it is gone, and says so', async () => {
    open({ store: store() })
    const members = group(add.s(1, 1), add.s(2, 2)).delay()
    const steps = chain(add.s(1, 1), add.s(1)).delay()
    await Promise.all([members.get(), steps.get()])
    await Promise.all([members.forget(), steps.forget()])
    await expect(members.results[0]?.get()).rejects.toMatchObject({ code: 'UMBEL_RESULT_GONE' })
    await expect(steps.parent?.get()).rejects.toMatchObject({ code: 'UMBEL_RESULT_GONE' })
  })
})

test('retention drops the oldest that has ended, never what somebody holds a result of', async () => {
  const app = open({ store: memoryStore({ keepEnded: 10 }) })
  const results = Array.from({ length: 100 }, (_, index) => add.delay(index, 1))
  await Promise.all(results.map((result) => result.get()))
  expect(await Promise.all(results.map((result) => result.get()))).toEqual(results.map((_, index) => index + 1))
  await expect(app.result(results[0]?.id ?? '')).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  expect(await (await app.result(results[99]?.id ?? '')).get()).toBe(100)
})

describe.each(PLACES)('the result of a group %s', (_, tasks, openApp) => {
  test('is gone over in the order in which its members end', async () => {
    openApp()
    const slow = tasks.waits.s()
    const all = group(slow, tasks.add.s(1, 1), tasks.fail.s('no'), tasks.add.s(2, 2)).delay()
    const seen: string[] = []
    for await (const member of all) {
      seen.push(`${all.results.indexOf(member)} ${member.state}`)
      if (seen.length === 3) await all.results[0]?.revoke()
    }
    expect(seen.slice(0, 3).sort()).toEqual(['1 SUCCESS', '2 FAILURE', '3 SUCCESS'])
    expect(seen[3]).toBe('0 REVOKED')
    expect(all.completedCount()).toBe(2)
  })

  test('is gone over again, and late', async () => {
    const app = openApp()
    const all = group(tasks.add.s(1, 1), tasks.add.s(2, 2)).delay()
    expect(await all.join()).toEqual([2, 4])
    for (const handle of [all, (await app.result(all.id)) as typeof all]) {
      const values: unknown[] = []
      for await (const member of handle) values.push(await member.get())
      expect(values.sort()).toEqual([2, 4])
    }
  })

  test('counts the members that have succeeded so far', async () => {
    const app = openApp()
    const all = group(tasks.waits.s(), tasks.add.s(1, 1), tasks.add.s(2, 2)).delay()
    let succeeded = 0
    await next(app, 'task-success', ({ id }) => id.startsWith(all.id) && ++succeeded === 2)
    expect(all.completedCount()).toBe(2)
    await all.revoke()
    expect(all.completedCount()).toBe(2)
  })

  test('keeps the order of nested groups, a group right in a group being part of it', async () => {
    openApp()
    const nested = group(
      tasks.add.s(0, 0),
      group(tasks.add.s(1, 0), group(tasks.add.s(2, 0), tasks.add.s(3, 0))),
      chain(tasks.add.s(4, 0), group(tasks.add.s(0), tasks.add.s(1))),
      tasks.add.s(6, 0),
    )
    const all = nested.delay()
    expect(await all.get()).toEqual([0, 1, 2, 3, [4, 5], 6])
    expect(all.results).toHaveLength(6)
    expect(all.results[4]).toBeInstanceOf(GroupResult)
  })

  test('of one is a list of one', async () => {
    openApp()
    const all = group([tasks.add.s(1, 1)]).delay()
    expect([await all.get(), all.results.length, all.completedCount()]).toEqual([[2], 1, 1])
  })

  test('throws the error of the first member in order that failed', async () => {
    openApp()
    const all = group(tasks.add.s(1, 1), tasks.fail.s('second'), tasks.fail.s('third')).delay()
    await expect(all.get()).rejects.toThrow('second')
    expect([all.state, all.failed(), all.successful()]).toEqual(['FAILURE', true, false])
    await expect(all.results[2]?.get()).rejects.toThrow('third')
  })
})

test('an empty group has ended at once with an empty list', async () => {
  const app = open()
  const all = app.delay(group([])) as GroupResult<[]>
  expect(await all.get()).toEqual([])
  const seen: unknown[] = []
  for await (const member of all) seen.push(member)
  expect([all.state, all.results, seen, all.completedCount()]).toEqual(['SUCCESS', [], [], 0])
  expect(await app.delay(chord([], echo.s())).get()).toEqual([[]])
  expect(() => group([]).delay()).toThrow(expect.objectContaining({ code: 'UMBEL_NO_APP' }))
})

describe('ignoreResult', () => {
  test('keeps no result for those who wait, and tells them at the end', async () => {
    open()
    const result = quiet.delay('value')
    expect(await result.get()).toBeUndefined()
    expect([result.state, result.info, result.successful()]).toEqual(['SUCCESS', undefined, true])
    expect(await echo.s(1).set({ ignoreResult: true }).delay().get()).toBeUndefined()
    await expect(fail.s('heard').set({ ignoreResult: true }).delay().get()).rejects.toThrow('heard')
  })

  test('hands the value on to the step that follows', async () => {
    open()
    expect(await chain(quiet.s('value'), echo.s('next')).delay().get()).toEqual(['value', 'next'])
    expect(
      await chord([quiet.s(5), add.s(1, 1)], echo.s())
        .delay()
        .get(),
    ).toEqual([[5, 2]])
  })

  // what Celery documents: its own worker hangs here, see chain-034 and group-025 of the recorded vectors
  test('of a last step or a member leaves the workflow its result', async () => {
    open()
    expect(await chain(add.s(1, 1), quiet.s()).delay().get()).toBe(2)
    expect(await group(add.s(1, 1), quiet.s(2)).delay().get()).toEqual([2, 2])
  })
})

test('a handle is of the kind its canvas ends in', () => {
  const app = open()
  expect(add.delay(1, 1)).not.toBeInstanceOf(GroupResult)
  expect(chain(group(add.s(1, 1), add.s(2, 2)), echo.s()).delay()).not.toBeInstanceOf(GroupResult)
  expect(chain(add.s(1, 1), group(add.s(1), add.s(2))).delay()).toBeInstanceOf(GroupResult)
  expect(chord([add.s(1, 1)], group(echo.s(), echo.s())).delay()).toBeInstanceOf(GroupResult)
  expect(app.delay(add.s(1, 1))).toBeInstanceOf(AsyncResult)
})

test('an id of one’s own is used once; the handle of the first is left in peace', async () => {
  const app = open()
  const first = add.s(1, 1).set({ id: 'order-42' }).delay()
  expect(first.id).toBe('order-42')
  expect(() => add.s(2, 2).set({ id: 'order-42' }).delay()).toThrow(
    expect.objectContaining({ code: 'UMBEL_DUPLICATE_ID' }),
  )
  expect(await first.get()).toBe(2)
  expect(() => add.s(2, 2).set({ id: 'order-42' }).delay()).toThrow(
    expect.objectContaining({ code: 'UMBEL_DUPLICATE_ID' }),
  )
  expect(await (await app.result('order-42')).get()).toBe(2)
})

test('what a handler sends again under an id of its own is not run again: the handle leads to what is there', async () => {
  const app = open()
  const starts: string[] = []
  app.on('task-prerun', ({ id }) => void starts.push(id))
  const named = waits.s().set({ id: 'child' })
  const running = next(app, 'task-state')
  await onLoop.sends.delay([named.data]).get()
  await running
  expect(await onLoop.sends.delay([named.data]).get()).toEqual(['child'])
  const child = await app.result('child')
  expect(child.state).toBe('WAITING')
  await child.revoke()
  expect(await onLoop.sends.delay([named.data]).get()).toEqual(['child'])
  expect([(await app.result('child')).state, starts.filter((id) => id === 'child')]).toEqual(['REVOKED', ['child']])
})

test('an id that a seeded app makes again, over a store that was kept, is that of the task that has it already', async () => {
  const store = memoryStore()
  const ran: string[] = []
  const tasks = defineTasks('again', { note: (_ctx, what: string) => void ran.push(what) })
  /** Send something that waits, let time pass, and stop. */
  const send = async (what: string, time: number | string): Promise<string> => {
    const clock = new SimulatedClock()
    const app = createApp({ tasks: [tasks], store, clock, random: () => 0.5, lanes: { default: { threads: 0 } } })
    await app.start()
    const { id } = app.delay(tasks.note.s(what).set({ countdown: '1m' }))
    await clock.advance(time as '2m')
    await app.stop({ deadline: 0 })
    return id
  }
  expect(await send('old', 0)).toBe(await send('new', '2m'))
  expect(ran).toEqual(['old'])
})
