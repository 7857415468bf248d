import { type FoundEntry, type Inbox, type Reply, type Request, toErrorData, UmbelError } from '@umbel/core'
import type { Producer } from './producer.ts'

/** Entries taken in at once. */
const AT_ONCE = 250

/** What the owner takes in with. */
export interface IntakeParts {
  /** `undefined` where the store has no place for others to leave anything. */
  readonly inbox: Inbox | undefined
  readonly producer: Producer
  readonly failed: (error: unknown) => void
}

/**
 * Takes in what senders have left in the inbox of the store: facts go through the engine's one door like all others, and leave the inbox with
 * the batch that they are stored in; requests are answered once what was left before them is stored.
 */
export class Intake {
  readonly #parts: IntakeParts
  #ask: (request: Request) => Promise<Reply> = async () => ({ error: toErrorData(new Error('Nobody answers.')) })
  #unwatch: (() => void) | undefined
  #taking: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  /** Reply requests by this. */
  answerBy(ask: (request: Request) => Promise<Reply>): void {
    this.#ask = ask
  }

  /** Take in what is there, and what comes. */
  begin(): void {
    if (this.#stopped) return
    this.#unwatch = this.#parts.inbox?.watch(() => this.#look())
    this.#look()
  }

  /** Take nothing in any more: what comes is for the next owner. */
  stop(): void {
    this.#stopped = true
    this.#unwatch?.()
  }

  #look(): void {
    const { inbox, failed } = this.#parts
    if (inbox === undefined || this.#stopped) return
    this.#again = true
    this.#taking ??= this.#takeAll(inbox)
      .catch((error) => {
        // what is still there comes again with the next look
        inbox.rewind()
        failed(error)
      })
      .finally(() => {
        this.#taking = undefined
      })
  }

  async #takeAll(inbox: Inbox): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      for (;;) {
        const entries = this.#stopped ? [] : inbox.take(AT_ONCE)
        if (entries.length === 0) break
        await this.#take(inbox, entries)
      }
    }
  }

  async #take(inbox: Inbox, entries: readonly FoundEntry[]): Promise<void> {
    let stored: Promise<void>[] = []
    for (const entry of entries) {
      if (entry.kind === 'event') {
        stored.push(this.#takeIn(inbox, entry))
        continue
      }
      await Promise.all(stored)
      stored = []
      // what takes its time to answer holds nothing up
      this.#answer(inbox, entry).catch(this.#parts.failed)
    }
    await Promise.all(stored)
  }

  /** Rejects where the store did not take it: then it is in the inbox still. */
  #takeIn(inbox: Inbox, entry: FoundEntry & { readonly kind: 'event' }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#parts.producer.takeIn(entry.event, (error) => {
        if (error === undefined) return resolve()
        if (isOfStore(error)) return reject(error)
        try {
          inbox.answer(entry, { error: toErrorData(error) })
          resolve()
        } catch (cause) {
          reject(cause)
        }
      })
    })
  }

  async #answer(inbox: Inbox, entry: FoundEntry & { readonly kind: 'request' }): Promise<void> {
    inbox.answer(entry, await this.#ask(entry.request))
  }
}

/** Whether it is the store that has refused something, and may take it another time. */
const isOfStore = (error: unknown): boolean => error instanceof UmbelError && error.code.startsWith('UMBEL_STORE_')
