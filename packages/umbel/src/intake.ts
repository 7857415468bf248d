import {
  type ChartStarted,
  decode,
  type FoundEntry,
  type Inbox,
  type Reply,
  type Request,
  toErrorData,
  UmbelError,
  umbelError,
} from '@umbel/core'
import { HeldSends } from './held-sends.ts'
import type { Lane } from './lanes/lane.ts'
import { type Producer, reserve, unreserve, type Wants } from './producer.ts'

/** Entries taken in at once. */
const AT_ONCE = 250

/** What the owner takes in with. */
export interface IntakeParts {
  /** `undefined` where the store has no place for others to leave anything. */
  readonly inbox: Inbox | undefined
  readonly producer: Producer
  readonly failed: (error: unknown) => void
  /** Whether a machine is registered: a run of another one cannot begin. */
  readonly runs: (machine: string, version: string) => boolean
  /** Tell of an event to a run that was not taken in: nobody waits for that. */
  readonly refused: (id: string, error: unknown) => void
}

/**
 * Takes in what senders have left in the inbox of the store: facts go through the engine's one door like all others, and leave the inbox with
 * the batch that they are stored in; requests are answered once what was left before them is stored. A send for a lane that is full stays where it is
 * until there is space; what is said of it, such as that it is revoked, has it taken in first.
 */
export class Intake {
  readonly #parts: IntakeParts
  #ask: (request: Request) => Promise<Reply> = async () => ({ error: toErrorData(new Error('Nobody answers.')) })
  #unwatch: (() => void) | undefined
  #taking: Promise<void> | undefined
  #again = false
  #stopped = false
  readonly #held: HeldSends

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#held = new HeldSends(
      async ({ n, wants }) => this.#enterAgain(n, wants),
      (error) => this.#lookAgain(error),
    )
  }

  /** How many sends wait in the inbox until a lane has space for them. */
  heldFor(lane: Lane): number {
    return this.#held.waitingFor(lane)
  }

  /** Take in all that waits for space, for somebody who has something to say about any of it. */
  async takeInHeld(): Promise<void> {
    await Promise.all(this.#held.pullAll().map(({ n, wants }) => this.#enterAgain(n, wants)))
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
    const { inbox } = this.#parts
    if (inbox === undefined || this.#stopped) return
    this.#again = true
    this.#taking ??= this.#takeAll(inbox)
      .catch((error) => this.#lookAgain(error))
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

  /** What is still there comes again with the next look. */
  #lookAgain(error: unknown): void {
    this.#parts.inbox?.rewind()
    this.#held.clear()
    this.#parts.failed(error)
  }

  async #take(inbox: Inbox, entries: readonly FoundEntry[]): Promise<void> {
    let stored: Promise<void>[] = []
    for (const entry of entries) {
      const about = idsIn(entry).flatMap((id) => this.#held.pull(id) ?? [])
      stored.push(...about.map(({ n, wants }) => this.#enterAgain(n, wants)))
      if (entry.kind === 'event') {
        const wants = this.#parts.producer.wantsOf(entry.event)
        const full = this.#held.fullFor(wants)
        if (full === undefined) stored.push(this.#enter(inbox, entry, reserved(wants)))
        else {
          inbox.putBack(entry)
          this.#held.hold(full, { n: entry.n, id: entry.event.id, wants })
        }
        continue
      }
      await Promise.all(stored)
      stored = []
      // what takes its time to answer holds nothing up
      this.#answer(inbox, entry).catch(this.#parts.failed)
    }
    await Promise.all(stored)
  }

  /** Take in what waited in the inbox and has its places. */
  async #enterAgain(n: number, wants: Wants): Promise<void> {
    const { inbox } = this.#parts
    const entry = this.#stopped ? undefined : inbox?.takeAgain(n)
    if (inbox !== undefined && entry?.kind === 'event') return this.#enter(inbox, entry, wants)
    unreserve(wants)
  }

  /** Take in an event; its places are held until its tasks are in their lanes. */
  #enter(inbox: Inbox, entry: EventEntry, wants: Wants): Promise<void> {
    return this.#takeIn(inbox, entry).finally(() => unreserve(wants))
  }

  /** Rejects where the store did not take it: then it is in the inbox still. */
  #takeIn(inbox: Inbox, entry: EventEntry): Promise<void> {
    const { producer, runs, refused } = this.#parts
    const { event } = entry
    return new Promise((resolve, reject) => {
      const answer = (error?: unknown): void => {
        if (error === undefined) return resolve()
        if (isOfStore(error)) return reject(error)
        try {
          if (event.type === 'chart-told') {
            inbox.drop(entry) // under its id stands the run
            refused(event.id, error)
          } else inbox.answer(entry, { error: toErrorData(error) })
          resolve()
        } catch (cause) {
          reject(cause)
        }
      }
      if (event.type === 'chart-started' && !runs(event.machine, event.version)) answer(unknownMachine(event))
      else producer.takeIn(event, answer)
    })
  }

  async #answer(inbox: Inbox, entry: FoundEntry & { readonly kind: 'request' }): Promise<void> {
    inbox.answer(entry, await this.#ask(entry.request))
  }
}

const unknownMachine = ({ machine, version }: ChartStarted): Error =>
  umbelError(
    'UMBEL_UNKNOWN_WORKFLOW',
    `The owner of the store has no workflow ${machine} of version ${version} registered.`,
  )

type EventEntry = FoundEntry & { readonly kind: 'event' }

function reserved(wants: Wants): Wants {
  reserve(wants)
  return wants
}

/** Ids of sends that something may be about: of the task or workflow itself, or of a node of it. */
function idsIn(entry: FoundEntry): string[] {
  if (entry.kind === 'event') return entry.event.type === 'canvas-sent' ? [] : [rootOf(entry.event.id)]
  try {
    const [first] = decode(entry.request.args) as readonly unknown[]
    return typeof first === 'string' ? [rootOf(first)] : []
  } catch {
    return [] // its answer says what is wrong with it
  }
}

const rootOf = (id: string): string => id.split('/', 1)[0] as string

/** Whether it is the store that has refused something, and may take it another time. */
const isOfStore = (error: unknown): boolean => error instanceof UmbelError && error.code.startsWith('UMBEL_STORE_')
