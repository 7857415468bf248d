/** The items of a stream, pulled one by one from an iterable of either kind. */
export class Source {
  readonly #items: Iterable<unknown> | AsyncIterable<unknown>
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined
  /** Whether the iterable is through, or threw: then it is told nothing more. */
  #through = false
  #pulling = false

  constructor(items: Iterable<unknown> | AsyncIterable<unknown>) {
    this.#items = items
  }

  /** Pull the next item: at once where the iterable gives it at once. */
  pull(): IteratorResult<unknown> | Promise<IteratorResult<unknown>> {
    this.#through = true // unless it gives an item
    this.#iterator ??= iteratorOf(this.#items)
    const next = this.#iterator.next()
    if (!('then' in next)) return this.#pulled(next)
    this.#pulling = true
    this.#through = false
    return Promise.resolve(next).then(
      (result) => {
        this.#pulling = false
        return this.#pulled(result)
      },
      (error: unknown) => {
        this.#pulling = false
        this.#through = true
        throw error
      },
    )
  }

  /** Tell the iterable that no more is wanted, and wait for its cleaning up unless it is busy: it would answer after its next item. */
  async close(): Promise<void> {
    if (this.#through || this.#iterator === undefined) return
    this.#through = true
    const closed = Promise.resolve(this.#iterator.return?.())
    if (this.#pulling) closed.catch(() => {})
    else await closed
  }

  #pulled(result: IteratorResult<unknown>): IteratorResult<unknown> {
    this.#through = result.done === true
    return result
  }
}

/** Whether something can be gone over. */
export const isIterable = (items: unknown): items is Iterable<unknown> | AsyncIterable<unknown> =>
  items !== null && items !== undefined && typeof (items as AnyIterable)[keyOf(items as AnyIterable)] === 'function'

type AnyIterable = Partial<AsyncIterable<unknown> & Iterable<unknown>>

const keyOf = (items: AnyIterable): typeof Symbol.asyncIterator | typeof Symbol.iterator =>
  items[Symbol.asyncIterator] === undefined ? Symbol.iterator : Symbol.asyncIterator

const iteratorOf = (items: AnyIterable): Iterator<unknown> | AsyncIterator<unknown> =>
  (items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]?.()) as Iterator<unknown> | AsyncIterator<unknown>
