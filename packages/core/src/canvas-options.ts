import { headersUnder } from './headers.ts'
import type { Canvas, SignatureOptions } from './signature.ts'
import { limitOver } from './time-limit.ts'

/** No options: shared by all that have none. */
export const NO_OPTIONS: SignatureOptions = Object.freeze({})

/** Merge a record over another one. */
export const merged = <T extends object>(stored: T, given: T): T =>
  Object.keys(given).length === 0 ? stored : Object.freeze({ ...stored, ...given })

/** Options without those that say nothing. */
export function told(
  options: { readonly [Name in keyof SignatureOptions]?: SignatureOptions[Name] | undefined },
): SignatureOptions {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? NO_OPTIONS : (Object.fromEntries(entries) as SignatureOptions)
}

/** Set options over others. Headers go name by name; of a time limit the soft and the hard one are two options, as in Celery. */
export function mergedOptions(stored: SignatureOptions, given: SignatureOptions): SignatureOptions {
  const { timeLimit, headers } = given
  const limited = timeLimit !== undefined && stored.timeLimit !== undefined
  if (!limited && (headers === undefined || stored.headers === undefined)) return merged(stored, given)
  return merged(stored, {
    ...given,
    ...(limited && { timeLimit: limitOver(timeLimit, stored.timeLimit) }),
    ...(headers !== undefined && { headers: headersUnder(headers, stored.headers ?? headers) }),
  })
}

/** Merge what a call gives into options: it wins, except over headers that are set already, as in Celery. */
export function calledOptions(stored: SignatureOptions, given: SignatureOptions): SignatureOptions {
  const { headers, ...others } = given
  return headers === undefined
    ? mergedOptions(stored, given)
    : mergedOptions(stored, { ...others, headers: headersUnder(stored.headers, headers) })
}

/** Put headers under those of a canvas as a whole, and of its callbacks. They reach its parts when it is planned: see `settleOptions`. */
export function underHeaders(canvas: Canvas, headers: SignatureOptions['headers']): Canvas {
  const { options } = canvas
  if (headers === undefined) return canvas
  const all = headersUnder(options.headers, headers)
  const { link, linkError } = options
  if (all === options.headers && link === undefined && linkError === undefined) return canvas
  const stamped = {
    ...options,
    headers: all,
    ...(link && { link: stampedCallbacks(link, all) }),
    ...(linkError && { linkError: stampedCallbacks(linkError, all) }),
  }
  return Object.freeze({ ...canvas, options: Object.freeze(stamped) })
}

/** Callbacks with the headers of what they are called back for under their own. */
export const stampedCallbacks = (
  callbacks: readonly Canvas[] = [],
  headers: SignatureOptions['headers'],
): readonly Canvas[] =>
  headers === undefined ? callbacks : callbacks.map((callback) => underHeaders(callback, headers))
