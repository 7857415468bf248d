import { describe, expect, test } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { chainOf, chordOf, chunksOf, groupOf, listGroupOf, mapSignature, pipeOf, taskSignature } from '../src/canvas.ts'
import {
  addLink,
  addLinkError,
  chunkMembers,
  membersOf,
  replaceParts,
  setImmutable,
  setOptions,
  settleOptions,
  withCall,
} from '../src/canvas-parts.ts'
import type { Canvas, ChainSignature, ChordSignature } from '../src/signature.ts'

const t = (task: string, ...args: unknown[]): Canvas => taskSignature({ task, args })
const si = (task: string, ...args: unknown[]): Canvas => taskSignature({ task, args, immutable: true })

/** A canvas in a line: `a(1) | group(b, c)`, immutable ones with a `!`, callbacks as `+link` and `-link`. */
function line(canvas: Canvas): string {
  const { link = [], linkError = [] } = canvas.options
  return (
    shape(canvas) +
    (canvas.kind === 'chain' && canvas.immutable ? '!' : '') +
    link.map((one) => `+${line(one)}`).join('') +
    linkError.map((one) => `-${line(one)}`).join('')
  )
}
function shape(canvas: Canvas): string {
  switch (canvas.kind) {
    case 'task':
      return `${canvas.task}${canvas.immutable ? '!' : ''}${canvas.args.length > 0 ? `(${canvas.args.join()})` : ''}`
    case 'chain':
      return `[${canvas.steps.map(line).join(' | ')}]`
    case 'group':
      return `group(${canvas.members.map(line).join(', ')})`
    case 'chord':
      return `chord(${canvas.header.map(line).join(', ')} => ${line(canvas.body)})`
    default:
      return `${canvas.kind} ${canvas.task} ${JSON.stringify(canvas.items)}`
  }
}

describe('chainOf', () => {
  const [a, b, c, d] = [t('a'), t('b'), t('c'), t('d')]

  test.each<[string, Canvas, string]>([
    ['flattens chains among its steps', chainOf([chainOf([a, b]), chainOf([c, d])]), '[a | b | c | d]'],
    ['may have one step', chainOf([a]), '[a]'],
    ['is the group when there is nothing else', chainOf([groupOf([a, b])]), 'group(a, b)'],
    ['makes a group that a step follows a chord', chainOf([a, groupOf([b, c]), d]), '[a | chord(b, c => d)]'],
    ['makes a group in front a chord', chainOf([groupOf([a, b]), c]), 'chord(a, b => c)'],
    ['lets a chord take the steps after it into its body', chainOf([groupOf([a, b]), c, d]), 'chord(a, b => [c | d])'],
    ['keeps a group at the end', chainOf([a, groupOf([b, c])]), '[a | group(b, c)]'],
    ['unrolls a group written with one member', chainOf([groupOf([a]), b, groupOf([c])]), '[a | b | c]'],
    ['keeps a group made from a list', chainOf([a, listGroupOf([b]), c]), '[a | chord(b => c)]'],
    ['unrolls a member that is a chain', chainOf([a, groupOf([chainOf([b, c])]), d]), '[a | b | c | d]'],
    [
      'keeps two chords side by side',
      chainOf([a, chordOf([b], c), chordOf([b], d)]),
      '[a | chord(b => c) | chord(b => d)]',
    ],
    [
      'nests what fans out again into the body',
      chainOf([a, groupOf([b, b]), c, groupOf([b, b]), d]),
      '[a | chord(b, b => [c | chord(b, b => d)])]',
    ],
    ['lets an empty group through as a chord without header', chainOf([a, groupOf([]), b]), '[a | chord( => b)]'],
  ])('%s', (_, canvas, expected) => expect(line(canvas)).toBe(expected))

  test('puts what was linked to a nested chain on its last step, and error links on every step', () => {
    const inner = addLinkError(addLink(chainOf([a, b]), t('ok')), t('bad'))
    expect(line(inner)).toBe('[a | b]+ok-bad')
    expect(line(chainOf([inner, c]))).toBe('[a-bad | b+ok-bad | c]')
  })

  test('is linear: 100,000 steps, and 100,000 members, take no time that grows with their square', () => {
    const steps = Array.from({ length: 100_000 }, (_, index) => t('step', index))
    const started = performance.now()
    const chain = chainOf([groupOf(steps), t('body'), ...steps])
    expect(performance.now() - started).toBeLessThan(here(5_000))
    expect(chain.kind === 'chord' && chain.body.kind === 'chain' && chain.body.steps.length).toBe(100_001)
  })

  test('refuses to nest deeper than a plan may be', () => {
    const steps = Array.from({ length: 1_100 }, () => [groupOf([a, b]), c]).flat()
    expect(() => chainOf(steps)).toThrow(expect.objectContaining({ code: 'UMBEL_CANVAS_TOO_DEEP' }))
  })
})

describe('pipeOf', () => {
  const [a, b, c, d] = [t('a'), t('b'), t('c'), t('d')]

  test.each<[string, Canvas, string]>([
    ['makes a chain of two tasks', pipeOf(a, b), '[a | b]'],
    ['puts a step after a chain', pipeOf(pipeOf(a, b), c), '[a | b | c]'],
    ['puts a chain after a task', pipeOf(a, chainOf([b, c])), '[a | b | c]'],
    ['makes a chord of a group of one in front', pipeOf(groupOf([a]), b), 'chord(a => b)'],
    ['unrolls a group of one behind', pipeOf(a, groupOf([b])), '[a | b]'],
    ['gives a chain as body to a group', pipeOf(groupOf([a, b]), chainOf([c, d])), 'chord(a, b => [c | d])'],
    ['grows the body of a chord', pipeOf(pipeOf(chordOf([a, b], c), d), a), 'chord(a, b => [c | d | a])'],
    ['puts a chain behind a chord', pipeOf(chordOf([a], b), chainOf([c, d])), '[chord(a => b) | c | d]'],
    ['fans out behind a chord', pipeOf(chordOf([a], b), groupOf([c, d])), '[chord(a => b) | group(c, d)]'],
    ['hands links of a chain down before another task', pipeOf(addLink(pipeOf(a, b), d), c), '[a | b+d | c]'],
    [
      'keeps links of a chain that ends in a group for the whole',
      pipeOf(addLinkError(addLink(pipeOf(a, groupOf([b, c])), d), d), a),
      '[a | chord(b, c => a)]+d-d',
    ],
    [
      'and of one that ends in a chord',
      pipeOf(addLink(chainOf([a, groupOf([b, c]), d]), d), a),
      '[a | chord(b, c => [d | a])]+d',
    ],
    [
      'hands links down before another group, to the first member of one at the end',
      pipeOf(addLink(pipeOf(a, groupOf([b, c])), d), groupOf([a, b])),
      '[a | group(b+d!, c) | group(a, b)]',
    ],
    ['joins that again', pipeOf(pipeOf(chordOf([a], b), groupOf([c, d])), a), '[chord(a => [b | chord(c, d => a)])]'],
  ])('%s', (_, canvas, expected) => expect(line(canvas)).toBe(expected))
})

describe('groups and chords', () => {
  const [a, b, c] = [t('a'), t('b'), t('c')]

  test('a group of one group is that group', () => expect(line(groupOf([groupOf([a, b])]))).toBe('group(a, b)'))

  test('groups right among members are flattened as they run, in order, with their options', () => {
    const inner = setOptions(groupOf([b, groupOf([c])]), { lane: 'low' })
    const members = membersOf([a, inner, a])
    expect(members.map(line)).toEqual(['a', 'b', 'c', 'a'])
    expect(members.map(({ options }) => options.lane)).toEqual([undefined, 'low', 'low', undefined])
  })

  test('a header is a list, a group, or one canvas', () => {
    expect([chordOf([a, b], c), chordOf(groupOf([a, b]), c), chordOf(a, c)].map(line)).toEqual([
      'chord(a, b => c)',
      'chord(a, b => c)',
      'chord(a => c)',
    ])
  })

  test('chunks are starmaps of so many items', () => {
    const chunks = chunksOf('a', [[1], [2], [3]], 2)
    expect(chunkMembers(chunks).map(line)).toEqual(['starmap a [[1],[2]]', 'starmap a [[3]]'])
    expect(membersOf([t('b'), chunks]).map(line)).toEqual(['b', 'starmap a [[1],[2]]', 'starmap a [[3]]'])
    expect(() => chunksOf('a', [], 0)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_CANVAS' }))
  })
})

describe('withCall', () => {
  const called = (canvas: Canvas): string => line(withCall(canvas, [9], {}, {}))

  test.each<[string, string, string]>([
    ['puts arguments before those given', called(t('a', 1)), 'a(9,1)'],
    ['gives an immutable signature none', called(si('a', 1)), 'a!(1)'],
    ['gives a map none', called(mapSignature('map', 'a', [1])), 'map a [1]'],
    ['gives the first step of a chain all', called(chainOf([t('a'), t('b')])), '[a(9) | b]'],
    [
      'gives every member of a group all',
      called(groupOf([t('a'), si('b'), chainOf([t('c'), t('d')])])),
      'group(a(9), b!, [c(9) | d])',
    ],
    [
      'gives the header of a chord all',
      line(settleOptions(withCall(chordOf([t('a'), t('b')], t('c')), [9], {}, {}) as ChordSignature)),
      'chord(a(9), b(9) => c)',
    ],
    ['gives an immutable chain none', called(setImmutable(chainOf([t('a'), t('b')]), true)), '[a | b]!'],
  ])('%s', (_, got, expected) => expect(got).toBe(expected))

  test('lets the keywords and options of the call win', () => {
    const signature = taskSignature({ task: 'a', kwargs: { x: 1, y: 1 }, options: { lane: 'low', priority: 1 } })
    const { kwargs, options } = withCall(signature, [], { y: 2 }, { lane: 'high' }) as typeof signature
    expect([kwargs, options]).toEqual([
      { x: 1, y: 2 },
      { lane: 'high', priority: 1 },
    ])
  })

  test('replaces stored links by those of the call', () => {
    expect(line(withCall(addLink(t('a'), t('old')), [], {}, { link: [t('new')] }))).toBe('a+new')
  })

  test.each([groupOf([t('a')]), chordOf([t('a')], t('c'))])('refuses links on a $kind, as Celery does', (canvas) => {
    const refused = expect.objectContaining({ code: 'UMBEL_BAD_OPTION' })
    expect(() => withCall(canvas, [], {}, { link: [t('b')] })).toThrow(refused)
  })

  test('changes nothing it was given, and gives frozen data', () => {
    const group = groupOf([t('a', 1)])
    const copy = structuredClone(group)
    const called = withCall(group, [9], { x: 1 }, { lane: 'low' })
    expect(group).toEqual(copy)
    const open: object[] = [called]
    for (const value of open) {
      expect(Object.isFrozen(value)).toBe(true)
      for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) open.push(inner)
    }
  })
})

describe('what else is given to a canvas', () => {
  test('replaceParts swaps instead of merging, immutable or not', () => {
    const signature = taskSignature({
      task: 'a',
      args: [1],
      kwargs: { x: 1 },
      options: { lane: 'low' },
      immutable: true,
    })
    expect(replaceParts(signature, { args: [2], kwargs: {} })).toEqual({ ...signature, args: [2], kwargs: {} })
    expect(replaceParts(signature, { options: { priority: 3 } })).toEqual({ ...signature, options: { priority: 3 } })
    const chain = replaceParts(chainOf([t('a', 1), t('b', 1)]), { args: [2] })
    expect(line(settleOptions(chain as ChainSignature))).toBe('[a(2,1) | b(1)]')
    expect(line(replaceParts(groupOf([t('a', 1), t('b', 1)]), { args: [2] }))).toBe('group(a(2), b(2))')
  })

  test('a callback that is the same is kept once', () => {
    const at = new Date(5)
    expect(line([t('cb', at), t('cb', new Date(5)), t('cb', 7)].reduce(addLink, t('a')))).toBe(`a+cb(${at})+cb(7)`)
  })

  test('a group links its first member to an immutable copy; error links reach every member', () => {
    expect(line(addLink(groupOf([t('a'), t('b')]), t('cb', 1)))).toBe('group(a+cb!(1), b)')
    expect(line(addLinkError(groupOf([t('a'), t('b')]), t('cb')))).toBe('group(a-cb, b-cb)')
    expect(() => addLink(groupOf([]), t('cb'))).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_CANVAS' }))
  })

  test('a chord links its body; chords in its header are told of errors too', () => {
    const chord = chordOf([t('a'), chordOf([t('b')], t('c'))], t('d'))
    expect(line(addLinkError(addLink(chord, t('ok')), t('bad')))).toBe('chord(a, chord(b => c-bad) => d+ok-bad)')
  })

  test('setImmutable reaches members, the header, and the first step', () => {
    const [a, b] = [t('a'), t('b')]
    expect(
      [a, groupOf([a, b]), chordOf([a, b], a), chainOf([a, b])].map((canvas) => line(setImmutable(canvas, true))),
    ).toEqual(['a!', 'group(a!, b!)', 'chord(a!, b! => a)', '[a | b]!'])
    expect(line(setImmutable(si('a', 1), false))).toBe('a(1)')
  })

  test('options of a chain reach the steps they concern as it is planned', () => {
    const options = {
      lane: 'low',
      countdown: 5,
      ignoreResult: true,
      id: 'chosen',
      link: [t('ok')],
      linkError: [t('bad')],
    } as const
    const chain = settleOptions(
      setOptions(chainOf([t('a'), groupOf([t('b'), t('c')])]), options) as Canvas & { kind: 'chain' },
    )
    expect(line(chain)).toBe('[a-bad | group(b+ok-bad, c+ok-bad)]')
    expect(chain.options).toEqual({ id: 'chosen' })
    expect(chain.steps.map(({ options }) => [options.lane, options.countdown, options.ignoreResult])).toEqual([
      ['low', 5, undefined],
      ['low', undefined, true],
    ])
  })

  test('options of a chord go to its header, to its body or to both', () => {
    const chord = setOptions(chordOf([t('a')], t('b')), {
      priority: 9,
      countdown: 5,
      ignoreResult: true,
      link: [t('ok')],
    })
    const { header, body } = settleOptions(chord as Canvas & { kind: 'chord' })
    expect(header[0]?.options).toEqual({ priority: 9, countdown: 5 })
    expect(body.options).toEqual({ priority: 9, ignoreResult: true, link: [t('ok')] })
  })
})
