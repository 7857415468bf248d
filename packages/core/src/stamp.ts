import { checkShape, MAX_GROUPS_IN_A_ROW } from './canvas-shape.ts'
import { umbelError } from './errors.ts'
import { headersUnder, type TaskHeaders } from './headers.ts'
import type { Canvas, SignatureOptions } from './signature.ts'

/** Deepest canvas that is stamped: groups in a row are bodies within bodies. What may be sent is told where it is planned. */
const DEEPEST = MAX_GROUPS_IN_A_ROW * 2

/**
 * Write headers on every task of a canvas, callbacks included, as Celery's `stamp` does. Those set already win, inner ones over
 * outer ones. Parts that have no headers of their own share one object.
 * @throws UMBEL_CANVAS_TOO_DEEP, also for what contains itself
 */
export const stampCanvas = (canvas: Canvas, headers: TaskHeaders): Canvas => new Stamp(headers).canvas(canvas, 0)

type Open<Part> = Part extends Canvas ? { -readonly [Key in keyof Part]: Part[Key] } : never

/** The headers that reach one level of a canvas. */
class Stamp {
  readonly #headers: TaskHeaders
  /** Members that share their options go on sharing them. */
  readonly #options = new Map<SignatureOptions, SignatureOptions>()
  readonly #composed = new Map<Canvas, Canvas>()
  /** For what is within parts that have headers of their own. */
  readonly #inner = new Map<TaskHeaders, Stamp>()

  constructor(headers: TaskHeaders) {
    this.#headers = headers
  }

  /** Two calls deep for each level: canvases may be very deep. */
  canvas(canvas: Canvas, depth: number): Canvas {
    if (depth > DEEPEST)
      throw umbelError('UMBEL_CANVAS_TOO_DEEP', `This canvas is nested deeper than ${DEEPEST} levels.`)
    checkShape(canvas)
    const known = this.#composed.get(canvas)
    if (known !== undefined) return known
    const inner = this.#within(canvas.options.headers)
    const stamped = { ...canvas } as Open<Canvas>
    stamped.options = isComposed(canvas)
      ? inner.#callbacks(withoutHeaders(canvas.options), depth)
      : this.#stamped(canvas.options, inner, depth)
    if (stamped.kind === 'chain') stamped.steps = inner.#all(stamped.steps, depth)
    else if (stamped.kind === 'group') stamped.members = inner.#all(stamped.members, depth)
    else if (stamped.kind === 'chord') {
      stamped.header = inner.#all(stamped.header, depth)
      stamped.body = inner.canvas(stamped.body, depth + 1)
    } else return Object.freeze(stamped)
    // one that stands in many places is stamped once
    this.#composed.set(canvas, Object.freeze(stamped))
    return stamped
  }

  #all(parts: readonly Canvas[], depth: number): readonly Canvas[] {
    const stamped: Canvas[] = []
    for (const part of parts) stamped.push(this.canvas(part, depth + 1))
    return Object.freeze(stamped)
  }

  #within(own: TaskHeaders | undefined): Stamp {
    if (own === undefined || own === this.#headers) return this
    const found = this.#inner.get(own) ?? new Stamp(headersUnder(own, this.#headers))
    this.#inner.set(own, found)
    return found
  }

  #stamped(options: SignatureOptions, inner: Stamp, depth: number): SignatureOptions {
    const known = this.#options.get(options)
    if (known !== undefined) return known
    const stamped = Object.freeze({ ...inner.#callbacks(options, depth), headers: inner.#headers })
    this.#options.set(options, stamped)
    return stamped
  }

  #callbacks(options: SignatureOptions, depth: number): SignatureOptions {
    const { link, linkError } = options
    if (link === undefined && linkError === undefined) return options
    return Object.freeze({
      ...options,
      ...(link && { link: this.#all(link, depth) }),
      ...(linkError && { linkError: this.#all(linkError, depth) }),
    })
  }
}

/** As in Celery, headers are the tasks' own once they are stamped: what a whole was given is on its parts then. */
function withoutHeaders(options: SignatureOptions): SignatureOptions {
  if (options.headers === undefined) return options
  const { headers: _, ...others } = options
  return Object.freeze(others)
}

const isComposed = ({ kind }: Canvas): boolean => kind === 'chain' || kind === 'group' || kind === 'chord'
