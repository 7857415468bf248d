import { NO_OPTIONS, stampedCallbacks } from './canvas-options.ts'
import { addLink, settleOptions } from './canvas-parts.ts'
import { MAX_GROUPS_IN_A_ROW } from './canvas-shape.ts'
import { umbelError } from './errors.ts'
import type {
  Canvas,
  ChainSignature,
  ChordSignature,
  ChunksSignature,
  GroupSignature,
  MapSignature,
  TaskSignature,
} from './signature.ts'

const NO_ARGS: readonly unknown[] = Object.freeze([])
const NO_KWARGS: Readonly<Record<string, unknown>> = Object.freeze({})

/** What a task signature is made from; everything but the name has a default. */
export type TaskParts = Pick<TaskSignature, 'task'> & Partial<TaskSignature>

/** Make one call of a task. What is not given costs nothing: it is shared. */
export const taskSignature = ({ task, args, kwargs, options, immutable = false }: TaskParts): TaskSignature =>
  Object.freeze({
    kind: 'task',
    task,
    args: args === undefined ? NO_ARGS : Object.freeze([...args]),
    kwargs: kwargs === undefined ? NO_KWARGS : Object.freeze({ ...kwargs }),
    options: options === undefined ? NO_OPTIONS : Object.freeze({ ...options }),
    immutable,
  })

/** Make one task that calls another for each item: `map` with the item, `starmap` with the item's elements. */
export const mapSignature = (kind: 'map' | 'starmap', task: string, items: readonly unknown[]): MapSignature =>
  Object.freeze({ kind, task, items: Object.freeze([...items]), options: NO_OPTIONS })

/** Split items into starmaps of `size` items each, side by side. @throws UMBEL_BAD_CANVAS when the size is no whole number above 0. */
export function chunksOf(task: string, items: readonly unknown[], size: number): ChunksSignature {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw umbelError('UMBEL_BAD_CANVAS', `Chunks need a whole number of items above 0 each, not ${String(size)}.`)
  }
  return Object.freeze({ kind: 'chunks', task, items: Object.freeze([...items]), size, options: NO_OPTIONS })
}

/**
 * Compose steps that follow one another. Chains among them are flattened, a group that a step follows becomes a chord, and a chord
 * that a task follows takes it into its body; a group written with one member is that member.
 */
export function chainOf(steps: readonly Canvas[]): Canvas {
  const chain = new Sequence([], true)
  for (const step of steps) chain.add(step)
  return chain.canvas()
}

/** Make a chain of a single step, as it is. */
export const chainOfOne = (step: Canvas): ChainSignature =>
  Object.freeze({ kind: 'chain', steps: Object.freeze([step]), options: NO_OPTIONS })

/** Put one canvas after another, Celery's `a | b`: like `chainOf`, but a group of one in front stays a group. */
export function pipeOf(first: Canvas, next: Canvas): Canvas {
  const pipe = Sequence.of(first)
  pipe.add(next)
  return pipe.canvas()
}

/** Compose members that run side by side. Groups right among them are flattened when planned: see `membersOf`. */
export function groupOf(members: readonly Canvas[]): GroupSignature {
  const only = members.length === 1 ? members[0] : undefined
  if (only?.kind === 'group') return only
  return Object.freeze({ kind: 'group', members: Object.freeze([...members]), options: NO_OPTIONS })
}

/** Compose a list of members, of a length not known beforehand: of one member too it stays a group in a chain. */
export function listGroupOf(members: readonly Canvas[]): GroupSignature {
  const one = members.length === 1 && { list: true as const }
  return Object.freeze({ kind: 'group', members: Object.freeze([...members]), ...one, options: NO_OPTIONS })
}

/** Compose a group whose list of results goes to `body`. A single canvas as header is a list of one. */
export function chordOf(header: Canvas | readonly Canvas[], body: Canvas): ChordSignature {
  const list = isList(header) ? header : header.kind === 'group' ? settleOptions(header).members : [header]
  return Object.freeze({ kind: 'chord', header: Object.freeze([...list]), body, options: NO_OPTIONS })
}

const isList = (header: Canvas | readonly Canvas[]): header is readonly Canvas[] => Array.isArray(header)

/** A chord whose body may still grow. */
interface OpenChord {
  readonly chord: Omit<ChordSignature, 'body'>
  readonly body: Sequence
}

/**
 * Steps being put together, by the rules of Celery's `|`. It grows in place, so that a chain is built in linear time.
 * `chained`: a chain already, if of one step; else a canvas alone, for which the rules differ.
 */
class Sequence {
  #steps: Canvas[]
  readonly #depth: number
  #chained: boolean
  /** Of the chain as a whole. They go down to its steps with the first step that is put behind them. */
  #options = NO_OPTIONS
  /** In place of the last step. */
  #open: OpenChord | undefined

  constructor(steps: Canvas[], chained: boolean, depth = 0) {
    if (depth > MAX_GROUPS_IN_A_ROW)
      throw umbelError('UMBEL_CANVAS_TOO_DEEP', `This canvas has more than ${MAX_GROUPS_IN_A_ROW} groups in a row.`)
    this.#steps = steps
    this.#chained = chained
    this.#depth = depth
  }

  static of(canvas: Canvas, depth = 0): Sequence {
    if (canvas.kind !== 'chain') return new Sequence([canvas], false, depth)
    const sequence = new Sequence([...unchained({ ...canvas, options: NO_OPTIONS })], true, depth)
    sequence.#options = canvas.options
    return sequence
  }

  /** What has been put together. */
  canvas(): Canvas {
    this.#close()
    const [only] = this.#steps
    if (!this.#chained && only !== undefined) return only
    return Object.freeze({ kind: 'chain', steps: Object.freeze([...this.#steps]), options: this.#options })
  }

  add(next: Canvas): void {
    if (next.kind === 'group' && this.#unrolls(next)) this.#addUnrolled(next)
    else if (this.#chained) this.#addToChain(next)
    else this.#addToOne(next)
  }

  #addUnrolled(group: GroupSignature): void {
    const [member] = settleOptions(group).members
    if (member === undefined) return
    if (this.#chained) return this.add(member)
    if (this.#last()?.kind === 'chord') return this.#body().add(member)
    this.#chained = true
    this.#push(member)
  }

  /** A group of one stands for its member, except in front of a pipe and when it was made from a list. */
  #unrolls(group: GroupSignature): boolean {
    return group.members.length === 1 && group.list !== true && (this.#chained || this.#last()?.kind !== 'group')
  }

  #addToChain(next: Canvas): void {
    if (next.kind === 'chain') {
      for (const step of unchained(next)) this.add(step)
      return
    }
    const last = this.#last()
    // what the last step takes in is within the chain, so that as in Celery its options are for that, too
    if (last?.kind === 'group' && next.kind !== 'group') return this.#upgrade(next)
    if (next.kind === 'group' || last?.kind !== 'chord' || next.kind === 'chord') this.#handDown()
    if (last === undefined && next.kind === 'group') this.#chained = false
    if (last?.kind === 'chord' && next.kind !== 'chord') this.#body().add(next)
    else this.#push(next)
  }

  /** Hand the options of the whole down to the steps so far. */
  #handDown(): void {
    if (this.#options === NO_OPTIONS) return
    const options = this.#options
    this.#options = NO_OPTIONS
    this.#close()
    this.#steps = [...unchained({ kind: 'chain', steps: this.#steps, options })]
  }

  #addToOne(next: Canvas): void {
    const last = this.#last()
    if (last?.kind === 'group') return this.#upgrade(next)
    if (last?.kind === 'chord' && next.kind !== 'group' && next.kind !== 'chain') return this.#body().add(next)
    this.#chained = true
    for (const step of next.kind === 'chain' ? unchained(next) : [next]) this.#push(step)
  }

  /** Make the group at the end a chord with this body. After another chord the new one goes into that one's body. */
  #upgrade(body: Canvas): void {
    const group = this.#steps.pop() as GroupSignature
    const chord = chordOf(group, body)
    if (this.#last()?.kind === 'chord') this.#body().add(chord)
    else this.#push(chord)
  }

  #push(step: Canvas): void {
    this.#close()
    this.#steps.push(step)
  }

  #last(): Canvas | OpenChord['chord'] | undefined {
    return this.#open?.chord ?? this.#steps.at(-1)
  }

  /** The body of the chord at the end, opened. */
  #body(): Sequence {
    if (this.#open === undefined) {
      const { body, ...chord } = this.#steps.pop() as ChordSignature
      this.#open = { chord, body: Sequence.of(body, this.#depth + 1) }
    }
    return this.#open.body
  }

  #close(): void {
    if (this.#open === undefined) return
    const { chord, body } = this.#open
    this.#open = undefined
    this.#steps.push(Object.freeze({ ...chord, body: body.canvas() }))
  }
}

/**
 * The steps of a chain, what was linked to it put on them: its links on the last as if they were added there, so that a group at
 * the end has them on its first member. What is no chain is its own only step.
 */
export function unchained(canvas: Canvas): readonly Canvas[] {
  if (canvas.kind !== 'chain') return [canvas]
  const { link: links, ...options } = canvas.options
  const link = stampedCallbacks(links, options.headers)
  const { steps } = settleOptions({ ...canvas, options })
  const last = steps.at(-1)
  return last === undefined || link.length === 0 ? steps : steps.with(-1, link.reduce(addLink, last))
}
