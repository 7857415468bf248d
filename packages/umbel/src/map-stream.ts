import { eachEntryTask, type Plan, type TaskSpec, umbelError } from '@umbel/core'
import type { AsyncResult } from './async-result.ts'
import type { Source } from './stream-source.ts'
import { nextTurn } from './system.ts'

/** What `app.mapStream` may be told. */
export interface MapStreamOptions {
  /** Items pulled and not yet delivered, at most. Default: twice the slots that the task has on its lane. */
  readonly concurrency?: number
  /** Keep under this id how many items were delivered: a later stream of the id, over the same items, goes on behind them. */
  readonly id?: string
  /** Ends the stream with UMBEL_ABORTED. */
  readonly signal?: AbortSignal
}

/** One item that was sent. */
export interface SentItem<R> {
  readonly handle: AsyncResult<R>
  readonly plan: Plan
}

/** What a stream works with. */
export interface StreamParts<R> {
  readonly options: MapStreamOptions
  /** Take the stream in: rejects where that cannot be, else resolves with how many items were delivered before. */
  begin(stream: OpenStream): Promise<number>
  /** Send one item, waiting while its lane's backlog is full. */
  send(item: unknown): Promise<SentItem<R>>
  /** How many of a task run at once. */
  slots(spec: TaskSpec): number
  /** Drop what has ended from the store. */
  forget(id: string): Promise<void>
  /** So many items were delivered, those of earlier streams of the id included. */
  delivered(count: number): void
  /** Resolve once the stream has left nothing behind. */
  left(stream: OpenStream): Promise<void>
  /** Tell what went wrong where nobody waits for an answer. */
  failed(error: unknown): void
}

/** A stream as its app sees it. */
export interface OpenStream {
  /** End it: who reads it is told why. */
  stop(error: unknown): void
}

/**
 * The results of a task over an iterable, in the order of its items. Pulls items as there is room; an item holds its place until
 * the consumer asks for the one after it.
 */
export class MapStream<R> implements AsyncGenerator<R, undefined, undefined>, OpenStream {
  readonly #parts: StreamParts<R>
  readonly #source: Source
  /** Items under way and those whose results wait to be delivered, in their order. */
  readonly #items: AsyncResult<R>[] = []
  #room: number | undefined
  /** Items pulled and not yet delivered. */
  #held = 0
  /** Whether the consumer has a result that it has not asked beyond. */
  #lent = false
  #delivered = 0
  /** Set once no item comes any more, with the error that stands behind the last one. */
  #tail: { readonly error?: unknown } | undefined
  /** Set once it is over, with the error that is still to be told. */
  #over: { error?: unknown } | undefined
  #ended: Promise<void> | undefined
  #forgetting: Promise<void> | undefined
  #begun: Promise<void> | undefined
  /** The send that is under way, and what becomes of an item that was sent as it was over already. */
  #sending: Promise<unknown> | undefined
  #late: Promise<void> | undefined
  /** Stops the wait for a result. */
  readonly #stop = new AbortController()
  #changed = Promise.withResolvers<void>()
  /** The last thing the consumer asked for: one after another, as of any generator. */
  #asked: Promise<unknown> = Promise.resolve()
  readonly #abort = (): void => {
    const cause = this.#parts.options.signal?.reason
    this.stop(umbelError('UMBEL_ABORTED', 'The stream was aborted.', { cause }))
  }

  /** Made by `app.mapStream`. */
  constructor(source: Source, parts: StreamParts<R>) {
    this.#source = source
    this.#parts = parts
    this.#room = parts.options.concurrency
  }

  /** Ask for the next result, which says that the one before has been taken. */
  next(): Promise<IteratorResult<R, undefined>> {
    const asked = this.#asked.then(() => this.#next())
    this.#asked = asked.catch(() => {})
    return asked
  }

  /** Break off: the source is told, and what is under way is revoked. */
  async return(): Promise<IteratorResult<R, undefined>> {
    await this.#end({})
    return DONE
  }

  /** Break off with an error. */
  async throw(error: unknown): Promise<IteratorResult<R, undefined>> {
    await this.#end({})
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The same as `return()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end({})
  }

  stop(error: unknown): void {
    void this.#end({ error })
  }

  async #next(): Promise<IteratorResult<R, undefined>> {
    if (this.#over !== undefined) return this.#close(this.#over)
    // what `#close` throws is for the consumer, so it is not awaited in here
    try {
      this.#begun ??= this.#begin()
      await this.#begun
      this.#acknowledge()
      while (this.#items.length === 0 && this.#tail === undefined && this.#over === undefined)
        await this.#changed.promise
      if (this.#over !== undefined) return this.#close(this.#over)
      const item = this.#items[0]
      if (item === undefined) return this.#close(this.#tail ?? {})
      const value = await item.get({ signal: this.#stop.signal })
      if (this.#over !== undefined) return this.#close(this.#over)
      this.#items.shift()
      await this.#forgetting // one at a time, beside the consumer's work
      this.#forgetting = this.#parts.forget(item.id).catch(this.#parts.failed)
      this.#lent = true
      return { done: false, value }
    } catch (error) {
      return this.#close(this.#over ?? { error })
    }
  }

  /** End, and tell the error once. */
  async #close(how: { error?: unknown }): Promise<IteratorResult<R, undefined>> {
    await this.#end(how)
    const over = this.#over
    if (over === undefined || !('error' in over)) return DONE
    const { error } = over
    delete over.error
    throw error
  }

  async #begin(): Promise<void> {
    const { signal } = this.#parts.options
    if (signal?.aborted) this.#abort()
    signal?.addEventListener('abort', this.#abort)
    if (this.#over !== undefined) return
    this.#delivered = await this.#parts.begin(this)
    void this.#pull(this.#delivered)
  }

  /** The result that was lent has been taken: its place is free. */
  #acknowledge(): void {
    if (!this.#lent) return
    this.#lent = false
    this.#held -= 1
    this.#delivered += 1
    this.#parts.delivered(this.#delivered)
    this.#wake()
  }

  /** Pull and send items while there is room, the first `skipped` ones of which are dropped. Never rejects. */
  async #pull(skipped: number): Promise<void> {
    try {
      for (let pulled = 0; this.#over === undefined; pulled += 1) {
        while (this.#held >= (this.#room ?? 1) && this.#over === undefined) await this.#changed.promise
        if (this.#over !== undefined) return
        if (pulled >= skipped) this.#held += 1
        const item = this.#source.pull()
        const { done, value } = item instanceof Promise ? await item : item
        if (done) break
        if (pulled >= skipped && this.#over === undefined) await this.#send(value)
      }
      this.#tail = {}
    } catch (error) {
      this.#tail = { error }
    }
    this.#wake()
  }

  async #send(item: unknown): Promise<void> {
    const sent = this.#parts.send(item)
    this.#sending = sent.catch(() => {})
    const { handle, plan } = await sent
    if (this.#over !== undefined) {
      this.#late = this.#drop(handle)
      return this.#late
    }
    eachEntryTask(plan, (spec) => {
      this.#room ??= 2 * this.#parts.slots(spec)
    })
    this.#room ??= 1
    this.#items.push(handle)
    this.#wake()
  }

  #end(how: { error?: unknown }): Promise<void> {
    if (this.#ended === undefined) {
      this.#over = how
      this.#ended = this.#leave()
    }
    return this.#ended
  }

  /** Leave nothing behind. Never rejects. */
  async #leave(): Promise<void> {
    this.#parts.options.signal?.removeEventListener('abort', this.#abort)
    this.#stop.abort()
    this.#wake()
    const source = this.#begun === undefined ? undefined : this.#source.close()
    const dropped = this.#items.splice(0).map((handle) => this.#drop(handle))
    // one that waits for space in its lane is not waited for
    await Promise.race([this.#sending, nextTurn()])
    await Promise.all([...dropped, this.#late])
    await this.#forgetting
    await source?.catch(this.#parts.failed)
    await this.#parts.left(this)
  }

  /** Revoke what is under way; results that nobody takes are forgotten. */
  async #drop(handle: AsyncResult<R>): Promise<void> {
    try {
      await handle.revoke()
      await this.#parts.forget(handle.id)
    } catch {
      // told to observers by the engine; the app has given up its store
    }
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }
