import { describe, expect, test } from 'vitest'
import {
  type AnySignature,
  type App,
  AsyncResult,
  chain,
  chord,
  defineTasks,
  GroupResult,
  group,
  task,
} from '../src/index.ts'
import { onLoop } from './fixtures/behaviour.ts'
import { next, open, PLACES, record } from './fixtures/open-app.ts'

/** The handle of a child, once it is there: a thread's sends come a little later than its result. */
const ended = async (app: App, id: string): Promise<AsyncResult<unknown>> => {
  const result = await app.result(id)
  await result.get().catch(() => {})
  return result
}

describe.each(PLACES)('a handler %s', (_, tasks, openApp) => {
  test('that is replaced gives the result of the task, chain, group or chord in its place', async () => {
    openApp()
    const chained = chain(tasks.add.s(1, 2), tasks.add.s(10))
    const grouped = group(tasks.add.s(1, 1), tasks.add.s(2, 2))
    const chorded = chord([tasks.add.s(1, 1), tasks.add.s(2, 2)], tasks.sum.s())
    expect(await tasks.replacedBy.delay(tasks.add.s(1, 2).data).get()).toBe(3)
    expect(await tasks.replacedBy.delay(chained.data).get()).toBe(13)
    expect(await tasks.replacedBy.delay(grouped.data).get()).toEqual([2, 4])
    expect(await tasks.replacedBy.delay(chorded.data).get()).toBe(6)
    expect(await tasks.replacedBy.delay(group([]).data).get()).toEqual([])
  })

  test('shows REPLACED until what replaced it has ended', async () => {
    const app = openApp()
    const shown = next(app, 'task-state', ({ state }) => state === 'WAITING')
    const result = tasks.replacedBy.delay(tasks.waits.s().data)
    const { id } = await shown
    expect([result.state, result.ready(), id]).toEqual(['REPLACED', false, `${result.id}.r1`])
    await result.revoke()
    expect([result.state, (await app.result(id)).state]).toEqual(['REVOKED', 'REVOKED'])
  })

  test('that is replaced in the middle of a chain hands the result on to the next step', async () => {
    openApp()
    const steps = chain(
      tasks.add.s(1, 1),
      tasks.replacedAfter.s(chain(tasks.add.s(5, 5), tasks.add.s(1)).data),
      tasks.add.s(100),
    )
    expect(await steps.delay().get()).toBe(111)
  })

  test('that is replaced by what fails within another canvas has the error stored for it, not one of that canvas’s members', async () => {
    openApp()
    const failing = group(tasks.fail.s('inside'), tasks.add.s(1, 1)).data
    const code = { code: 'UMBEL_CHORD_FAILED', cause: { message: 'inside' } }
    await expect(tasks.replacedBy.s(failing).delay().get()).rejects.toMatchObject(code)
    const member = group(tasks.replacedBy.s(failing), tasks.add.s(3, 0)).delay()
    await expect(member.get()).rejects.toMatchObject(code)
  })

  test('that is replaced in the header of a chord keeps its place among the results', async () => {
    openApp()
    const header = [
      tasks.add.s(1, 1),
      tasks.replacedBy.s(chain(tasks.add.s(2, 2), tasks.add.s(0)).data),
      tasks.add.s(3, 3),
    ]
    expect(await chord(header, tasks.echo.s()).delay().get()).toEqual([[2, 4, 6]])
    expect(
      await group(tasks.replacedBy.s(group(tasks.add.s(1, 0), tasks.add.s(2, 0)).data), tasks.add.s(3, 0))
        .delay()
        .get(),
    ).toEqual([[1, 2], 3])
  })

  test('that is replaced by one that is replaced gives the result of the last', async () => {
    openApp()
    const three = tasks.replacedBy.s(
      tasks.replacedBy.s(chain(tasks.add.s(1, 1), tasks.replacedAfter.s(tasks.add.s(20, 2).data)).data).data,
    )
    expect(await three.delay().get()).toBe(22)
    expect(await chain(three, tasks.add.s(1)).delay().get()).toBe(23)
  })

  test('that is replaced by what fails fails with its error', async () => {
    openApp()
    await expect(tasks.replacedBy.delay(tasks.fail.s('in its place').data).get()).rejects.toThrow(
      new RangeError('in its place'),
    )
    const header = group(tasks.add.s(1, 1), tasks.flaw.s('one of them')).data
    // of a member of another canvas than the waiter's the chord's error tells, as in Celery
    const cause = { name: 'Flaw', message: 'one of them' }
    const failed = { code: 'UMBEL_CHORD_FAILED', cause }
    await expect(tasks.replacedBy.delay(header).get()).rejects.toMatchObject(failed)
    const last = chain(tasks.replacedBy.s(tasks.fail.s('first').data), tasks.add.s(1)).delay()
    await expect(last.get()).rejects.toThrow('first')
    expect(last.state).toBe('FAILURE')
  })

  test('that is replaced by what cannot be sent fails and says why', async () => {
    openApp()
    const unknown = { kind: 'task', task: 'loop.ad', args: [], kwargs: {}, options: {}, immutable: false } as const
    await expect(tasks.replacedBy.delay(unknown).get()).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_TASK' })
    const wrong = { ...tasks.add.s(1, 1).data, args: [1] } as never
    await expect(tasks.replacedBy.delay(wrong).get()).rejects.toMatchObject({ code: 'UMBEL_WRONG_ARITY' })
    await expect(tasks.replacedBy.delay('nothing' as never).get()).rejects.toMatchObject({ code: 'UMBEL_BAD_CANVAS' })
  })

  test('may be replaced after a retry', async () => {
    const app = openApp()
    const result = chain(tasks.again.s({ times: 1 }), tasks.replacedAfter.s(tasks.again.s({ times: 2 }).data)).delay()
    expect(await result.get()).toBe(3)
    void app
  })

  test('sends what runs by itself, as its child', async () => {
    const app = openApp()
    const result = tasks.sends.delay([tasks.who.s('a').data, chain(tasks.add.s(1, 1), tasks.add.s(1)).data])
    const ids = await result.get()
    const [one, two] = await Promise.all(ids.map((id) => ended(app, id)))
    expect(await one?.get()).toEqual({ id: ids[0], parent: result.id, root: result.id, attempt: 1 })
    expect(await two?.get()).toBe(3)
    expect((await result.children).map(({ id }) => id)).toEqual(ids)
  })

  test('that sends by .delay() of signatures sends children, too', async () => {
    const app = openApp()
    const result = tasks.delays.delay()
    const [one, two, both] = await result.get()
    expect(await (await ended(app, one ?? '')).get()).toEqual({
      id: one,
      parent: result.id,
      root: result.id,
      attempt: 1,
    })
    expect(await (await ended(app, two ?? '')).get()).toMatchObject({ id: two, parent: result.id })
    expect(await (await ended(app, both ?? '')).get()).toMatchObject([{ parent: result.id }, { root: result.id }])
    expect((await result.children).map(({ id }) => id)).toEqual([one, two, both])
  })

  test('that gets a result would wait for ever, and is told so at once', async () => {
    openApp()
    expect(await tasks.getsInside.delay(tasks.add.s(1, 1).data).get()).toBe('UMBEL_WOULD_DEADLOCK')
  })

  test('sends a group of a thousand members at once', async () => {
    const app = openApp()
    const many = group(Array.from({ length: 1_000 }, (_, index) => tasks.add.s(index, 1)))
    const [id] = await tasks.sends.delay([many.data]).get()
    expect(await (await ended(app, id ?? '')).get()).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1))
  })

  test('is replaced by a group whose members together are larger than one value may be', async () => {
    openApp()
    const wide = group(Array.from({ length: 40 }, (_, index) => tasks.echo.s('x'.repeat(24_000), index)))
    const lengths = chain(wide, tasks.echo.si('joined'))
    expect(await tasks.replacedBy.delay(tasks.echo.s(1).data).get()).toEqual([1])
    expect(await tasks.replacedBy.delay(lengths.data).get()).toEqual(['joined'])
  })

  test('is replaced by a canvas nested as deeply as canvases may be', async () => {
    openApp()
    let nested = chain(tasks.add.s(0, 0), tasks.add.s(1)) as ReturnType<typeof tasks.add.s>
    for (let level = 0; level < 40; level += 1) nested = chord([nested, tasks.add.s(0, 0)], tasks.sum.s()) as never
    expect(await tasks.replacedBy.delay(nested.data).get()).toBe(1)
  })
})

test('.delay() of a signature within a handler sends it as a child, and gives a handle that knows its id', async () => {
  const sent: string[] = []
  const { parent } = defineTasks('local', {
    parent: task((ctx): readonly string[] => {
      sent.push(onLoop.who.s().delay().id, onLoop.who.delay(1).id, ctx.send(onLoop.who.s(2)).id)
      return sent
    }),
  })
  const app = open({ tasks: [onLoop, { parent }] })
  const result = parent.delay()
  const ids = await result.get()
  for (const id of ids)
    expect(await (await app.result(id)).get()).toMatchObject({ id, parent: result.id, root: result.id })
  expect((await result.children).map(({ id }) => id)).toEqual(ids)
})

test('what a handler sends is refused at the call when it could never run', async () => {
  const { careless } = defineTasks('local', {
    careless: task((ctx): string[] => {
      const refused = (send: () => unknown): string => {
        try {
          send()
          return 'sent'
        } catch (error) {
          return (error as { code: string }).code
        }
      }
      return [
        refused(() =>
          ctx.send({
            data: { kind: 'task', task: 'loop.nothing', args: [], kwargs: {}, options: {}, immutable: false },
          } as never),
        ),
        refused(() => onLoop.add.s(1, 1).set({ lane: 'hgih' }).delay()),
        refused(() => ctx.send(onLoop.echo.s(() => 1))),
        refused(() => ctx.send(onLoop.add.s(1, 1).set({ countdown: -1 }))),
      ]
    }),
  })
  open({ tasks: [onLoop, { careless }] })
  expect(await careless.delay().get()).toEqual([
    'UMBEL_UNKNOWN_TASK',
    'UMBEL_UNKNOWN_LANE',
    'UMBEL_CANNOT_TRAVEL',
    'UMBEL_BAD_DURATION',
  ])
})

test('what a thread sends and cannot be taken in is told by a signal', async () => {
  const [, , openApp] = PLACES[1] as (typeof PLACES)[number]
  const app = openApp()
  const failed = next(app, 'send-failed')
  const { inThreads } = await import('./fixtures/behaviour.ts')
  const [id] = await inThreads.sends
    .delay([{ kind: 'task', task: 'nothing', args: [], kwargs: {}, options: {}, immutable: false }])
    .get()
  expect(await failed).toMatchObject({ id, error: { code: 'UMBEL_UNKNOWN_TASK' } })
})

test('the handle of a group sent by a handler on the main loop has its members', async () => {
  const { parent } = defineTasks('local', {
    parent: task((ctx): number => {
      const sent = ctx.send(group(onLoop.add.s(1, 1), onLoop.add.s(2, 2)))
      return sent instanceof GroupResult ? sent.results.length : -1
    }),
  })
  open({ tasks: [onLoop, { parent }] })
  expect(await parent.delay().get()).toBe(2)
})

test('every handle that waits is refused in a handler, however it came there', async () => {
  open()
  const outside = onLoop.add.delay(1, 1)
  const { waiter } = defineTasks('local', {
    waiter: task((): readonly string[] => {
      const code = (get: () => unknown): string => {
        try {
          void get()
          return 'waits'
        } catch (error) {
          return (error as { code: string }).code
        }
      }
      return [
        code(() => outside.get()),
        code(() => new GroupResult('x', (outside as unknown as { source: never }).source).join()),
      ]
    }),
  })
  const app = open({ tasks: [{ waiter }] })
  expect(await app.delay(waiter.s()).get()).toEqual(['UMBEL_WOULD_DEADLOCK', 'UMBEL_WOULD_DEADLOCK'])
})

test('parent leads from a result to the steps before it, root and parent of a handler to what sent it', async () => {
  open()
  const result = chain(onLoop.who.s(), onLoop.who.s(), onLoop.who.s()).delay()
  expect(await result.get()).toEqual({ id: `${result.id}/2`, parent: `${result.id}/1`, root: result.id, attempt: 1 })
  const before = result.parent
  expect(await before?.get()).toMatchObject({ id: `${result.id}/1`, parent: `${result.id}/0` })
  expect(await before?.parent?.get()).toMatchObject({ id: `${result.id}/0`, parent: undefined })
  expect(before?.parent?.parent).toBeUndefined()
})

test('the parent of a chord’s body is the group of its header', async () => {
  open()
  const result = chord([onLoop.add.s(1, 1), onLoop.add.s(2, 2)], onLoop.sum.s()).delay()
  await result.get()
  const header = result.parent
  expect(header).toBeInstanceOf(GroupResult)
  expect(await header?.get()).toEqual([2, 4])
  expect((header as GroupResult<number[]>).completedCount()).toBe(2)
  expect((header as GroupResult<number[]>).results.map(({ info }) => info)).toEqual([2, 4])
})

test('children of a task are its callbacks, what it sent and what replaced it', async () => {
  const app = open()
  const done = next(app, 'task-success', ({ id }) => id.endsWith('.l0'))
  const linked = onLoop.replacedBy.s(onLoop.add.s(1, 1).data).link(onLoop.echo.s('linked')).delay()
  await linked.get()
  await done
  expect((await linked.children).map(({ id }) => id)).toEqual([`${linked.id}.r1`, `${linked.id}.l0`])
  expect(await (await linked.children)[1]?.get()).toEqual([2, 'linked'])
})

test('children of a step are the steps after it', async () => {
  open()
  const result = chain(onLoop.add.s(1, 1), onLoop.add.s(1), onLoop.add.s(1)).delay()
  await result.get()
  const children = await result.parent?.children
  expect(children?.map(({ id }) => id)).toEqual([`${result.id}/2`])
  expect(await result.children).toEqual([])
})

test('a replacement that expires or is revoked revokes the task it stands for', async () => {
  const app = open()
  const starts = record(app, 'task-prerun')
  const result = onLoop.replacedBy.delay(onLoop.add.s(1, 1).set({ expires: -1 }).data)
  await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_EXPIRED' })
  expect([result.state, starts.length]).toEqual(['REVOKED', 1])
  expect(result).toBeInstanceOf(AsyncResult)
})

describe('what a handler composes may be as large as what anybody else does', () => {
  const { sender } = defineTasks('wide', {
    sender: task((ctx, how: 'replace' | 'send', what: 'wide' | 'deep' | 'too deep'): string => {
      const wide = (): AnySignature => group(Array.from({ length: 20_000 }, (_, index) => onLoop.add.s(index, 1)))
      const signature =
        what === 'wide'
          ? chord(wide() as ReturnType<typeof wideOf>, onLoop.sum.s())
          : deepOf(what === 'deep' ? 90 : 150)
      return how === 'replace' ? ctx.replace(signature) : ctx.send(signature as ReturnType<typeof deepOf>).id
    }),
  })
  const wideOf = () => group([onLoop.add.s(1, 1)])
  const deepOf = (levels: number): AnySignature => {
    let nested: AnySignature = onLoop.add.s(0, 1)
    for (let level = 0; level < levels; level += 1)
      nested = chord([nested as ReturnType<typeof onLoop.add.s>], onLoop.sum.s())
    return nested
  }

  test.each([
    ['wide', 200_010_000],
    ['deep', 1],
  ] as const)('a %s one', async (what, expected) => {
    const app = open({ tasks: [onLoop, { sender }] })
    expect(await app.delay(sender.s('replace', what)).get()).toBe(expected)
    const id = (await app.delay(sender.s('send', what)).get()) as string
    expect(await (await app.result(id)).get()).toBe(expected)
  })

  // from a handler a canvas travels as a value, and values are nested no deeper than 200 levels, of which each chord takes two
  test('one nested more than 100 levels deep is refused with a typed error, though an app takes it', async () => {
    const app = open({ tasks: [onLoop, { sender }] })
    expect(await app.delay(deepOf(150)).get()).toBe(1)
    const refused = app.delay(sender.s('replace', 'too deep')).get()
    await expect(refused).rejects.toMatchObject({ code: 'UMBEL_VALUE_TOO_DEEP' })
  })
})

test('the handle of what a thread sends knows its id, and refuses at once what it would have to ask the app for', async () => {
  const [, , openApp] = PLACES[1] as (typeof PLACES)[number]
  openApp()
  const { inThreads } = await import('./fixtures/behaviour.ts')
  const code = 'UMBEL_WOULD_DEADLOCK'
  expect(await inThreads.asksInside.delay(inThreads.add.s(1, 1).data).get()).toEqual([
    'PENDING',
    false,
    code,
    code,
    code,
    code,
    code,
  ])
})
