import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import {
  concatLists,
  decode,
  decodeOwned,
  EMPTY_LIST,
  type Encoded,
  encode,
  encodedSize,
  encodeList,
  encodeRest,
} from '../src/codec.ts'
import { UmbelError } from '../src/errors.ts'
import { TaskError } from '../src/task-error.ts'

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof UmbelError) return error.code
    throw error
  }
  return 'nothing thrown'
}

const messageOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing thrown'
}

/** Everything the codec promises to carry. */
const travellers = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withNullPrototype: true,
  maxDepth: 5,
  key: fc.oneof(fc.string(), fc.constantFrom('$', 'v', '__proto__', 'constructor', 'prototype', 'toJSON', '1', '0')),
})

/** Strict equality of values, -0 and holes included, that minds no prototype but reads every own key. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b)
  const kind = Object.prototype.toString.call(a)
  if (kind !== Object.prototype.toString.call(b)) return false
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime())
  if (a instanceof Map) return same([...a], [...(b as typeof a)])
  if (a instanceof Set) return same([...a], [...(b as typeof a)])
  const keys = Reflect.ownKeys(a)
  if (!same0(keys, Reflect.ownKeys(b))) return false
  return keys.every((key) => same(Reflect.get(a, key), Reflect.get(b, key)))
}
const same0 = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index])

// of a library of types that tests here do not have
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (of: object) => { buffer: ArrayBuffer } } })
  .WebAssembly
const whole = (bytes: Uint8Array) => ({ value: [bytes], bytes })
const twice = (bytes: Uint8Array) => ({ value: [bytes, { again: bytes }], bytes })
const partOf = (bytes: Uint8Array) => ({ value: [bytes.subarray(1)], bytes })

describe('a value', () => {
  it('comes back exactly, or is refused with UMBEL_CANNOT_TRAVEL', () => {
    let carried = 0
    const all = fc.oneof(
      travellers,
      fc.anything({ withBoxedValues: true, withSparseArray: true, withObjectString: true }),
    )
    fc.assert(
      fc.property(all, (value) => {
        let encoded: Encoded
        try {
          encoded = encode(value)
        } catch (error) {
          expect((error as UmbelError).code).toBe('UMBEL_CANNOT_TRAVEL')
          return
        }
        carried += 1
        const back = decode(encoded)
        expect(same(back, value)).toBe(true)
        expect(encode(back)).toEqual(encoded)
      }),
      { numRuns: 10_000 },
    )
    expect(carried).toBeGreaterThan(5000)
  })

  it('of a kind the codec knows is never refused', () => {
    fc.assert(
      fc.property(travellers, (value) => same(decode(encode(value)), value)),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['undefined at the top', undefined],
    ['undefined in a list and as a property', [undefined, { a: undefined }]],
    [
      'numbers JSON has no form for',
      [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324, 2 ** 53],
    ],
    ['dates', [new Date(0), new Date(8.64e15), new Date(Number.NaN)]],
    ['big integers', [0n, -1n, 2n ** 4000n, -(2n ** 70n)]],
    ['lone surrogates', ['\ud800', { '\udfff': 1 }]],
    ['keys that look like tags', { $: 'date', v: 1, deeper: { $: { $: 1 } } }],
    ['maps with keys that are objects', new Map<unknown, unknown>([[{ a: new Set([1n]) }, [new Map()]]])],
    ['text that looks like a tag', ['{"$":"date","v":1}', '"$"', '$']],
    ['a Float16Array', typeof Float16Array === 'undefined' ? [] : new Float16Array([1.5, -0])],
    ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
  ])('may be %s', (_what, value) => {
    expect(same(decode(encode(value)), value)).toBe(true)
  })

  it('may hold views of a part of a buffer, which come back with that part alone', () => {
    const buffer = new ArrayBuffer(64)
    new Uint8Array(buffer).forEach((_, index, all) => {
      all[index] = index
    })
    const back = decode(encode([new Float64Array(buffer, 8, 2), new DataView(buffer, 3, 5)])) as [
      Float64Array,
      DataView,
    ]
    expect(back[0]).toEqual(new Float64Array(buffer, 8, 2))
    expect(back[1].byteLength).toBe(5)
    expect(back[1].buffer.byteLength).toBe(5)
    expect(back[1].getUint8(0)).toBe(3)
  })

  it('that is a Buffer comes back as a Uint8Array', () => {
    const back = decode(encode({ body: Buffer.from('hello') })) as { body: Uint8Array }
    expect(Object.getPrototypeOf(back.body)).toBe(Uint8Array.prototype)
    expect(back.body).toEqual(new Uint8Array([104, 101, 108, 108, 111]))
  })

  it('from another realm is as good', () => {
    const value: unknown = runInNewContext(
      '({ list: [1, { a: undefined }], when: new Date(5), map: new Map([[1, new Set([2])]]), bytes: new Uint8Array([7]), error: new TypeError("x") })',
    )
    const back = decode(encode(value)) as Record<string, unknown>
    expect(back).toMatchObject({
      list: [1, { a: undefined }],
      when: new Date(5),
      map: new Map([[1, new Set([2])]]),
      bytes: new Uint8Array([7]),
    })
    expect(back.error).toBeInstanceOf(TypeError)
  })

  it('without a prototype comes back as a plain object', () => {
    const row = Object.assign(Object.create(null), { id: 1 })
    expect(Object.getPrototypeOf(decode(encode(row)))).toBe(Object.prototype)
    expect(Object.getPrototypeOf(decode(encode({ ...row, at: new Date(1) })))).toBe(Object.prototype)
  })

  it('may hold errors, which come back as their class', () => {
    const cause = Object.assign(new RangeError('inner'), { code: 'E_RANGE', tries: 3 })
    const back = decode(encode([new TypeError('outer', { cause })])) as [TypeError]
    expect(back[0]).toBeInstanceOf(TypeError)
    expect(back[0].cause).toBeInstanceOf(RangeError)
    expect(back[0].cause).toMatchObject({ message: 'inner', code: 'E_RANGE', tries: 3 })
  })

  it('may hold errors of classes of its own: known ones are revived, others become TaskErrors', () => {
    class QuotaError extends Error {
      readonly limit: number
      constructor(limit: number) {
        super(`over ${limit.toFixed()}`)
        this.limit = limit
      }
    }
    const encoded = encode({ error: new QuotaError(5) })
    const known = decode(encoded, new Map([['QuotaError', QuotaError]])) as { error: QuotaError }
    expect(known.error).toBeInstanceOf(QuotaError)
    expect(known.error.limit).toBe(5)
    const unknown = decode(encoded) as { error: TaskError }
    expect(unknown.error).toBeInstanceOf(TaskError)
    expect(unknown.error).toMatchObject({ remoteName: 'QuotaError', message: 'over 5', fields: { limit: 5 } })
  })

  it('met twice comes back as two copies', () => {
    const shared = { at: new Date(1) }
    const [a, b] = decode(encode([shared, shared])) as [object, object]
    expect(a).toEqual(b)
    expect(a).not.toBe(b)
  })

  it('is a snapshot: later changes to the original, and to what came out, reach nobody else', () => {
    const bytes = new Uint8Array([1, 2, 3])
    const list = [bytes]
    const encoded = encode(list)
    bytes[0] = 99
    const first = decode(encoded) as [Uint8Array]
    first[0][1] = 99
    expect(decode(encoded)).toEqual([new Uint8Array([1, 2, 3])])
  })

  it('whose bytes may move leaves its buffers empty, and is the same as a copy of it', () => {
    const value = () => ({ delays: new Int16Array([1, -2]), raw: new Uint8Array([3]).buffer, at: new Date(5) })
    const [copied, moved] = [value(), value()]
    const encoded = encode(moved, { bytes: 'moved' })
    expect(encoded).toEqual(encode(copied))
    expect([moved.delays.length, moved.raw.byteLength]).toEqual([0, 0])
    expect([copied.delays.length, copied.raw.byteLength]).toEqual([2, 1])
  })

  it.each<[string, () => { value: unknown; bytes: Uint8Array }]>([
    ['parts of a larger buffer', () => partOf(new Uint8Array([1, 2, 3]))],
    ['a buffer that stands in it twice', () => twice(new Uint8Array([1, 2]))],
    ['shared memory', () => whole(new Uint8Array(new SharedArrayBuffer(2)))],
    ['the memory of WebAssembly', () => whole(new Uint8Array(new Memory({ initial: 1 }).buffer))],
  ])('whose bytes may move keeps %s', (_, make) => {
    const { value, bytes } = make()
    const before = bytes.slice()
    const encoded = encode(value, { bytes: 'moved' })
    expect(bytes).toEqual(before)
    expect(encoded).toEqual(encode(value))
  })

  it('whose bytes may move keeps them where it is refused', () => {
    const bytes = new Uint8Array([1, 2])
    expect(codeOf(() => encode([bytes, () => 1], { bytes: 'moved' }))).toBe('UMBEL_CANNOT_TRAVEL')
    expect(codeOf(() => encode([bytes, 'x'.repeat(20)], { bytes: 'moved', maxBytes: 15 }))).toBe(
      'UMBEL_VALUE_TOO_LARGE',
    )
    expect(bytes).toEqual(new Uint8Array([1, 2]))
  })

  it('that its receiver owns is taken over without a copy where it can be', () => {
    const encoded = encode([new Uint8Array([1, 2])]) as { text: string; bytes: Uint8Array[] }
    expect((decodeOwned(encoded) as [Uint8Array])[0]).toBe(encoded.bytes[0])
    const pooled = { text: encoded.text, bytes: [Buffer.from([1, 2])] }
    const [taken] = decodeOwned(pooled) as [Uint8Array]
    expect(Object.getPrototypeOf(taken)).toBe(Uint8Array.prototype)
    expect(taken.buffer.byteLength).toBe(2)
  })
})

describe('a value that cannot travel is refused with its place', () => {
  class Account {
    balance = 1
  }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const revokedList = Proxy.revocable([], {})
  revokedList.revoke()
  const cyclic: { self?: unknown } = {}
  cyclic.self = { back: [cyclic] }
  const boom = (): never => {
    throw new Error('boom')
  }
  const endless: object = new Proxy({}, { getPrototypeOf: () => endless })
  it.each<[string, unknown, string]>([
    ['a function', { when: boom }, 'x.when is a function'],
    ['a function in a list', [0, [{ rows: [1, 2, 3, { when: boom }] }]], 'x[1][0].rows[3].when is a function'],
    ['a symbol', [Symbol('s')], 'x[0] is a symbol'],
    ['a key that is a symbol', { a: { [Symbol('k')]: 1 } }, 'x.a has a key that is a symbol'],
    ['an instance of a class', { a: new Account() }, 'x.a is an instance of Account'],
    ['an object made of another', Object.create({ a: 1 }), 'x is an object of kind Object'],
    ['a promise', [Promise.resolve()], 'x[0] is an instance of Promise'],
    ['a regular expression', [/x/], 'x[0] is an instance of RegExp'],
    ['a weak map', [new WeakMap()], 'x[0] is an instance of WeakMap'],
    ['a boxed number', [Object(1)], 'x[0] is an instance of Number'],
    ['a boxed string', [Object('s')], 'x[0] is an instance of String'],
    ['shared memory', new SharedArrayBuffer(4), 'x is an instance of SharedArrayBuffer'],
    ['a subclass of Map', new (class Cache extends Map {})(), 'x is an instance of Cache'],
    ['a subclass of Array', new (class Rows extends Array {})(), 'x is an instance of Rows'],
    [
      'a Date with a property',
      Object.assign(new Date(0), { zone: 'UTC' }),
      'x is an instance of Date with properties of its own',
    ],
    [
      'a list with a property',
      { a: Object.assign([1], { total: 1 }) },
      'x.a is a list with properties beside its items',
    ],
    ['a match', 'abc'.match(/b/), 'x is a list with properties beside its items'],
    ['a hole', [Object.assign([1], { 2: 3 })], 'x[0][1] is a hole'],
    ['a list that is all hole', new Array(2 ** 32 - 1), 'x[0] is a hole'],
    ['a cycle', cyclic, 'x.self.back[0] is cyclic'],
    ['a getter that throws', { a: { get bad() { return boom() } } }, 'x.a.bad could not be read'], // biome-ignore format: one a line
    ['a proxy whose traps throw', { a: new Proxy({}, { ownKeys: boom }) }, 'x.a could not be read'],
    ['a proxy whose every trap throws', [new Proxy({}, { getPrototypeOf: boom })], 'x[0] could not be read'],
    ['a revoked proxy', { a: revoked.proxy }, 'x.a could not be read'],
    ['a revoked proxy of a list', { a: revokedList.proxy }, 'x.a could not be read'],
    ['a proxy with prototypes without end', endless, 'x could not be read'],
    ['a view of a buffer that is gone', detachedView(), 'x.view could not be read'],
    ['a toJSON that throws', { toJSON: boom }, 'x.toJSON is a function'],
    ['a key of a map', new Map([[boom, 1]]), 'x.entries[0].key is a function'],
    ['a value of a map', new Map([[1, { a: boom }]]), 'x.entries[0].value.a is a function'],
    ['a member of a set', new Set([1, boom]), 'x.values[1] is a function'],
    ['under a key that is no name', { 'a b': boom }, 'x["a b"] is a function'],
    ['a getter that throws one of our own', { get a() { throw new UmbelError('UMBEL_TIMEOUT', 'x') } }, 'x.a could not be read'], // biome-ignore format: one a line
  ])('%s', (_what, value, place) => {
    expect(codeOf(() => encode(value, { path: 'x' }))).toBe('UMBEL_CANNOT_TRAVEL')
    expect(messageOf(() => encode(value, { path: 'x' }))).toContain(place)
  })

  function detachedView(): unknown {
    const view = new DataView(new ArrayBuffer(8))
    structuredClone(view.buffer, { transfer: [view.buffer] })
    return { view }
  }

  it('what toJSON or a non-enumerable toJSON would say is never asked', () => {
    const sly = Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'forged' })
    expect(decode(encode(sly))).toEqual({ a: 1 })
  })

  it('a getter that gives another thing each time is refused, or what it gave at some time travels', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    const answers = [1, cycle, 1, () => 1]
    const sly = {
      get next() {
        return answers.shift()
      },
    }
    expect(codeOf(() => encode(sly))).toBe('UMBEL_CANNOT_TRAVEL')
    expect(decode(encode(sly))).toEqual({})
  })

  it('a proxy that gives its keys in an order of its own keeps its bytes apart', () => {
    const target = { 2: new Uint8Array([2]), b: new Uint8Array([3]) }
    const value = new Proxy(target, { ownKeys: () => ['b', '2'] })
    expect(decode(encode(value))).toEqual(target)
  })
})

describe('bounds', () => {
  it('refuses nesting past 200 levels, and carries 200', () => {
    const nest = (levels: number, inner: unknown): unknown => {
      let value = inner
      for (let level = 0; level < levels; level += 1) value = [value]
      return value
    }
    expect(decode(encode(nest(200, 1)))).toEqual(nest(200, 1))
    expect(codeOf(() => encode(nest(201, 1)))).toBe('UMBEL_VALUE_TOO_DEEP')
    expect(codeOf(() => encode(nest(200, new Date(1))))).toBe('UMBEL_VALUE_TOO_DEEP')
    expect(codeOf(() => encode(nest(100_000, 1)))).toBe('UMBEL_VALUE_TOO_DEEP')
    let maps: unknown = 1
    for (let level = 0; level < 200; level += 1) maps = new Map([[0, maps]])
    expect(same(decode(encode(maps)), maps)).toBe(true)
  })

  it('refuses what is too large, and says its size, the bound and the option', () => {
    const error = messageOf(() => encode(['x'.repeat(200)], { maxBytes: 100, path: 'args' }))
    expect(error).toContain('args has a size of at least 20')
    expect(error).toContain('allows 100')
    expect(error).toContain('values.maxBytes')
    expect(codeOf(() => encode(new Uint8Array(101), { maxBytes: 100 }))).toBe('UMBEL_VALUE_TOO_LARGE')
    expect(codeOf(() => encode('x'.repeat(99), { maxBytes: 100 }))).toBe('UMBEL_VALUE_TOO_LARGE')
    expect(encode('x'.repeat(98), { maxBytes: 100 })).toHaveLength(100)
    expect(codeOf(() => encode('\u0000'.repeat(50), { maxBytes: 100 }))).toBe('UMBEL_VALUE_TOO_LARGE')
  })

  it('holds exactly: what is within the bound is carried, what is over it refused', () => {
    fc.assert(
      fc.property(travellers, (value) => {
        const size = encodedSize(encode(value))
        expect(encodedSize(encode(value, { maxBytes: size }))).toBe(size)
        expect(codeOf(() => encode(value, { maxBytes: size - 1 }))).toBe('UMBEL_VALUE_TOO_LARGE')
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['lists', 'x' as unknown],
    ['lists with a date', new Date(1)],
  ])('refuses a billion laughs in %s before it is told', (_what, leaf) => {
    let value: unknown = leaf
    for (let level = 0; level < 40; level += 1)
      value = [value, value, value, value, value, value, value, value, value, value]
    const before = performance.now()
    expect(codeOf(() => encode(value))).toBe('UMBEL_VALUE_TOO_LARGE')
    expect(performance.now() - before).toBeLessThan(here(1000))
  })

  it('refuses text longer than V8 can hold', () => {
    const half = 'x'.repeat(2 ** 28)
    expect(codeOf(() => encode([half, half], { maxBytes: 2 ** 31 }))).toBe('UMBEL_VALUE_TOO_LARGE')
  })
})

describe('encoded lists', () => {
  const items = fc.array(travellers, { maxLength: 6 })

  it('are made of encoded items as if the items had been encoded together', () => {
    fc.assert(
      fc.property(items, (list) => same(decode(encodeList(list.map((one) => encode(one)))), list)),
      { numRuns: 2000 },
    )
  })

  it('join to the list of both', () => {
    fc.assert(
      fc.property(items, items, (a, b) => same(decode(concatLists(encode(a), encode(b))), [...a, ...b])),
      { numRuns: 2000 },
    )
  })

  it('have an empty one, which changes nothing', () => {
    expect(decode(EMPTY_LIST)).toEqual([])
    expect(encode([])).toBe(EMPTY_LIST)
    expect(concatLists(EMPTY_LIST, '[1]')).toBe('[1]')
    expect(concatLists('[1]', EMPTY_LIST)).toBe('[1]')
  })

  it('refuse to join what is no list', () => {
    expect(codeOf(() => concatLists('{"a":1}', '[1]'))).toBe('UMBEL_BAD_VALUE')
    expect(codeOf(() => concatLists('[1]', ''))).toBe('UMBEL_BAD_VALUE')
  })
})

describe('text that encode did not make', () => {
  it.each([
    '',
    '{',
    'undefined',
    '{"$":"nonsense"}',
    '{"$":"constructor"}',
    '{"$":{"$":"date"}}',
    '{"$":"date","v":"x"}',
    '{"$":"number","v":"12"}',
    '{"$":"bigint","v":"1; drop"}',
    '{"$":"bigint","v":""}',
    '{"$":"map","v":[[1]]}',
    '{"$":"map","v":[1]}',
    '{"$":"set","v":{"length":1}}',
    '{"$":"object","v":[1]}',
    '{"$":"object"}',
    '{"$":"bytes","v":"Uint8Array"}',
    `${'{"$":"set","v":['.repeat(5000)}1${']}'.repeat(5000)}`,
  ])('is refused: %s', (text) => {
    expect(codeOf(() => decode(text))).toBe('UMBEL_BAD_VALUE')
  })

  it('is refused where binary parts are missing, left over, of another kind or no list', () => {
    const bytes = [new Uint8Array(3)]
    expect(codeOf(() => decode({ text: '[]', bytes }))).toBe('UMBEL_BAD_VALUE')
    expect(codeOf(() => decode({ text: '{"$":"bytes","v":"Float64Array"}', bytes }))).toBe('UMBEL_BAD_VALUE')
    expect(codeOf(() => decode({ text: '{"$":"bytes","v":"Function"}', bytes }))).toBe('UMBEL_BAD_VALUE')
    for (const broken of [
      undefined,
      null,
      5,
      {},
      { text: 5, bytes },
      { text: '1' },
      { text: '{"$":"bytes","v":"Uint8Array"}', bytes: [5] },
    ]) {
      expect(codeOf(() => decode(broken as unknown as Encoded))).toBe('UMBEL_BAD_VALUE')
    }
  })

  it('never reaches a prototype', () => {
    const texts = [
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}',
      '{"a":{"$":"undefined"},"__proto__":{"admin":{"$":"date","v":1}}}',
      '{"$":"object","v":{"__proto__":{"admin":true},"$":1}}',
      '{"$":"error","v":{"name":"__proto__","fields":"{\\"__proto__\\":{\\"admin\\":true}}"}}',
    ]
    for (const text of texts) {
      const value = decode(text) as Record<string, unknown>
      expect(value.admin).toBeUndefined()
      expect(({} as Record<string, unknown>).admin).toBeUndefined()
      if (value instanceof Error) continue
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      expect(Object.hasOwn(value, '__proto__')).toBe(true)
    }
  })

  it('is data or UMBEL_BAD_VALUE, whatever it is', () => {
    const names = fc.constantFrom(
      'undefined',
      'number',
      'bigint',
      'date',
      'map',
      'set',
      'object',
      'bytes',
      'error',
      'x',
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue(),
        fc.record({ $: names, v: tie('tree') }, { requiredKeys: ['$'] }),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.record({
          name: fc.string(),
          message: tie('tree'),
          fields: tie('tree'),
          cause: tie('tree'),
          errors: tie('tree'),
        }),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        const code = codeOf(() => decode(JSON.stringify(value)))
        expect(['nothing thrown', 'UMBEL_BAD_VALUE']).toContain(code)
        expect(({} as Record<string, unknown>).admin).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })
})

it('a list of few numbers is written and read as any list', () => {
  const number = fc.oneof(fc.nat(), fc.integer(), fc.double(), fc.constantFrom(0, -0, 1e21, 999_999_999, 1_000_000_000))
  const element = fc.oneof({ weight: 5, arbitrary: number }, fc.constant(undefined), fc.string(), fc.uint8Array())
  fc.assert(
    fc.property(fc.array(element, { maxLength: 8 }), fc.nat(60), (list, maxBytes) => {
      const encoded = encode(list)
      expect(decode(encoded)).toEqual(list)
      if (list.every((one) => Number.isFinite(one) && !Object.is(one, -0))) expect(encoded).toBe(JSON.stringify(list))
      expect(encodeRest(list)).toEqual(encoded)
      if (encodedSize(encoded) > maxBytes)
        for (const write of [encode, encodeRest])
          expect(codeOf(() => write(list, { maxBytes }))).toBe('UMBEL_VALUE_TOO_LARGE')
      else for (const write of [encode, encodeRest]) expect(write(list, { maxBytes })).toEqual(encoded)
    }),
  )
})

it.each(['[', ']', '[,]', '[1,]', '[,1]', '[01]', '[1', '[1 2]', '[1,,2]', '[-]'])('%s is no list', (text) => {
  expect(() => decode(text)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_VALUE' }))
})

it.each([
  '[ 1 ]',
  '[1, 2]',
  '[-1]',
  '[1.5]',
  '[[1]]',
  '["1"]',
  '[]',
  '[1234567890]',
  '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]',
])('%s is read as JSON has it', (text) => {
  expect(decode(text)).toEqual(JSON.parse(text))
})
