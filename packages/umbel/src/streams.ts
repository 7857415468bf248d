import { type Canvas, umbelError } from '@umbel/core'
import type { AnySignature, MissingOf, NameOf } from './any-signature.ts'
import type { AsyncResult } from './async-result.ts'
import { type Lane, laneOf } from './lanes/lane.ts'
import { MapStream, type MapStreamOptions, type OpenStream } from './map-stream.ts'
import type { ArgumentsError, HasKeywords, KeywordsError } from './mismatch.ts'
import type { Sent } from './producer.ts'
import type { Call } from './sender.ts'
import { type CursorParts, StreamCursor } from './stream-cursor.ts'
import { isIterable, Source } from './stream-source.ts'
import { checkOptions } from './task.ts'

/** The items that a task or signature can be mapped over. */
export type ItemsOf<S extends AnySignature> = Iterable<MissingOf<S>[0]> | AsyncIterable<MissingOf<S>[0]>

/** `S` where one argument completes it, else what is wrong. */
export type TakesItems<S extends AnySignature> =
  [MissingOf<S>[0]] extends MissingOf<S>
    ? HasKeywords<S> extends true
      ? S
      : KeywordsError<`${NameOf<S>} still misses keyword arguments`, { takes: MissingOf<S> }>
    : ArgumentsError<`${NameOf<S>} is not complete with one item`, { takes: MissingOf<S> }>

/** What streams work with. */
export interface StreamsParts extends CursorParts {
  readonly lanes: ReadonlyMap<string, Lane>
  readonly failed: (error: unknown) => void
}

/** How streams reach their app. */
export interface StreamsApp {
  /** Resolve once the store is open; rejects once the app takes nothing in any more. */
  ready(): Promise<void>
  send(canvas: Canvas, call: Call): Promise<Sent>
  handle(sent: Sent): AsyncResult<unknown>
}

/** The streams of an app: those that are open, and their ids. */
export class Streams {
  readonly #parts: StreamsParts
  readonly #open = new Set<OpenStream>()
  readonly #names = new Set<string>()

  constructor(parts: StreamsParts) {
    this.#parts = parts
  }

  /** Make a stream, which begins with the first `next()`. @throws UMBEL_BAD_OPTION */
  make(app: StreamsApp, canvas: Canvas, items: unknown, options: MapStreamOptions): MapStream<unknown> {
    const { store, failed, lanes } = this.#parts
    checkStreamOptions(options)
    if (!isIterable(items))
      throw umbelError('UMBEL_BAD_OPTION', `mapStream() goes over an iterable, not ${typeof items}.`)
    const { id: name } = options
    const cursor = name === undefined ? undefined : new StreamCursor(name, this.#parts)
    return new MapStream(new Source(items), {
      options,
      failed,
      begin: async (stream) => {
        this.#enter(stream, name)
        await app.ready()
        return (await cursor?.read()) ?? 0
      },
      send: async (item) => {
        const sent = await app.send(canvas, { args: [item], kwargs: {}, options: {} })
        return { handle: app.handle(sent), plan: sent.plan }
      },
      slots: (spec) => laneOf(lanes, spec.lane).options[spec.inline ? 'inline' : 'threads'] ?? 1,
      forget: (id) => store.drop(id),
      delivered: (count) => cursor?.moveTo(count),
      left: async (stream) => {
        // one that was not taken in must not give another one's id free
        if (!this.#open.delete(stream)) return
        await cursor?.close()
        if (name !== undefined) this.#names.delete(name)
      },
    })
  }

  /** End all that are open. */
  stop(error: unknown): void {
    for (const stream of this.#open) stream.stop(error)
  }

  #enter(stream: OpenStream, name: string | undefined): void {
    if (name !== undefined) {
      if (this.#names.has(name)) throw umbelError('UMBEL_STREAM_OPEN', `A stream with the id ${name} is open.`)
      this.#names.add(name)
    }
    this.#open.add(stream)
  }
}

function checkStreamOptions(options: MapStreamOptions): void {
  checkOptions('mapStream()', options, ['concurrency', 'id', 'signal'])
  const { concurrency, id, signal } = options
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency > 0))
    throw umbelError('UMBEL_BAD_OPTION', `concurrency of mapStream() is ${String(concurrency)}, not a number from 1.`)
  if (id !== undefined && !(typeof id === 'string' && /^\P{Cc}{1,256}$/u.test(id)))
    throw umbelError('UMBEL_BAD_OPTION', 'id of mapStream() is not text of 1 to 256 characters.')
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw umbelError('UMBEL_BAD_OPTION', 'signal of mapStream() is no AbortSignal.')
}
