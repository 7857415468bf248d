import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainOf, chordOf, groupOf, mapSignature, taskSignature } from '../src/canvas.ts'
import { stampedCallbacks } from '../src/canvas-options.ts'
import { addLink, addLinkError, setOptions, withCall } from '../src/canvas-parts.ts'
import { toCeleryJson } from '../src/celery-json.ts'
import { fromCeleryJson } from '../src/celery-json-read.ts'
import { compilePlan } from '../src/compile-plan.ts'
import { badHeaders, checkedHeaders, headersMatch, type TaskHeaders } from '../src/headers.ts'
import type { Plan, PlanNode } from '../src/plan.ts'
import { commonHeaders } from '../src/plan-walk.ts'
import type { Canvas } from '../src/signature.ts'
import { stampCanvas } from '../src/stamp.ts'
import { anyCanvas, planOfOne, sig } from './model.ts'

const stamps = { tenant: 'a', of: { request: [1, null] } } as const
const own: TaskHeaders = { tenant: 'b', more: true }

/** A canvas with callbacks, in which every third part has headers of its own. */
const anyLinked = fc
  .tuple(anyCanvas, anyCanvas, anyCanvas, fc.infiniteStream(fc.nat(5)))
  .map(([canvas, link, failed, picks]): Canvas => {
    const marked = (part: Canvas): Canvas => {
      const { value: pick } = picks.next()
      const options = { ...(pick === 0 && { headers: own }), ...(pick === 1 && { link: [link], linkError: [failed] }) }
      switch (part.kind) {
        case 'chain':
          return { ...part, steps: part.steps.map(marked), options }
        case 'group':
          return { ...part, members: part.members.map(marked), options: pick === 0 ? options : {} }
        case 'chord':
          return {
            ...part,
            header: part.header.map(marked),
            body: marked(part.body),
            options: pick === 0 ? options : {},
          }
        default:
          return { ...part, options }
      }
    }
    return marked(canvas)
  })
  .filter(isSound)

/** Whether a canvas can be planned: one that ends in a group without members has nothing to link a callback to. */
function isSound(canvas: Canvas): boolean {
  try {
    return headersIn(canvas).length >= 0
  } catch {
    return false
  }
}

/** The headers of every task of a plan, callbacks included. */
function headersIn(canvas: Canvas): (TaskHeaders | undefined)[] {
  const seen: (TaskHeaders | undefined)[] = []
  const planOf = (whole: Canvas): Plan =>
    compilePlan(whole, {
      task: (signature) => {
        const { headers, link, linkError } = signature.options
        seen.push(headers)
        const callbacks = [...stampedCallbacks(link, headers), ...stampedCallbacks(linkError, headers)]
        callbacks.forEach(planOf)
        return planOfOne(signature.task, {}).nodes[0] as never
      },
      errorCallbacks: (callbacks) => callbacks.map((callback) => ({ plan: planOf(callback), takes: 1 })),
    })
  planOf(canvas)
  return seen
}

const sorted = (canvas: Canvas): string[] =>
  headersIn(canvas)
    .map((headers) => JSON.stringify(Object.entries(headers ?? {}).sort()))
    .sort()

describe('a stamped canvas', () => {
  test('has the stamp on every task, callbacks included, unless it is set there already', () => {
    fc.assert(
      fc.property(anyLinked, (canvas) => {
        for (const headers of headersIn(stampCanvas(canvas, stamps))) {
          expect(headers).toMatchObject({ of: stamps.of })
          expect(headers?.tenant).toBe(headers?.more === true ? headers.tenant : 'a')
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('comes to what headers set on the whole come to', () => {
    fc.assert(
      fc.property(anyLinked, (canvas) => {
        const outer = { ...canvas, options: { ...canvas.options, headers: { ...stamps, ...canvas.options.headers } } }
        expect(sorted(outer)).toEqual(sorted(stampCanvas(canvas, stamps)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('is the same stamped twice, and in JSON there and back', () => {
    fc.assert(
      fc.property(anyLinked, (canvas) => {
        const once = stampCanvas(canvas, stamps)
        expect(stampCanvas(once, stamps)).toEqual(once)
        expect(fromCeleryJson(JSON.parse(JSON.stringify(toCeleryJson(once))))).toEqual(once)
      }),
      { numRuns: 1_000 },
    )
  })

  test('has it on its tasks alone, as Celery writes it', () => {
    // recorded from Celery 5.6: sig.stamp(tenant='a'); the body of a chord it leaves out
    const options = { tenant: 'a', stamped_headers: ['tenant'] }
    const a = taskSignature({ task: 'a' })
    const task = { ...toCeleryJson(a), options }
    const json = (canvas: Canvas): unknown => toCeleryJson(stampCanvas(canvas, { tenant: 'a' }))
    expect(json(a)).toEqual(task)
    expect(json(chainOf([a, a]))).toMatchObject({ options: {}, kwargs: { tasks: [task, task] } })
    expect(json(setOptions(groupOf([a, a]), { headers: { tenant: 'a' } }))).toMatchObject({
      options: {},
      kwargs: { tasks: [task, task] },
    })
    expect(json(chordOf([a], a))).toMatchObject({ options: {}, kwargs: { header: [task], body: task } })
    expect(json(addLinkError(addLink(a, a), a))).toMatchObject({
      options: { ...options, link: [task], link_error: [task] },
    })
    expect(json(addLink(chainOf([a, a]), a))).toMatchObject({ options: { link: [task] } })
    expect(json(mapSignature('map', 'a', [1]))).toMatchObject({ options, kwargs: { task: { options: {} } } })
  })

  test('shares one object among 100,000 members', () => {
    const group = stampCanvas(groupOf(Array.from({ length: 100_000 }, (_, index) => sig('a', [index]))), stamps)
    expect(new Set(headersIn(group)).size).toBe(1)
    const outer = setOptions(groupOf([sig('a'), chainOf([sig('b'), sig('c')])]), { headers: stamps })
    expect(headersIn(outer).every((headers) => headers === stamps)).toBe(true)
  })

  test('changes nothing of what it was made from', () => {
    const plain = chordOf([sig('a')], addLink(sig('b'), sig('c')))
    const text = JSON.stringify(plain)
    stampCanvas(plain, stamps)
    expect(JSON.stringify(plain)).toBe(text)
  })

  test('may have 400 groups in a row, and stands in as many places as it likes; one within itself is refused', () => {
    const row = chainOf(Array.from({ length: 400 }, () => [groupOf([sig('a'), sig('b')]), sig('c')]).flat())
    expect(headersIn(stampCanvas(row, stamps))).toHaveLength(1_200)
    let many: Canvas = sig('a')
    for (let level = 0; level < 60; level += 1) many = chainOf([groupOf([many, many])])
    expect(stampCanvas(many, stamps).kind).toBe('group')
    const members: Canvas[] = [sig('a')]
    const loop: Canvas = { kind: 'group', members, options: {} }
    members.push(loop)
    expect(() => stampCanvas(loop, stamps)).toThrow(expect.objectContaining({ code: 'UMBEL_CANVAS_TOO_DEEP' }))
  })
})

const cycle: unknown[] = []
cycle.push(cycle)

describe('headers', () => {
  test('set with `set` win over those already set, name by name; those of a call do not', () => {
    const first = setOptions(sig('a'), { headers: { tenant: 'a', x: 1 } })
    expect(setOptions(first, { headers: own }).options.headers).toEqual({ tenant: 'b', more: true, x: 1 })
    expect(withCall(first, [], {}, { headers: own }).options.headers).toEqual({ tenant: 'a', more: true, x: 1 })
  })

  test("of a chord's body reach the error callbacks that are told of its header", () => {
    const body = addLinkError(setOptions(sig('b'), { headers: stamps }), sig('e'))
    const seen: unknown[] = []
    compilePlan(chordOf([sig('a')], body), {
      task: () => planOfOne('a', {}).nodes[0] as never,
      errorCallbacks: (callbacks) => {
        seen.push(...callbacks.map(({ options }) => options.headers))
        return []
      },
    })
    expect(seen).toEqual([stamps])
  })

  test('are taken as a frozen copy, once', () => {
    const given = { tenant: 'a', list: [{ x: 1 }] }
    const headers = checkedHeaders(given, badHeaders)
    given.list.push({ x: 2 })
    expect(headers).toEqual({ tenant: 'a', list: [{ x: 1 }] })
    expect(Object.isFrozen((headers.list as object[])[0])).toBe(true)
    expect(checkedHeaders(headers, badHeaders)).toBe(headers)
  })

  test.each<[string, unknown, string]>([
    ['no record', 'a', 'headers is no record'],
    ['a list', ['a'], 'headers is no record'],
    ['null', null, 'headers is no record'],
    ['a Map, whose entries nobody would see', new Map([['tenant', 'a']]), 'headers is no record'],
    ['too many', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [index, 1])), 'more than 64'],
    ['a function', { run: () => 1 }, 'headers.run'],
    ['a Date', { at: new Date() }, 'headers.at'],
    ['undefined', { tenant: undefined }, 'headers.tenant'],
    ['a cycle', { x: cycle }, 'headers.x'],
    ['an empty name', { '': 1 }, 'no name of a header'],
    ['a long value', { x: 'é'.repeat(1_023) }, 'headers.x'],
    ['a key that could pollute', JSON.parse('{"__proto__":1}'), 'headers.__proto__'],
  ])('are refused with their name: %s', (_, given, named) => {
    const coded = expect.objectContaining({ code: 'UMBEL_BAD_OPTION', message: expect.stringContaining(named) })
    expect(() => checkedHeaders(given, badHeaders)).toThrow(coded)
  })

  test('match where all that is asked for is there with the same value', () => {
    expect(headersMatch(stamps, { tenant: 'a' })).toBe(true)
    expect(headersMatch(stamps, { of: { request: [1, null] } })).toBe(true)
    expect(headersMatch(stamps, { tenant: 'a', more: true })).toBe(false)
    expect(headersMatch(undefined, { toString: 'x' } as never)).toBe(false)
  })

  test('that all tasks of a plan have are those of the whole', () => {
    const all = (...some: (TaskHeaders | undefined)[]): TaskHeaders | undefined =>
      commonHeaders(
        some.map((headers) => planOfOne('a', headers === undefined ? {} : { headers }).nodes[0] as PlanNode),
      )
    expect(all({ tenant: 'a', x: 1 }, { x: 2, tenant: 'a' }, { tenant: 'a' })).toEqual({ tenant: 'a' })
    expect([all(stamps, stamps), all(), all(stamps, undefined)]).toEqual([stamps, undefined, undefined])
  })
})
