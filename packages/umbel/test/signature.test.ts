import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chain, chord, group } from '../src/canvas.ts'
import { defineTasks } from '../src/define-tasks.ts'
import { type LiveApp, liveApps } from '../src/live-apps.ts'
import type { Call } from '../src/sender.ts'

const { add, sum, text } = defineTasks('sign', {
  add: (_ctx, a: number, b: number) => a + b,
  sum: (_ctx, numbers: number[]) => numbers.length,
  text: (_ctx, a: number) => String(a),
})

const sent: { readonly canvas: unknown; readonly call: Call }[] = []
const app: LiveApp = {
  name: 'recorder',
  has: (task) => task.startsWith('sign.'),
  delay: (canvas, call) => {
    sent.push({ canvas, call })
    return { id: `${sent.length}` }
  },
  send: async (canvas, call) => app.delay(canvas, call),
}
beforeEach(() => void liveApps.add(app))
afterEach(() => {
  liveApps.delete(app)
  sent.length = 0
})

const call = (args: readonly unknown[] = [], kwargs = {}, options = {}): Call => ({ args, kwargs, options })

describe('a task', () => {
  test('signs calls as plain data: all arguments, some, or none', () => {
    const signature = { kind: 'task', task: 'sign.add', args: [], kwargs: {}, options: {}, immutable: false }
    expect([add.s(1, 2), add.s(2), add.s(), add].map(({ data }) => data)).toEqual([
      { ...signature, args: [1, 2] },
      { ...signature, args: [2] },
      signature,
      signature,
    ])
    expect(add.si(1, 2).data).toEqual({ ...signature, args: [1, 2], immutable: true })
  })

  test('signs maps and chunks', () => {
    expect(text.map([1, 2]).data).toEqual({ kind: 'map', task: 'sign.text', items: [1, 2], options: {} })
    expect(add.starmap([[1, 2]]).data).toEqual({ kind: 'starmap', task: 'sign.add', items: [[1, 2]], options: {} })
    const chunks = add.chunks([[1, 2], [3, 4], [5, 6]], 2).data // biome-ignore format: one line
    expect(chunks).toEqual({ kind: 'chunks', task: 'sign.add', items: [[1, 2], [3, 4], [5, 6]], size: 2, options: {} }) // biome-ignore format: one line
    const parts = add.chunks([[1, 2], [3, 4], [5, 6]], 2).group().data // biome-ignore format: one line
    expect(parts).toMatchObject({ kind: 'group', members: [{ items: [[1, 2], [3, 4]] }, { items: [[5, 6]] }] }) // biome-ignore format: one line
  })

  test('is a signature itself: set, link and pipe give new ones and leave it as it was', () => {
    const before = structuredClone(add.data)
    expect(add.set({ lane: 'high' }).data.options).toEqual({ lane: 'high' })
    expect(add.link(text.s()).linkError(text.s()).onError(text.s(1)).data.options).toEqual({
      link: [text.s().data],
      linkError: [text.s().data, text.s(1).data],
    })
    expect(add.pipe(text.s()).data).toEqual({ kind: 'chain', steps: [add.data, text.s().data], options: {} })
    expect(add.data).toEqual(before)
  })
})

describe('a signature', () => {
  test('merges with clone, and swaps with replace', () => {
    const signature = add.s(2).set({ lane: 'low', priority: 1 })
    expect(signature.clone([1], { x: 1 }, { lane: 'high' }).data).toMatchObject({
      args: [1, 2],
      kwargs: { x: 1 },
      options: { lane: 'high', priority: 1 },
    })
    expect(signature.replace({ args: [5], options: { lane: 'high' } }).data).toMatchObject({
      args: [5],
      options: { lane: 'high' },
    })
  })

  test('can be made to ignore what comes before, and to take it again', () => {
    expect(add.s(1).setImmutable(true).data).toMatchObject({ immutable: true })
    expect(add.si(1, 2).setImmutable(false).data).toMatchObject({ immutable: false })
  })

  test('refuses an option that does not exist, and names the one meant', () => {
    const wrong = { lan: 'high' } as object
    for (const act of [
      () => add.s(1).set(wrong),
      () => add.s(1, 2).applyAsync(wrong),
      () => add.s(1).clone([], {}, wrong),
    ]) {
      expect(act).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }))
    }
  })

  test('is sent by the app that registered its task, with the arguments of the call', async () => {
    add.s(2).delay(1)
    await add.s(2).send(1)
    add.s(2).applyAsync({ args: [1], kwargs: {}, countdown: '1s', link: text.s(), linkError: [text.s()] })
    expect(sent.map(({ canvas }) => canvas)).toEqual([add.s(2).data, add.s(2).data, add.s(2).data])
    expect(sent.map(({ call }) => call)).toEqual([
      call([1]),
      call([1]),
      call([1], {}, { countdown: '1s', link: [text.s().data], linkError: [text.s().data] }),
    ])
  })

  test('is refused where no app, or more than one, has registered its task', () => {
    liveApps.add({ ...app, name: 'other' })
    expect(() => add.delay(1, 2)).toThrow(expect.objectContaining({ code: 'UMBEL_AMBIGUOUS_APP' }))
    liveApps.clear()
    expect(() => chain(add.s(1, 2), text.s()).delay()).toThrow(expect.objectContaining({ code: 'UMBEL_NO_APP' }))
    expect(() => group([]).delay()).toThrow(expect.objectContaining({ code: 'UMBEL_NO_APP' }))
  })
})

describe('canvases', () => {
  test('chain, group and chord compose data; lists and single arguments are the same but for a group of one', () => {
    const [a, b] = [text.s(1), text.s(2)]
    expect(chain([a, add.si(1, 2)]).data).toEqual(chain(a, add.si(1, 2)).data)
    expect(group([a, b]).data).toEqual(group(a, b).data)
    expect(group([a]).data).toEqual({ ...group(a).data, list: true })
    expect(chord([a, b], sum.si([])).data).toEqual(chord(group(a, b), sum.si([])).data)
    expect(chain(group(add.s(1, 2)), text.s()).data).toMatchObject({ kind: 'chain' })
    expect(chain(group([add.s(1, 2)]), sum.s()).data).toMatchObject({ kind: 'chord', header: [add.s(1, 2).data] })
    expect(chain(chain(add.s(1, 2), group([add.s(1)])), sum.s()).data).toMatchObject({ steps: [{}, { kind: 'chord' }] })
  })

  test('send what they are made of, by the app of their first task', () => {
    chain(add.s(1), text.s()).delay(5)
    group(add.s(1), add.s(2)).delay(5)
    chord([add.s(1)], sum.s()).delay(5)
    expect(sent.map(({ call }) => call.args)).toEqual([[5], [5], [5]])
  })
})

test('a list that a canvas is made of is taken as it is, and holes in it count for nothing', () => {
  const holed = [add.s(1, 2), add.s(3, 4), add.s(5, 6)]
  delete holed[1]
  const members = [add.s(1, 2).data, add.s(5, 6).data]
  expect(group(holed).data).toMatchObject({ members })
  expect(chord(holed as never, sum.s() as never).data).toMatchObject({ header: members })
  expect(group(add.s(1, 2), add.s(5, 6)).data).toMatchObject({ members })
  expect(holed).toHaveLength(3)
})
