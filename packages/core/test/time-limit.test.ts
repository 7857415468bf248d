import { describe, expect, test } from 'vitest'
import { taskSignature } from '../src/canvas.ts'
import { setOptions, withCall } from '../src/canvas-parts.ts'
import { toCeleryJson } from '../src/celery-json.ts'
import { fromCeleryJson } from '../src/celery-json-read.ts'
import { limitsOver, type TimeLimit, timeLimits } from '../src/time-limit.ts'

describe('a time limit', () => {
  test.each<[TimeLimit, object]>([
    ['30s', { hard: 30_000 }],
    [1.5, { hard: 1.5 }],
    [{ hard: '1m' }, { hard: 60_000 }],
    [{ soft: '20s' }, { soft: 20_000 }],
    [
      { soft: '20s', hard: '30s' },
      { soft: 20_000, hard: 30_000 },
    ],
  ])('%j is read as milliseconds', (written, limits) => {
    expect(timeLimits(written, 'x')).toEqual({ soft: undefined, hard: undefined, ...limits })
  })

  test.each<[unknown, string]>([
    [0, 'x is 0'],
    [{ soft: 0, hard: 1 }, 'x.soft is 0'],
    [{ soft: '30s', hard: '30s' }, 'not under its hard one'],
    [{ soft: 2, hard: 1 }, 'a soft limit of 2 ms'],
    [{}, 'neither'],
    [null, 'null'],
    [[1], 'a list'],
    [{ soft: 1, hart: 2 }, 'no part hart. Did you mean "hard"?'],
  ])('%j is refused', (value, says) => {
    const error = { code: 'UMBEL_BAD_TIME_LIMIT', message: expect.stringContaining(says) }
    expect(() => timeLimits(value, 'x')).toThrow(expect.objectContaining(error))
  })

  test.each([
    -1,
    '-1s',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '1 parsec',
    true,
    undefined,
    { soft: '1' },
    { hard: {} },
  ])('of the length %j is refused', (value) => {
    expect(() => timeLimits(value, 'x')).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_DURATION' }))
  })

  test('that cannot even be looked at is refused', () => {
    const hostile = {
      get soft(): never {
        throw new Error('hostile')
      },
    }
    expect(() => timeLimits(hostile, 'x')).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_TIME_LIMIT' }))
  })

  test('goes over another one each limit for itself', () => {
    const own = { soft: 1, hard: 5 }
    expect(limitsOver({ soft: undefined, hard: 9 }, own)).toEqual({ soft: 1, hard: 9 })
    expect(limitsOver(undefined, own)).toBe(own)
    expect(limitsOver(own, undefined)).toBe(own)
    expect(limitsOver(undefined, undefined)).toBe(undefined)
  })
})

describe('the time limit of a signature', () => {
  const signed = (limit: TimeLimit) => setOptions(taskSignature({ task: 'a' }), { timeLimit: limit })

  test('set again, or given with the call, changes the limits it names', () => {
    expect(setOptions(signed('30s'), { timeLimit: { soft: '5s' } }).options.timeLimit).toEqual({
      hard: '30s',
      soft: '5s',
    })
    const called = withCall(signed({ soft: 1, hard: 2 }), [], {}, { timeLimit: '1m' })
    expect(called.options.timeLimit).toEqual({ soft: 1, hard: '1m' })
    expect(withCall(signed(5), [], {}, { priority: 1 }).options.timeLimit).toBe(5)
  })

  test("is soft_time_limit and time_limit in Celery's JSON, in seconds", () => {
    expect(toCeleryJson(signed({ soft: '1.5s', hard: '1m' })).options).toEqual({ soft_time_limit: 1.5, time_limit: 60 })
    expect(toCeleryJson(signed('1m')).options).toEqual({ time_limit: 60 })
    const back = (canvas: ReturnType<typeof signed>) => fromCeleryJson(JSON.parse(JSON.stringify(toCeleryJson(canvas))))
    for (const limit of [{ soft: 1_500, hard: 60_000 }, { hard: 7 }, { soft: 20 }])
      expect(back(signed(limit))).toEqual(signed(limit))
  })

  test.each([
    [{ time_limit: 'x' }, 'options.time_limit'],
    [{ soft_time_limit: {} }, 'options.soft_time_limit'],
  ])('is refused in JSON that has %j', (options, path) => {
    const json = { task: 'a', args: [], kwargs: {}, options }
    const error = { code: 'UMBEL_BAD_CANVAS', message: expect.stringContaining(path) }
    expect(() => fromCeleryJson(json)).toThrow(expect.objectContaining(error))
  })

  test('that Celery left out is none', () => {
    const json = { task: 'a', args: [], kwargs: {}, options: { time_limit: null, soft_time_limit: null } }
    expect(fromCeleryJson(json).options).toEqual({})
  })
})
