import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { codedError, type ErrorData, fromErrorData, toErrorData } from '../src/error-data.ts'
import { ERRORS, UmbelError, umbelError } from '../src/errors.ts'
import { TaskError } from '../src/task-error.ts'

const throwing = (): never => {
  throw new Error('boom')
}

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const hostile = new Proxy(new Error('x'), {
  get: throwing,
  has: throwing,
  ownKeys: throwing,
  getPrototypeOf: throwing,
  getOwnPropertyDescriptor: throwing,
})

describe('whatever is thrown', () => {
  const cyclic = new Error('cyclic')
  cyclic.cause = cyclic
  Object.assign(cyclic, { self: cyclic, list: [cyclic, cyclic] })
  const bare = Object.assign(new Error('bare'), {})
  Object.setPrototypeOf(bare, null)
  it.each<[string, unknown, RegExp]>([
    ['null', null, /threw null/],
    ['undefined', undefined, /threw undefined/],
    ['a number', 42, /threw 42/],
    ['NaN', Number.NaN, /threw NaN/],
    ['a boolean', false, /threw false/],
    ['a big integer', 10n ** 100n, /threw a bigint/],
    ['a symbol', Symbol('s'), /threw a symbol/],
    ['a function', throwing, /threw a function/],
    ['a text', 'disk full', /^disk full$/],
    ['an empty text', '', /^$/],
    ['an object', { status: 500 }, /threw an object/],
    ['an object with a message', { message: 'from elsewhere' }, /^from elsewhere$/],
    ['an object without a prototype', Object.create(null), /threw an object/],
    ['an instance of a class', new (class Response {})(), /threw an instance of Response/],
    ['a promise', Promise.resolve(), /threw an instance of Promise/],
    ['a hostile toString', { toString: throwing, [Symbol.toPrimitive]: throwing }, /threw an object/],
    ['a revoked proxy', revokedProxy(), /cannot be read/],
    ['a proxy whose traps throw', hostile, /cannot be read/],
    ['a frozen error', Object.freeze(new TypeError('frozen')), /^frozen$/],
    ['an error without a prototype', bare, /./],
    ['a cycle', cyclic, /^cyclic$/],
    [
      'getters that throw',
      Object.defineProperties(new Error('x'), { message: { get: throwing }, stack: { get: throwing } }),
      /^$/,
    ],
    ['a message that is none', Object.assign(new Error('x'), { message: { toString: throwing } }), /^$/],
  ])('%s becomes data that survives JSON and says what it was', (_what, thrown, message) => {
    const data = toErrorData(thrown)
    expect(data.message).toMatch(message)
    expect(JSON.parse(JSON.stringify(data))).toEqual(data)
    expect(JSON.stringify(data).length).toBeLessThan(400_000)
    expect(fromErrorData(data)).toBeInstanceOf(Error)
  })

  it('that is no error has the code that says so, and comes along where it can travel', () => {
    for (const thrown of [null, undefined, 5, 'text', { status: 500 }]) {
      expect(toErrorData(thrown).code).toBe('UMBEL_HANDLER_THREW_NOTHING')
      expect(fromErrorData(toErrorData(thrown))).toBeInstanceOf(UmbelError)
    }
    expect(fromErrorData(toErrorData({ status: 500 }))).toMatchObject({ details: { thrown: { status: 500 } } })
  })

  it('becomes data without throwing, quickly and of bounded size', () => {
    const things = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withBoxedValues: true,
    })
    fc.assert(
      fc.property(things, things, things, (thrown, cause, field) => {
        const error = Object.assign(new Error('x', { cause }), { field })
        for (const data of [toErrorData(thrown), toErrorData(error)]) {
          expect(JSON.parse(JSON.stringify(data))).toEqual(data)
          expect(fromErrorData(data)).toBeInstanceOf(Error)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is cut where it is 50 MB long, and keeps the frames of its stack', () => {
    const data = toErrorData(new RangeError('m'.repeat(50_000_000)))
    expect(data.message).toHaveLength(65_536)
    expect(data.stack?.length).toBeLessThanOrEqual(65_536)
    expect(data.stack).toContain('error-data.test')
    const text = toErrorData('t'.repeat(50_000_000))
    expect(text.message).toHaveLength(65_536)
    const wide = new Error('x')
    for (let key = 0; key < 100_000; key += 1) Object.assign(wide, { [`k${key}`]: 'v'.repeat(20) })
    expect(JSON.stringify(toErrorData(wide)).length).toBeLessThan(200_000)
    const heavy = new Error('x')
    for (let key = 0; key < 200; key += 1) Object.assign(heavy, { [`k${key}`]: 'v'.repeat(2000) })
    expect(toErrorData(heavy).fields?.length).toBeGreaterThan(60_000)
    expect(toErrorData(heavy).fields?.length).toBeLessThan(70_000)
  })

  it('is cut at 8 causes, and at 64 errors in all', () => {
    let chain = new Error('0')
    for (let depth = 1; depth < 100; depth += 1) chain = new Error(String(depth), { cause: chain })
    let depth = 0
    for (let data: ErrorData | undefined = toErrorData(chain).cause; data !== undefined; data = data.cause) depth += 1
    expect(depth).toBe(8)
    let bush: Error = new Error('leaf')
    for (let level = 0; level < 8; level += 1)
      bush = Object.assign(new AggregateError([bush, bush, bush, bush]), { a: bush, b: [bush, bush] })
    const before = performance.now()
    expect(JSON.stringify(toErrorData(bush)).split('"message"').length).toBeLessThan(70)
    expect(performance.now() - before).toBeLessThan(here(1000))
  })

  it('is described quickly where it has many fields that cannot travel', () => {
    const error = new Error('x')
    const large = Array.from({ length: 200_000 }, (_, index) => index)
    for (let key = 0; key < 5_000; key += 1) Object.assign(error, { [`k${key}`]: large })
    const before = performance.now()
    expect(toErrorData(error).fields).toBeUndefined()
    expect(performance.now() - before).toBeLessThan(here(1000))
  })
})

describe('an error', () => {
  class QuotaError extends RangeError {
    readonly limit: number
    readonly #secret: string
    constructor(limit: number, secret: string) {
      super(`over ${limit.toFixed()} ${secret.length}`)
      this.limit = limit
      this.#secret = secret
    }
    get double(): number {
      return this.limit * 2
    }
    secret(): string {
      return this.#secret
    }
  }
  class NamedError extends Error {
    override readonly name = 'EBADTHING'
  }

  it('keeps the fields that can travel, and drops the others', () => {
    const error = Object.assign(new Error('x'), {
      code: 'E_X',
      when: new Date(5),
      tries: 3,
      socket: throwing,
      body: new Uint8Array(3),
      $: 1,
    })
    const back = fromErrorData(toErrorData(error))
    expect(back).toMatchObject({ code: 'E_X', when: new Date(5), tries: 3, message: 'x' })
    expect(Object.keys(back).sort()).toEqual(['code', 'tries', 'when'])
  })

  it.each([Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError])(
    'of a built-in class comes back as it: %o',
    (Class) => {
      const error = new Class('x', { cause: new Class('inner') })
      const back = fromErrorData(toErrorData(error))
      expect(Object.getPrototypeOf(back)).toBe(Class.prototype)
      expect(back.name).toBe(error.name)
      expect(back.message).toBe('x')
      expect(back.stack).toBe(error.stack)
      expect(Object.getPrototypeOf(back.cause)).toBe(Class.prototype)
      expect(Object.keys(back)).toEqual([])
    },
  )

  it('that is an AggregateError comes back with its errors', () => {
    const back = fromErrorData(toErrorData(new AggregateError([new TypeError('a'), 'b'], 'both'))) as AggregateError
    expect(back).toBeInstanceOf(AggregateError)
    expect(back.errors[0]).toBeInstanceOf(TypeError)
    expect(back.errors.map((one: Error) => one.message)).toEqual(['a', 'b'])
  })

  it('of Umbel comes back with its code and details', () => {
    const error = umbelError('UMBEL_VALUE_TOO_LARGE', 'args is large.', { details: { size: 5 } })
    const back = fromErrorData(toErrorData(error))
    expect(back).toBeInstanceOf(UmbelError)
    expect(back).toMatchObject({
      name: 'UmbelError',
      code: 'UMBEL_VALUE_TOO_LARGE',
      message: error.message,
      details: { size: 5 },
    })
    const forged = fromErrorData({ name: 'UmbelError', code: 'constructor', message: '' })
    expect(forged).not.toBeInstanceOf(UmbelError)
  })

  it('of a known class comes back as that class, and its constructor does not run', () => {
    const back = fromErrorData(
      toErrorData(new QuotaError(7, 'hush')),
      new Map([['QuotaError', QuotaError]]),
    ) as QuotaError
    expect(back).toBeInstanceOf(QuotaError)
    expect(back).toBeInstanceOf(RangeError)
    expect(back.limit).toBe(7)
    expect(back.double).toBe(14)
    expect(back.message).toBe('over 7 4')
    expect(Object.prototype.toString.call(back)).toBe('[object Error]')
    expect(() => back.secret()).toThrow(TypeError)
  })

  it('whose instances have a name of their own is known by its class all the same', () => {
    const back = fromErrorData(toErrorData(new NamedError('x')), new Map([['NamedError', NamedError]]))
    expect(back).toBeInstanceOf(NamedError)
    expect(back.name).toBe('EBADTHING')
    expect(fromErrorData(toErrorData(new NamedError('x')))).toMatchObject({
      name: 'EBADTHING',
      remoteName: 'NamedError',
    })
  })

  it('whose name comes from a getter of its class keeps it: a DOMException', () => {
    const back = fromErrorData(toErrorData(new DOMException('late', 'TimeoutError')))
    expect(back).toBeInstanceOf(TaskError)
    expect(back).toMatchObject({ name: 'TimeoutError', remoteName: 'DOMException', message: 'late' })
  })

  it('of an unknown class becomes a TaskError with everything that was known', () => {
    const error = Object.assign(new QuotaError(7, 'hush'), { code: 'E_QUOTA' })
    error.cause = new TypeError('inner')
    const back = fromErrorData(toErrorData(error))
    expect(back).toBeInstanceOf(TaskError)
    expect(back).toMatchObject({
      name: 'QuotaError',
      message: 'over 7 4',
      code: 'E_QUOTA',
      fields: { limit: 7 },
      remoteStack: error.stack,
    })
    expect(back.cause).toBeInstanceOf(TypeError)
  })

  it('tells the same after any number of hops', () => {
    const error = Object.assign(new QuotaError(7, 'hush'), { code: 'E_QUOTA', when: new Date(5) })
    error.cause = umbelError('UMBEL_TIMEOUT', 'Late.', { cause: new AggregateError([new NamedError('y')]) })
    const first = toErrorData(error)
    const second = toErrorData(fromErrorData(first))
    expect(second).toEqual(first)
    const third = fromErrorData(second, new Map([['QuotaError', QuotaError]]))
    expect(third).toBeInstanceOf(QuotaError)
    expect((third as QuotaError).limit).toBe(7)
  })

  it('of a code alone reads like one that was thrown', () => {
    const data = codedError('UMBEL_REVOKED', 'Task x was revoked.')
    expect(data.message).toBe(`Task x was revoked. ${ERRORS.UMBEL_REVOKED.nextStep}`)
    expect(fromErrorData(data)).toBeInstanceOf(UmbelError)
    expect(fromErrorData(data)).toMatchObject({
      code: 'UMBEL_REVOKED',
      details: {},
      stack: `UmbelError: ${data.message}`,
    })
  })
})

describe('error data that was tampered with', () => {
  it('gives an error with what can be read, and never throws', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('name', 'message', 'code', 'stack', 'fields', 'cause', 'errors', 'className'),
          fc.jsonValue(),
        ),
        (data) => {
          expect(fromErrorData(data)).toBeInstanceOf(Error)
        },
      ),
    )
    for (const data of [null, undefined, 5, 'x', []]) expect(fromErrorData(data)).toBeInstanceOf(Error)
  })

  it('reaches no class by the name of something inherited, and no prototype', () => {
    for (const name of ['__proto__', 'constructor', 'Function', 'Object', 'process', 'toString']) {
      const back = fromErrorData({
        name,
        message: 'x',
        fields: '{"__proto__":{"admin":true},"message":"forged","constructor":1}',
      })
      expect(back).toBeInstanceOf(TaskError)
      expect(back.message).toBe('x')
      expect((back as unknown as { admin?: unknown }).admin).toBeUndefined()
    }
    const native = fromErrorData({
      name: 'TypeError',
      message: 'x',
      fields: '{"__proto__":{"admin":true},"message":"forged"}',
    })
    expect(native.message).toBe('x')
    expect(Object.getPrototypeOf(native)).toBe(TypeError.prototype)
    expect(({} as Record<string, unknown>).admin).toBeUndefined()
  })

  it('is cut where its causes are nested without end', () => {
    const text = `${'{"name":"Error","message":"x","cause":'.repeat(50_000)}{}${'}'.repeat(50_000)}`
    expect(fromErrorData(JSON.parse(text))).toBeInstanceOf(Error)
  })

  it('whose class is none gives a TaskError', () => {
    const classes = new Map([['Odd', (() => undefined) as unknown as new () => Error]])
    expect(fromErrorData({ name: 'Odd', message: 'x' }, classes)).toBeInstanceOf(TaskError)
    const plain = new Map([['Odd', class Odd {} as unknown as new () => Error]])
    expect(fromErrorData({ name: 'Odd', message: 'x' }, plain)).toBeInstanceOf(TaskError)
  })
})
