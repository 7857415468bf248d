import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { arityOf } from '../src/arity.ts'

type Handler = (...args: never[]) => unknown
const made = (source: string): Handler => new Function(`return ${source}`)() as Handler
const ANY = Number.POSITIVE_INFINITY

/** Each form of function with the same parameters. */
const FORMS: Readonly<Record<string, (parameters: string) => string>> = {
  arrow: (parameters) => `(${parameters}) => 1`,
  'arrow with a body': (parameters) => `(${parameters}) => { return (1, 2) }`,
  'async arrow': (parameters) => `async (${parameters}) => 1`,
  function: (parameters) => `function (${parameters}) { return 1 }`,
  'named function': (parameters) => `function name$1(${parameters}) {}`,
  'async function': (parameters) => `async function (${parameters}) {}`,
  generator: (parameters) => `function* name(${parameters}) {}`,
  'async generator': (parameters) => `async function* (${parameters}) {}`,
  method: (parameters) => `({ name(${parameters}) {} }).name`,
  'async method': (parameters) => `({ async name(${parameters}) {} }).name`,
  'generator method': (parameters) => `({ * name(${parameters}) {} }).name`,
  'computed method': (parameters) => `({ ['a(b,c)' + (1, 2)](${parameters}) {} })['a(b,c)2']`,
  'quoted method': (parameters) => `({ 'a(b, c) =>'(${parameters}) {} })['a(b, c) =>']`,
  'method called class': (parameters) => `({ class(${parameters}) {} }).class`,
  'method called async': (parameters) => `({ async(${parameters}) {} }).async`,
  'static method': (parameters) => `(class { static name(${parameters}) {} }).name`,
  setter: (parameters) => `({ function(${parameters}) {} }).function`,
  'commented function': (parameters) => `function /* ( a, b */ name // (c\n (${parameters}) {}`,
}

/** Parameters, and how many positional arguments they take after the first. */
const PARAMETERS: readonly (readonly [string, number, number])[] = [
  ['', 0, 0],
  ['ctx', 0, 0],
  ['ctx,', 0, 0],
  ['ctx, a', 1, 1],
  ['ctx, a, b', 2, 2],
  ['ctx, a, b,', 2, 2],
  ['ctx, a = 1', 0, 1],
  ['ctx, a, b = 1, c = 2', 1, 3],
  ['ctx, a = 1, b', 2, 2],
  ['ctx = {}, a', 1, 1],
  ['...all', 0, ANY],
  ['ctx, ...rest', 0, ANY],
  ['ctx, a, ...rest', 1, ANY],
  ['ctx, a, b = 2, ...[c, d]', 1, ANY],
  ['{ id, signal }, a', 1, 1],
  ['{ id = (1, 2), ...others } = { id: [1, 2] }, [a, b = 5, ...c] = [1, 2], d', 2, 2],
  ['ctx, { a = ")", b: { c } = { c: "," } } = {}, d = 1', 0, 2],
  ["ctx, a = \"),(\", b = '\\'),'", 0, 2],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source code
  ['ctx, a = `),${[1, 2, `}${")"}`].join(",")}(`, b', 2, 2],
  ['ctx, a = /[)/,"(]\\/,\\(/g, b', 2, 2],
  ['ctx, a = 6 / 2, b = (4) / 2 / 1, c', 3, 3],
  ['ctx, a = [6][0] / 2 / 1, b', 2, 2],
  ['ctx, a = typeof /,/, b', 2, 2],
  ['ctx /* , x = 1 */, a // , b\n, c', 2, 2],
  ['ctx, a = (x, y = 3) => x == y, b', 2, 2],
  ['ctx, a = ctx === 1 || ctx >= 2, b', 2, 2],
  ['ctx, a = function (x, y) { return { x, y } }, b', 2, 2],
  ['ctx, a = class { m(x, y) { if (x) { return "}" } } }, b', 2, 2],
  ['ctx, a = () => { return /\\)/.test(")") }, b', 2, 2],
  ['ctx         , rows           , table        ', 2, 2],
  ['\n  ctx,\n  größe,\n  $b_1,\n', 2, 2],
]

describe('the arity of a handler', () => {
  for (const [form, write] of Object.entries(FORMS)) {
    it.each(PARAMETERS)(`${form} (%s) takes %s to %s`, (parameters, min, max) => {
      expect(arityOf(made(write(parameters)))).toEqual({ min, max })
    })
  }

  it.each<[string, number, number]>([
    ['ctx => 1', 0, 0],
    ['async ctx => 1', 0, 0],
    ['async => 1', 0, 0],
    ['$ => ($, 1)', 0, 0],
    ['ctx /* , a */ => 1', 0, 0],
  ])('%s takes %s to %s', (source, min, max) => {
    expect(arityOf(made(source))).toEqual({ min, max })
  })

  it('of a function whose source says nothing has no upper end', () => {
    const two = (_ctx: unknown, _a: unknown, _b: unknown): void => {}
    expect(arityOf(two.bind(null))).toEqual({ min: 2, max: ANY })
    expect(arityOf(Math.max)).toEqual({ min: 1, max: ANY })
    expect(arityOf(new Proxy(two, {}))).toEqual({ min: 2, max: ANY })
    expect(arityOf(class { x(_a: unknown): void {} } as unknown as Handler)).toEqual({ min: 0, max: ANY }) // biome-ignore format: one a line
    expect(arityOf(Object.defineProperty((_c: unknown) => 1, 'length', { value: 3 }))).toEqual({ min: 2, max: ANY })
    expect(arityOf(Object.defineProperty((_c: unknown) => 1, 'length', { value: Number.POSITIVE_INFINITY }))).toEqual({
      min: 0,
      max: ANY,
    })
  })

  it('of a function whose source is read wrong has no upper end', () => {
    // only a parser knows that this is a regular expression and no division
    const source = '(ctx, a = function () { if (1) /\\)}\\)/.test("x") }, b) => 1'
    expect(arityOf(made(source))).toEqual({ min: 0, max: ANY })
    expect(arityOf(made('class extends (Object) { constructor(ctx) { super() } }'))).toEqual({ min: 0, max: ANY })
  })

  it('agrees with how the parameters were put together', () => {
    const defaults = fc.constantFrom(
      '1',
      '"a,b)"',
      '[1, 2]',
      '{ a: 1, b: [2] }',
      '(1, 2)',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source code
      '`${[1, 2]},`',
      '/[,)]/',
      '(x, y) => x',
      '6 / 2',
      '() => ({})',
    )
    const pattern = fc.constantFrom(
      'NAME',
      '{ a: NAME }',
      '[NAME, ...OTHER]',
      '{ a: NAME = (1, 2), b: { c: OTHER } = {} }',
    )
    const parameter = fc.record({ pattern, value: fc.option(defaults, { nil: undefined }) })
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(FORMS)),
        fc.array(parameter, { maxLength: 5 }),
        fc.boolean(),
        fc.constantFrom(', ', ' /* ) */, ', ',\n// (\n'),
        (write, parameters, rest, comma) => {
          const texts = parameters.map(({ pattern, value }, index) => {
            const text = pattern.replace('NAME', `n${index}`).replace('OTHER', `o${index}`)
            return value === undefined ? text : `${text} = ${value}`
          })
          if (rest) texts.push('...rest')
          const given = parameters.slice(1)
          const min = given.findLastIndex(({ value }) => value === undefined) + 1
          expect(arityOf(made(write(texts.join(comma))))).toEqual({ min, max: rest ? ANY : given.length })
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('never claims a bound that the engine contradicts, whatever the source', () => {
    const bits = fc.constantFrom(
      'ctx',
      'a',
      ',',
      '=',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      '/',
      '"',
      '`',
      '=>',
      '...',
      '/*',
      '*/',
      '\n',
      '1',
      '${',
      'async ',
    )
    let compiled = 0
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 12 }), (parts) => {
        let handler: Handler
        try {
          handler = made(`(${parts.join('')}) => 1`)
        } catch {
          return
        }
        if (typeof handler !== 'function') return
        compiled += 1
        const { min, max } = arityOf(handler)
        expect(min).toBeGreaterThanOrEqual(Math.max(handler.length - 1, 0))
        expect(max).toBeGreaterThanOrEqual(min)
      }),
      { numRuns: 20_000 },
    )
    expect(compiled).toBeGreaterThan(50)
  })

  it('is read in no time from a function with a megabyte of body', () => {
    const handler = made(`(ctx, a) => { return ${'1 + '.repeat(300_000)} 1 }`)
    const before = performance.now()
    expect(arityOf(handler)).toEqual({ min: 1, max: 1 })
    expect(performance.now() - before).toBeLessThan(here(50))
  })
})
