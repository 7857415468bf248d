import { describe, expect, test } from 'vitest'
import { chainOf, chordOf, chunksOf, groupOf, listGroupOf, mapSignature, taskSignature } from '../src/canvas.ts'
import { addLink, addLinkError, setImmutable, setOptions, withCall } from '../src/canvas-parts.ts'
import { toCeleryJson } from '../src/celery-json.ts'
import { fromCeleryJson } from '../src/celery-json-read.ts'
import type { Canvas } from '../src/signature.ts'
import { stampCanvas } from '../src/stamp.ts'

const t = (task: string, ...args: unknown[]): Canvas => taskSignature({ task, args })
const json = (task: string, kwargs: object = {}, more: object = {}): object => ({ task, args: [], kwargs, ...more })
const chain = (...tasks: unknown[]): object => json('celery.chain', { tasks }, { subtask_type: 'chain' })

describe('a canvas', () => {
  test.each<[string, Canvas]>([
    [
      'a task with all it can have',
      taskSignature({ task: 'a', args: [1, [null]], kwargs: { x: { y: 1 } }, immutable: true }),
    ],
    ['a map', setOptions(mapSignature('map', 'a', [1, 2]), { lane: 'low' })],
    ['chunks', chunksOf('a', [[1], [2], [3]], 2)],
    ['a chain of one', chainOf([t('a')])],
    [
      'an immutable chain with callbacks',
      addLinkError(addLink(setImmutable(chainOf([t('a'), t('b')]), true), t('c')), t('d')),
    ],
    ['a group made from a list of one', listGroupOf([t('a')])],
    ['a group with error callbacks', addLinkError(groupOf([t('a'), t('b')]), chainOf([t('c'), t('d')]))],
    [
      'a chord that was given arguments',
      withCall(chordOf([t('a'), groupOf([t('b')])], t('c')), [1], {}, { priority: 3 }),
    ],
    [
      'options of every kind',
      setOptions(t('a'), { id: 'x', countdown: 1_001, expires: 90_000, ignoreResult: true, priority: 9 }),
    ],
    [
      'headers',
      setOptions(t('a'), { headers: { tenant: 'a', on: [1, { x: null }], priority: 'a name of an option' } }),
    ],
    ['no headers at all', setOptions(t('a'), { headers: {} })],
    ['a stamped canvas', stampCanvas(addLinkError(groupOf([t('a'), chainOf([t('b')])]), t('c')), { tenant: 'a' })],
    ['moments', setOptions(t('a'), { eta: new Date(5), expires: new Date(6) })],
  ])('comes back as it was: %s', (_, canvas) => {
    expect(fromCeleryJson(JSON.parse(JSON.stringify(toCeleryJson(canvas))))).toEqual(canvas)
  })

  test('has seconds where ours are milliseconds, and names in snake case', () => {
    const options = { lane: 'low', countdown: '1m', expires: -5_000, ignoreResult: false, id: 'x' } as const
    const written = { queue: 'low', countdown: 60, expires: -5, ignore_result: false, task_id: 'x' }
    expect(toCeleryJson(setOptions(t('a'), options)).options).toEqual(written)
  })

  test('has its headers where Celery has stamps; those that are called like an option stand apart', () => {
    const options = { headers: { tenant: 'a', queue: 'mine' } }
    const written = { tenant: 'a', stamped_headers: ['tenant'], headers: { queue: 'mine' } }
    expect(toCeleryJson(setOptions(t('a'), options)).options).toEqual(written)
  })

  test.each<[string, Canvas, string]>([
    ['a Date', t('a', 1, new Date()), 'args[1]'],
    ['undefined deep in a member', groupOf([t('a'), t('b', [undefined])]), 'kwargs.tasks[1].args[0]'],
    ['an item of a map', mapSignature('map', 'a', [1, 2n]), 'kwargs.it[1]'],
  ])('says which argument JSON cannot carry: %s', (_, canvas, path) => {
    const named = expect.objectContaining({ code: 'UMBEL_CANNOT_TRAVEL', message: expect.stringContaining(path) })
    expect(() => toCeleryJson(canvas)).toThrow(named)
  })
})

describe('JSON from anywhere', () => {
  test.each<[string, unknown, string]>([
    ['nothing', null, 'The signature is null'],
    ['a list', [], 'The signature is a list'],
    ['no task', {}, 'task is undefined'],
    ['an empty name', json(''), 'task is ""'],
    ['a built-in task that is no canvas', json('celery.chian'), 'Did you mean "celery.chain"?'],
    ['another kind than its name says', json('a', {}, { subtask_type: 'chain' }), 'subtask_type is "chain"'],
    ['arguments that are no list', chain(json('a'), json('b', {}, { args: {} })), 'kwargs.tasks[1].args is an object'],
    ['keyword arguments that are a list', chain(json('a', [])), 'kwargs.tasks[0].kwargs is a list'],
    ['steps that are no list', json('celery.chain', { tasks: 'a' }, { subtask_type: 'chain' }), 'kwargs.tasks is "a"'],
    ['no body', json('celery.chord', { header: [] }, { subtask_type: 'chord' }), 'kwargs.body is undefined'],
    ['no size', json('celery.chunks', { task: json('a'), it: [], n: 0 }), 'kwargs.n is 0'],
    ['an immutable that is no boolean', json('a', {}, { immutable: 1 }), 'immutable is 1'],
    ['an unknown option', json('a', {}, { options: { pirority: 1 } }), 'options.pirority'],
    ['an option of a wrong kind', json('a', {}, { options: { countdown: '1' } }), 'options.countdown is "1"'],
    ['a callback that is none', json('a', {}, { options: { link: [1] } }), 'options.link[0] is 1'],
    ['a moment that is none', json('a', {}, { options: { eta: 'soon' } }), 'options.eta is "soon"'],
    ['headers that are a list', json('a', {}, { options: { headers: [] } }), 'options.headers is a list'],
    [
      'too many headers',
      json('a', {}, { options: { headers: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`h${i}`, i])) } }),
      'options.headers is a record of more than 64',
    ],
    [
      'a header too long',
      chain(json('a', {}, { options: { headers: { x: 'x'.repeat(2_000) } } })),
      'kwargs.tasks[0].options.headers.x',
    ],
    ['a stamp too long', json('a', {}, { options: { stamped_headers: ['x'], x: 'x'.repeat(2_000) } }), 'options.x is'],
    ['a name too long', json('a', {}, { options: { headers: { ['x'.repeat(257)]: 1 } } }), 'options.headers.xxx'],
    ['stamps that are no names', json('a', {}, { options: { stamped_headers: ['x', 1], x: 1 } }), 'stamped_headers[1]'],
    ['stamps that are no list', json('a', {}, { options: { stamped_headers: 'x', x: 1 } }), 'stamped_headers is "x"'],
    ['a header that is no JSON', json('a', {}, { options: { headers: { x: new Date() } } }), 'options.headers.x'],
    ['headers that could pollute', JSON.parse('{"task":"a","options":{"headers":{"__proto__":{"x":1}}}}'), 'headers'],
    [
      'stamps that could pollute',
      JSON.parse('{"task":"a","options":{"stamped_headers":["__proto__"],"__proto__":1}}'),
      'options',
    ],
    ['a value that is no JSON', json('a', {}, { args: [1, () => 1] }), 'args[1]'],
    ['a key that could pollute', JSON.parse('{"task":"a","kwargs":{"__proto__":{"x":1}}}'), 'kwargs'],
    ['options that could pollute', JSON.parse('{"task":"a","options":{"__proto__":{"x":1}}}'), 'options'],
  ])('is refused with the place where it is %s', (_, given, named) => {
    const coded = expect.objectContaining({ code: 'UMBEL_BAD_CANVAS', message: expect.stringContaining(named) })
    expect(() => fromCeleryJson(given)).toThrow(coded)
  })

  test('cannot say by its prototype what it does not say itself', () => {
    expect(() => fromCeleryJson(Object.create(json('a')))).toThrow('task is undefined')
  })

  test("may leave out what has a default, and say what only concerns Celery's transport", () => {
    const options = { reply_to: 'x', root_id: 'y', group_index: 1, countdown: null, link: json('b') }
    expect(fromCeleryJson({ task: 'a', options })).toEqual({ ...t('a'), options: { link: [t('b')] } })
  })

  test('may name a stamp that it does not have, or one that is an option: that is the option alone', () => {
    const options = { stamped_headers: ['gone', 'priority', 'toString'], priority: 3 }
    expect(fromCeleryJson({ task: 'a', options }).options).toEqual({ priority: 3, headers: {} })
  })

  test('is bounded in depth and in number', () => {
    let deep: object = json('a')
    for (let depth = 0; depth < 300; depth += 1) deep = chain(deep)
    expect(() => fromCeleryJson(deep)).toThrow(expect.objectContaining({ code: 'UMBEL_CANVAS_TOO_DEEP' }))
    const wide = chain(...Array.from({ length: 20 }, () => json('a')))
    expect(() => fromCeleryJson(wide, { nodes: 20 })).toThrow(
      expect.objectContaining({ code: 'UMBEL_CANVAS_TOO_LARGE' }),
    )
    expect(fromCeleryJson(wide, { nodes: 21, depth: 2 })).toMatchObject({ kind: 'chain' })
  })
})
