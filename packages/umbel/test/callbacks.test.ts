import { describe, expect, test } from 'vitest'
import { type App, chain, chord, defineTasks, group, type Signature, task } from '../src/index.ts'
import { Flaw, onLoop, Stranger } from './fixtures/behaviour.ts'
import { next, open, PLACES, record } from './fixtures/open-app.ts'

const { add, echo, fail, sum } = onLoop

/** Tasks that note what they are called with. */
const notes: unknown[][] = []
const noted = (): unknown[][] => notes.splice(0)
const local = defineTasks('noting', {
  note: task((_ctx, ...values: unknown[]) => {
    notes.push(values)
  }),
  noteId: task((_ctx, id: string) => {
    notes.push([id])
  }),
  noteError: task((_ctx, request: { id: string; task: string }, error: Error, stack: string) => {
    notes.push([request.id, error, stack])
  }),
  noteTwo: task((_ctx, request: { id: string }, error: Error) => {
    notes.push([request.id, error.message])
  }),
  noteErrorAnd: task((_ctx, request: { id: string }, error: Error, _stack: unknown, more: string) => {
    notes.push([request.id, error.message, more])
  }),
})
const { note, noteId, noteError, noteTwo, noteErrorAnd } = local

const openLocal = (): App => {
  notes.length = 0
  return open({ tasks: [onLoop, local] })
}

/** Send it, wait until everything that came of it has ended, and tell what was noted. */
async function notesOf(
  signature: Pick<Signature<[], unknown>, 'data'>,
  app = openLocal(),
): Promise<{ id: string; notes: unknown[][] }> {
  const result = app.delay(signature as never)
  await result.get().catch(() => {})
  await app.stop({ deadline: '10s' })
  return { id: result.id, notes: noted() }
}

describe.each(PLACES)('a callback of a task %s', (_, tasks, openApp) => {
  test('is sent with the result in front of its own arguments once the task succeeded', async () => {
    const app = openApp()
    const done = next(app, 'task-success', ({ id }) => id.endsWith('.l0'))
    const { id } = tasks.add.s(1, 2).link(tasks.echo.s('more')).delay()
    expect(await done).toMatchObject({ id: `${id}.l0`, result: [3, 'more'] })
    expect(await (await app.result(`${id}.l0`)).get()).toEqual([3, 'more'])
  })

  test('for errors with one parameter is given the failed task’s id', async () => {
    const app = openApp()
    const done = next(app, 'task-success', ({ id }) => id.endsWith('.e0'))
    const { id } = tasks.fail.s('boom').linkError(tasks.onlyId).delay()
    expect(await done).toMatchObject({ id: `${id}.e0`, result: ['told', id] })
  })

  test('for errors with two parameters is given the request and the error', async () => {
    const { id, notes: seen } = await notesOf(fail.s('boom').linkError(noteTwo.s()))
    expect(seen).toEqual([[id, expect.stringContaining('boom')]])
  })

  test('for errors with more parameters is given the request, the error and its stack', async () => {
    const app = openApp()
    const done = next(app, 'task-success', ({ id }) => id.endsWith('.e0'))
    const { id } = tasks.flaw.s('cracked').onError(tasks.wholeError).delay()
    expect(await done).toMatchObject({ id: `${id}.e0`, result: ['told', id, 'Flaw', 'cracked', true, 'string'] })
  })
})

test('callbacks of both kinds are sent each once, and only those of what happened', async () => {
  const good = await notesOf(add.s(1, 1).link(note.s('a')).link(note.s('b')).linkError(noteId))
  expect(good.notes).toEqual([
    [2, 'a'],
    [2, 'b'],
  ])
  const bad = await notesOf(fail.s('x').link(note.s('a')).linkError(noteId).linkError(noteError))
  expect(bad.notes).toEqual([[bad.id], [bad.id, new RangeError('x'), expect.stringContaining('RangeError: x')]])
})

test('the same callback given twice is sent once', async () => {
  expect((await notesOf(add.s(1, 1).link(note.s('a')).link(note.s('a')))).notes).toEqual([[2, 'a']])
})

test('an immutable callback is given nothing of the result', async () => {
  expect((await notesOf(add.s(1, 1).link(note.si('alone')))).notes).toEqual([['alone']])
  expect((await notesOf(fail.s('x').linkError(note.si('alone')))).notes).toEqual([['alone']])
})

test('an error callback may have arguments of its own behind the three', async () => {
  const { id, notes: seen } = await notesOf(fail.s('x').linkError(noteErrorAnd.s('mine')))
  expect(seen).toEqual([[id, 'x', 'mine']])
})

test('an error callback gets the error as the class it was thrown as, where that is declared, else as TaskError', async () => {
  const seen: unknown[] = []
  const { judge } = defineTasks(
    'judging',
    { judge: task((_ctx, _request: unknown, error: Error, _stack: unknown) => void seen.push(error)) },
    { errors: [Flaw] },
  )
  const app = open({ tasks: [onLoop, { judge }] })
  await onLoop.flaw
    .s('thrown')
    .linkError(judge)
    .delay()
    .get()
    .catch(() => {})
  await onLoop.strange
    .s('thrown')
    .linkError(judge)
    .delay()
    .get()
    .catch(() => {})
  await app.stop({ deadline: '10s' })
  expect(seen[0]).toBeInstanceOf(Flaw)
  expect(seen[0]).toMatchObject({ message: 'thrown', part: 'left wing' })
  expect(seen[1]).not.toBeInstanceOf(Stranger)
  expect(seen[1]).toMatchObject({ name: 'Stranger', message: 'thrown' })
})

test('a callback that is a chain, a group or a chord is given the result, too', async () => {
  const all = add
    .s(1, 1)
    .link(chain(add.s(10), note.s('chain')))
    .link(group(note.s('one'), note.s('two')))
    .link(chord([add.s(1), add.s(2)], note.s('chord')))
  const seen = (await notesOf(all)).notes
  expect(seen).toHaveLength(4)
  expect(seen).toEqual(
    expect.arrayContaining([
      [12, 'chain'],
      [2, 'one'],
      [2, 'two'],
      [[3, 4], 'chord'],
    ]),
  )
})

test('a callback that fails does not fail the task, nor what follows it', async () => {
  const app = openLocal()
  const failures = record(app, 'task-failure')
  const result = chain(add.s(1, 1).link(onLoop.failAfter.s('callback')), add.s(1)).delay()
  expect(await result.get()).toBe(3)
  const failed = fail.s('own').linkError(fail.si('error callback')).delay()
  await expect(failed.get()).rejects.toThrow('own')
  await app.stop({ deadline: '10s' })
  expect(failures.map(({ event }) => event.error.message).sort()).toEqual(['callback', 'error callback', 'own'])
})

test('a callback of a callback is sent in its turn', async () => {
  const { notes: seen } = await notesOf(add.s(1, 1).link(add.s(5).link(note.s('second'))))
  expect(seen).toEqual([[7, 'second']])
  const errors = await notesOf(fail.s('first').linkError(fail.si('second').linkError(noteError)))
  expect(errors.notes).toEqual([[`${errors.id}.e0`, new RangeError('second'), expect.any(String)]])
})

test('error callbacks wait for the last retry, and there is one call however many attempts', async () => {
  const { notes: seen, id } = await notesOf(onLoop.byClass.s('flaw', 9).linkError(noteId))
  expect(seen).toEqual([[id]])
  expect((await notesOf(onLoop.byClass.s('flaw', 2).linkError(noteId).link(note.s()))).notes).toEqual([[3]])
})

test('neither kind of callback is sent for a task that is revoked, ignored or rejected', async () => {
  const both = <S extends { link(c: typeof note): S; linkError(c: typeof noteId): S }>(signature: S): S =>
    signature.link(note).linkError(noteId)
  for (const signature of [add.s(1, 1).set({ expires: -1 }), onLoop.ignore.s(), onLoop.reject.s('no')]) {
    expect((await notesOf(both(signature as never))).notes).toEqual([])
  }
})

test('callbacks of a task that was replaced are sent once, with the result of what replaced it', async () => {
  const good = await notesOf(onLoop.replacedBy.s(chain(add.s(1, 1), add.s(1)).data).link(note.s('end')))
  expect(good.notes).toEqual([[3, 'end']])
  const bad = await notesOf(onLoop.replacedBy.s(chain(fail.s('in there'), add.s(1)).data).linkError(noteId))
  expect(bad.notes).toEqual([[bad.id]])
})

describe('as in Celery', () => {
  test('a link on a chain belongs to its last step', async () => {
    expect((await notesOf(chain(add.s(1, 1), add.s(1)).link(note.s('end')))).notes).toEqual([[3, 'end']])
  })

  test('a link on a chord belongs to its body', async () => {
    expect((await notesOf(chord([add.s(1, 1), add.s(2, 2)], sum.s()).link(note.s('end')))).notes).toEqual([[6, 'end']])
  })

  test('a link on a group belongs to its first member, which it ignores the result of', async () => {
    expect((await notesOf(group(add.s(1, 1), add.s(2, 2)).link(note.s('first') as never))).notes).toEqual([['first']])
  })

  test('a link on a chain that ends in a group reaches every member', async () => {
    const seen = (await notesOf(chain(add.s(1, 1), group(add.s(1), add.s(2))).link(note.s('member') as never))).notes
    expect(seen).toEqual(
      expect.arrayContaining([
        [3, 'member'],
        [4, 'member'],
      ]),
    )
    expect(seen).toHaveLength(2)
  })

  test('an error callback on a chain is sent once, for the step that failed', async () => {
    const { id, notes: seen } = await notesOf(
      chain(add.s(1, 1), onLoop.failAfter.s('mid'), add.s(1), add.s(1)).linkError(noteId),
    )
    expect(seen).toEqual([[`${id}/1`]])
  })

  test('an error callback on a group is sent once for each failing member', async () => {
    const { id, notes: seen } = await notesOf(group(fail.s('a'), add.s(1, 1), fail.s('b')).linkError(noteId))
    expect(seen.flat().sort()).toEqual([`${id}/1`, `${id}/3`])
  })

  test('an error callback on a chord is sent once, for the body, whether the header or the body fails', async () => {
    const header = await notesOf(chord([fail.s('a'), fail.s('b'), add.s(1, 1)], sum.s()).linkError(noteError))
    expect(header.notes).toHaveLength(1)
    expect(header.notes[0]?.[0]).toBe(`${header.id}/5`)
    expect(header.notes[0]?.[1]).toMatchObject({ code: 'UMBEL_CHORD_FAILED', cause: { message: 'a' } })
    const body = await notesOf(chord([add.s(1, 1)], onLoop.failAfter.s('body')).linkError(noteError))
    expect(body.notes).toEqual([[`${body.id}/3`, new RangeError('body'), expect.any(String)]])
  })

  test('a link given with the call replaces the links there', async () => {
    const app = openLocal()
    const result = add
      .s(1, 1)
      .link(note.s('stored'))
      .applyAsync({ link: note.s('call') } as never)
    await result.get()
    await app.stop({ deadline: '10s' })
    expect(noted()).toEqual([[2, 'call']])
  })
})

test('error callbacks are sent exactly once for each logical node, however canvases are nested', async () => {
  const onError = <S extends { linkError(callback: typeof noteId): S }>(signature: S): S => signature.linkError(noteId)
  const inner = chain(add.s(1, 1), onError(onLoop.failAfter.s('deep')), onError(add.s(1)))
  const canvas = chain(
    chord([inner, onError(add.s(1, 1)), onError(fail.s('wide'))], onError(sum.s())),
    onError(add.s(1)),
  )
  const { notes: seen } = await notesOf(canvas)
  // the step that failed and the member that failed; the steps of the body never began
  expect(seen).toHaveLength(2)
  expect(new Set(seen.flat()).size).toBe(2)
})

describe('when a header fails', () => {
  const failing = [fail.s('a'), fail.s('b'), add.s(1, 1)]
  const told = async (canvas: Pick<Signature<[], unknown>, 'data'>): Promise<number> =>
    (await notesOf(canvas)).notes.length

  test('a body that is a chain is told once, as a whole, and not its steps', async () => {
    expect(await told(chord(failing, chain(sum.s(), add.s(1)).linkError(noteId)))).toBe(1)
    expect(await told(chord(failing, chain(sum.s(), add.s(1))).linkError(noteError))).toBe(1)
    expect(await told(chain(chord(failing, sum.s()), add.s(1)).linkError(noteId))).toBe(1)
    expect(await told(chord(failing, chain(sum.s().linkError(noteId), add.s(1))))).toBe(0)
    expect(await told(chord(failing, chain(sum.s(), add.s(1).linkError(noteId))))).toBe(0)
  })

  test('the members of a body that is a group are told of nothing', async () => {
    expect(await told(chord(failing, group(sum.s(), sum.s())).linkError(noteId))).toBe(0)
    expect(await told(chord(failing, group(sum.s().linkError(noteId), sum.s())))).toBe(0)
  })

  test('nor is anything of a body that is a chord', async () => {
    const inner = chord([sum.s().linkError(noteId), sum.s()], sum.s()).linkError(noteId)
    expect(await told(chord(failing, inner))).toBe(0)
  })

  test('a chord that is never reached is told of nothing', async () => {
    const never = chord([add.s(1).linkError(noteId), add.s(2)], sum.s().linkError(noteId))
    expect(await told(chain(onLoop.failAfter.s(1, 'before'), never))).toBe(0)
  })
})

test('an error callback that is a group or a chord is given the failed task’s id, whatever its members take', async () => {
  const { id, notes: seen } = await notesOf(fail.s('x').linkError(group(note.s('one'), noteId.s())))
  expect(seen.sort()).toEqual([[id], [id, 'one']])
  const chorded = await notesOf(fail.s('x').linkError(chord([echo.s()], note.s('body'))))
  expect(chorded.notes).toEqual([[[[chorded.id]], 'body']])
})

test('a callback that could never run is refused as the task is sent', () => {
  openLocal()
  expect(() =>
    add
      .s(1, 1)
      .link(note.s('a').set({ lane: 'nowhere' }))
      .delay(),
  ).toThrow(expect.objectContaining({ code: 'UMBEL_UNKNOWN_LANE' }))
  expect(() =>
    add
      .s(1, 1)
      .linkError(note.s(() => 1))
      .delay(),
  ).toThrow(expect.objectContaining({ code: 'UMBEL_CANNOT_TRAVEL' }))
})

test('callbacks belong to the tree of their task: its id is their parent, its root theirs', async () => {
  const app = open()
  const done = next(app, 'task-success', ({ id }) => id.endsWith('.l0'))
  const result = chain(add.s(1, 1), add.s(1).link(onLoop.who)).delay()
  const { id } = await done
  expect(await (await app.result(id)).get()).toEqual({
    id: `${result.id}/1.l0`,
    parent: `${result.id}/1`,
    root: result.id,
    attempt: 1,
  })
  expect(await echo.delay(1).get()).toEqual([1])
})
