import { type ListItem, SourceScanner } from './source-scanner.ts'

/** How many positional arguments a task takes: from `min` to `max`, which is Infinity with a rest parameter. */
export interface Arity {
  readonly min: number
  readonly max: number
}

/**
 * Tell how many positional arguments a handler takes after its first parameter, the context. The length of a function
 * stops at the first parameter with a default, so the list of parameters is read from its source. A parameter that only
 * its type makes optional (`b?: string`) counts as required, as no type is left at run time. For native and bound
 * functions, and source that cannot be read, `max` is Infinity.
 */
export function arityOf(handler: (...args: never[]) => unknown): Arity {
  const length = Number.isInteger(handler.length) ? handler.length : 0
  const parameters = parametersOf(Function.prototype.toString.call(handler))
  const firstOptional = parameters?.findIndex((one) => one.rest || one.hasDefault) ?? -1
  // the engine's own count shows whether the source was read as the engine reads it
  if (parameters === undefined || (firstOptional < 0 ? parameters.length : firstOptional) !== length) {
    return { min: Math.max(length - 1, 0), max: Number.POSITIVE_INFINITY }
  }
  const lastRequired = parameters.findLastIndex((one) => !one.rest && !one.hasDefault)
  const max = parameters.at(-1)?.rest ? Number.POSITIVE_INFINITY : Math.max(parameters.length - 1, 0)
  return { min: Math.max(lastRequired, 0), max }
}

/** The parameters of a function by its source; `undefined` where it is none that can be read. */
function parametersOf(source: string): ListItem[] | undefined {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source.slice(-40))) return undefined
  const scanner = new SourceScanner(source)
  let first = true
  while (!scanner.done) {
    scanner.skipBlanks()
    if (scanner.sees('=>')) return undefined
    if (scanner.sees('(')) return parenthesised(scanner)
    const word = scanner.word()
    scanner.skipBlanks()
    if (word !== '' && scanner.sees('=>')) return [{ rest: false, hasDefault: false }]
    if (first && word === 'class' && !scanner.sees('(')) return undefined
    // the name of a method may be a text or computed
    if (word === '') scanner.skipToken('(')
    first = false
  }
  return undefined
}

function parenthesised(scanner: SourceScanner): ListItem[] | undefined {
  scanner.at += 1
  const items = scanner.items(')')
  scanner.skipBlanks()
  return scanner.sees('=>') || scanner.sees('{') ? items : undefined
}
