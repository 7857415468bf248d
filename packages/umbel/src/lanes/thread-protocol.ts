import type { MessagePort } from 'node:worker_threads'
import type { AbortReason, AttemptCall, Encoded, ErrorData, Outcome, SentAs } from '@umbel/core'

/** What a thread is given when it is made. */
export interface ThreadData {
  /** URL of the module that runs attempts. */
  readonly runtime: string
  /** Numbers for each message under way: see RUNNING, CULPRIT and BEGUN. */
  readonly cells: Int32Array
  /** Where the results of bundles are left: see Outboxes. */
  readonly outboxes: Int32Array
  /** How many threads have something to do: see BusyThreads. */
  readonly busy: Int32Array
  /** Longest encoded value. */
  readonly maxBytes: number
  /** Whether handlers can write to the store. */
  readonly takesWrites: boolean
}

/** Numbers in a cell. They are shared with the lane and outlive the thread, so that it can tell who is to blame. */
export const CELL_SIZE = 3
/** Place in a cell of the number of the item that runs, or ran last; 0 before the first and after the last. */
export const RUNNING = 0
/** Place in a cell of the number of the item that ended the thread with `process.exit`; 0 for nobody known. */
export const CULPRIT = 1
/** Place in a cell of how many items have begun, or RECALLED once no further one may: whoever is first has its way. */
export const BEGUN = 2
export const RECALLED = -1

/** An attempt on its way to a thread. */
export interface Item extends AttemptCall {
  /** Number of the attempt within its lane, from 1. */
  readonly number: number
  /** URL of the module that defines the task. */
  readonly module: string
}

/** The same before it is posted. */
export interface Posted {
  readonly number: number
  readonly module: string
  readonly call: AttemptCall
}

/** What an item is made of beside its call, and that, in the order in which it travels. */
const CALL_FIELDS = Object.keys({
  id: true,
  task: true,
  via: true,
  attempt: true,
  run: true,
  args: true,
  kwargs: true,
  parent: true,
  root: true,
  lane: true,
  chord: true,
  place: true,
  startBy: true,
  timeLimit: true,
  headers: true,
  version: true,
} satisfies Record<keyof AttemptCall, true>) as readonly (keyof AttemptCall)[]
const FIELDS: readonly (keyof Item)[] = ['number', 'module', ...CALL_FIELDS]

/**
 * Several items as one flat list, which costs far less to post than objects: the number of a cell, then of each item one bit for
 * each of FIELDS that is not as in the item before, and those; or LIKE and what even such an item has of its own. As text where it
 * has no binary parts, which costs half as much again, and is not long: V8 has a bound for that.
 */
export type Work = readonly unknown[] | string

/** In the place of an item's bits: the next number, its own id and arguments, and of its tree the root where the item before was that; else all as there. */
const LIKE = 0

/** Characters of arguments from which a message is no text. */
const LONGEST_TEXT = 1_048_576

/** Put items into one message. */
export function packWork(cell: number, items: readonly Posted[]): Work {
  const work: unknown[] = [cell]
  let isText = true
  let length = 0
  let before: Posted | undefined
  for (const item of items) {
    const { id, args } = item.call
    if (isText) length += lengthOf(item.call)
    if (before !== undefined && isLike(item, before)) {
      work.push(LIKE, id, args)
      if (typeof args === 'object') isText = false
    } else if (!packWhole(work, item, before)) isText = false
    before = item
  }
  return isText && length <= LONGEST_TEXT ? JSON.stringify(work) : work
}

/** Characters of what an item is given, where that is text alone. */
const lengthOf = ({ args, kwargs }: AttemptCall): number =>
  (typeof args === 'string' ? args.length : 0) + (typeof kwargs === 'string' ? kwargs.length : 0)

/** Bytes of a binary part from which it is large. */
const LARGE = 65_536

/**
 * Put copies in the place of the large binary parts of a message, and list their buffers, for those to go over with it: what is posted as it is gets copied
 * twice, once on each side. The parts themselves stay here, for whoever asks for the value, or has to be given it again.
 */
export function copyLarge(work: Work): { readonly work: Work; readonly buffers: readonly ArrayBuffer[] } {
  if (typeof work === 'string') return { work, buffers: NO_BUFFERS }
  const copies = new Map<Uint8Array, Uint8Array<ArrayBuffer>>()
  // once, though several items are given it
  const copied = (part: Uint8Array): Uint8Array => {
    if (part.byteLength < LARGE) return part
    const copy = copies.get(part) ?? new Uint8Array(part)
    copies.set(part, copy)
    return copy
  }
  const own = work.map((value) => (hasBytes(value) ? { ...value, bytes: value.bytes.map(copied) } : value))
  return { work: own, buffers: Array.from(copies.values(), ({ buffer }) => buffer) }
}

/** Whether something in a message is a value with binary parts. */
const hasBytes = (value: unknown): value is Exclude<Encoded, string> => {
  const { bytes } = (value ?? {}) as { readonly bytes?: unknown }
  return Array.isArray(bytes) && bytes.every((part) => part instanceof Uint8Array)
}

/** Pack an item field by field. Tells whether all of them can go as text. */
function packWhole(work: unknown[], { number, module, call }: Posted, before: Posted | undefined): boolean {
  let isText = true
  const place = work.push(0, number) - 2
  let told = 1
  if (module !== before?.module) {
    told |= 2
    work.push(module)
  }
  for (let index = 0; index < CALL_FIELDS.length; index += 1) {
    const field = CALL_FIELDS[index] as keyof AttemptCall
    const value = call[field]
    if (value === before?.call[field]) continue
    told |= 4 << index
    work.push(value)
    if (typeof value === 'object' && 'bytes' in value) isText = false
  }
  work[place] = told
  return isText
}

/** Whether an item may go as LIKE, as those of one task do. By name: to go through the names of fields costs ten times as much. */
function isLike(
  { number, module, call }: Posted,
  { number: numberBefore, module: moduleBefore, call: before }: Posted,
): boolean {
  return (
    number === numberBefore + 1 &&
    module === moduleBefore &&
    (call.root === call.id ? before.root === before.id : call.root === before.root && before.root !== before.id) &&
    call.task === before.task &&
    call.via === before.via &&
    call.attempt === before.attempt &&
    call.run === before.run &&
    call.kwargs === before.kwargs &&
    call.parent === before.parent &&
    call.lane === before.lane &&
    call.chord === before.chord &&
    call.place === before.place &&
    call.startBy === before.startBy &&
    call.timeLimit === before.timeLimit &&
    call.headers === before.headers &&
    call.version === before.version
  )
}

/** Take the items out of a message again, and the number of its cell. Their values have no bytes in common. */
export function unpackWork(packed: Work): { readonly cell: number; readonly items: Item[] } {
  const work = typeof packed === 'string' ? (JSON.parse(packed) as unknown[]) : packed
  const items: Item[] = []
  let item = NO_ITEM
  for (let at = 1; at < work.length; ) {
    let told = work[at++] as number
    if (told === LIKE) item = likeItem(item, work[at++] as string, work[at++] as Item['args'])
    else {
      item = { ...item }
      for (; told !== 0; told &= told - 1)
        (item as Record<keyof Item, unknown>)[FIELDS[31 - Math.clz32(told & -told)] as keyof Item] =
          work[at++] ?? undefined
    }
    items.push(item)
  }
  if (typeof packed !== 'string') separate(items)
  return { cell: work[0] as number, items }
}

function likeItem(before: Item, id: string, args: Item['args']): Item {
  return { ...before, number: before.number + 1, id, args, root: before.root === before.id ? id : before.root }
}

/**
 * Let no two values have bytes in common: what was posted twice, as where several tasks are given one result, arrives as one, and
 * whoever reads a value here takes its bytes over.
 */
function separate(items: readonly Item[]): void {
  const taken = new Set<ArrayBufferLike>()
  const own = <E extends Encoded | undefined>(encoded: E): E => {
    if (typeof encoded !== 'object') return encoded
    const isFirst = encoded.bytes.every(({ buffer }) => !taken.has(buffer) && taken.add(buffer))
    return isFirst ? encoded : { ...encoded, bytes: encoded.bytes.map((part) => new Uint8Array(part)) }
  }
  for (const item of items) Object.assign(item, { args: own(item.args), kwargs: own(item.kwargs) })
}

const NO_ITEM = Object.fromEntries(FIELDS.map((field) => [field, undefined])) as unknown as Item

/** Outcomes as one flat list: number, outcome and the milliseconds it took in turn. The outcome of a bare success is its encoded result. */
export type Outcomes = unknown[]

/** Add an outcome to a list. */
export function packOutcome(outcomes: Outcomes, number: number, outcome: Outcome, took: number): void {
  if (outcome.kind === 'succeeded' && outcome.writes === undefined) outcomes.push(number, true, outcome.result, took)
  else outcomes.push(number, false, outcome, took)
}

/** The buffers of the results in a list. */
export function resultBuffers(outcomes: Outcomes): readonly ArrayBuffer[] {
  let buffers = NO_BUFFERS
  for (let at = 0; at < outcomes.length; at += 4) {
    const value = outcomes[at + 2] as Encoded
    if (outcomes[at + 1] !== true || typeof value === 'string') continue
    buffers = [...buffers, ...value.bytes.map(({ buffer }) => buffer as ArrayBuffer)]
  }
  return buffers
}

const NO_BUFFERS: readonly ArrayBuffer[] = []

/** Call back with each outcome of a list. */
export function unpackOutcomes(
  outcomes: Outcomes,
  take: (number: number, outcome: Outcome, took: number) => void,
): void {
  for (let at = 0; at < outcomes.length; at += 4) {
    const value = outcomes[at + 2]
    const outcome =
      outcomes[at + 1] === true ? { kind: 'succeeded' as const, result: value as Encoded } : (value as Outcome)
    take(outcomes[at] as number, outcome, outcomes[at + 3] as number)
  }
}

/** A thread's first word, through its parent port: here is where it will tell more. */
export interface Hello {
  readonly umbel: 'hello'
  readonly thread: number
  readonly port: MessagePort
  /** Numbers that tell of what is on its way through the port: see ORDERED and ANSWERED. */
  readonly bell: Int32Array
}

/** Place in a bell of how many orders the thread was given. */
export const ORDERED = 0
/** Place in a bell of how many messages it has answered. */
export const ANSWERED = 1

/** What a thread tells while it runs. The number says about which item. */
export type Told =
  /** The time of an item with a time limit begins. */
  | readonly ['timed', number: number]
  | readonly ['state', number: number, state: string, meta: Encoded | undefined]
  | readonly ['progress', number: number, done: number, total: number]
  | readonly ['begun', number: number, at: number]
  /** The call comes along where its item has ended: the lane knows it no more. */
  | readonly ['send', number: number, id: string, canvas: Encoded, as: SentAs, call: AttemptCall | undefined]
  | readonly [
      'log',
      number: number,
      level: 'debug' | 'info' | 'warn' | 'error',
      message: string,
      fields: Encoded | undefined,
    ]
  | readonly ['outcomes', outcomes: Outcomes]
  /** The outcome of an item that goes on once it is stored: with `finish`. */
  | readonly ['unfinished', number: number, outcome: Outcome]
  | Asked
  /** The work it was given is done, with the outcomes it has neither left in the outbox nor told already. */
  | readonly ['answer', outcomes: Outcomes]
  /** An error that belongs to no item that runs. */
  | readonly ['stray', error: ErrorData]
  | readonly ['torn-down']
  /** The answer to a ping, with its number. */
  | readonly ['pong', number: number]

/** What a handler in a thread asks and waits for: see `AttemptReports`. */
export type Question = readonly ['recall', name: string] | readonly ['record', name: string, result: Encoded]

/** A question with a number of the thread's own. */
export type Asked = readonly ['ask', number: number, question: number, what: Question]

/** What a question is answered. */
export type Answered =
  | { readonly ok: true; readonly value: Encoded | undefined }
  | { readonly ok: false; readonly error: ErrorData }

/** What a thread is told while it runs. */
export type Order =
  | readonly ['work', work: Work]
  | readonly ['abort', number: number, reason: AbortReason]
  | readonly ['finish', number: number]
  | readonly ['tear-down']
  | readonly ['ping', number: number]
  | readonly ['answer', question: number, answer: Answered]
