import type { Seat } from '@umbel/core'
import { PagedList } from './paged-list.ts'
import { SteadyMap } from './steady-map.ts'

const ZERO = 48
/** A slash, counted from zero as digits are. */
const SLASH = -1

/** More than any number of a node: plans are smaller. */
const MOST = 10_000_000

/** Places for lists that were looked for lately, a power of two. */
const NEAR = 4_096

/** The seats of the nodes of one workflow, by number. */
interface List<S> {
  /** The text that it was looked for by last: as a rule the very same for all nodes, so that nothing is compared. */
  workflow: string
  readonly seats: PagedList<S>
  /** How many there are. */
  count: number
}

/**
 * Seats of the nodes of workflows, by their ids, in a list for each workflow. In a map by id a member of a group of 100,000 cost the engine 0.7 us
 * more than one of 1,000: each look waits for memory several times, and V8 makes the map anew each time that it has doubled.
 */
export class NodeSeats<S extends Seat> {
  readonly #lists = new SteadyMap<List<S>>()
  /** How many lists there are. */
  #size = 0
  /** The list that was looked for last: many nodes of one workflow come one after another. */
  #last: List<S> | undefined
  /** Those that were looked for lately, by the end of their workflow's id: with many workflows under way their nodes take turns. */
  readonly #near = new Array<List<S> | undefined>(NEAR).fill(undefined)
  /** What was read last: where the slash of an id stands, and the number behind it. */
  #slash = 0
  #node = 0

  /** Whether no node has any. */
  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** Read an id: whether it is that of a node of a workflow. What is called next with the id goes by that. */
  reads(id: string): boolean {
    // from its end: most ids that are of no node have no number there
    let at = id.length - 1
    let code = id.charCodeAt(at) - ZERO
    let first = code
    let node = 0
    for (let value = 1; code >= 0 && code <= 9 && value < MOST; value *= 10) {
      node += code * value
      first = code
      at -= 1
      code = id.charCodeAt(at) - ZERO
    }
    this.#slash = at
    this.#node = node
    if (code !== SLASH || at === 0 || id.charCodeAt(0) - ZERO === SLASH) return false
    const digits = id.length - 1 - at
    return digits === 1 || (digits > 1 && first > 0)
  }

  /** The seat of the id that was read. */
  get(id: string): S | undefined {
    return this.#listFor(id)?.seats.get(this.#node)
  }

  /** Have a seat under the id that was read, which has none. */
  put(id: string, seat: S): void {
    const list = this.#listFor(id) ?? this.#add(id.slice(0, this.#slash))
    list.seats.set(this.#node, seat)
    list.count += 1
  }

  /** Have that no longer. */
  delete(id: string): void {
    const list = this.#listFor(id)
    if (list?.seats.get(this.#node) === undefined) return
    list.seats.set(this.#node, undefined)
    list.count -= 1
    if (list.count === 0) this.#drop(list)
  }

  /** The seat of a node by its number. */
  of(workflow: string, node: number): S | undefined {
    return this.#listOf(workflow)?.seats.get(node)
  }

  /** Call back with each seat of the nodes of a workflow. */
  eachOf(workflow: string, tell: (seat: S) => void): void {
    this.#listOf(workflow)?.seats.each(tell)
  }

  /** Give up those seats of a workflow's nodes that `isEmpty` tells to have nothing in them. */
  sweep(workflow: string, isEmpty: (seat: S) => boolean): void {
    const list = this.#listOf(workflow)
    if (list === undefined) return
    list.seats.each((seat, node) => {
      if (!isEmpty(seat)) return
      list.seats.set(node, undefined)
      list.count -= 1
    })
    if (list.count === 0) this.#drop(list)
  }

  *values(): Generator<S, void, undefined> {
    for (const { seats } of this.#lists.values()) yield* seats.values()
  }

  /** The list of the workflow of the id that was read, where there is one. */
  #listFor(id: string): List<S> | undefined {
    const last = this.#last
    const slash = this.#slash
    if (last === undefined) return this.#listOf(id.slice(0, slash))
    const node = this.#node
    // what is compared here is as a rule the very same text
    if (last.seats.get(node)?.row?.id === id) return last
    const near = this.#near[placeOf(id, slash)]
    if (near !== undefined && near !== last && near.seats.get(node)?.row?.id === id) {
      this.#last = near
      return near
    }
    if (last.workflow.length === slash && id.startsWith(last.workflow)) return last
    return this.#listOf(id.slice(0, slash))
  }

  #listOf(workflow: string): List<S> | undefined {
    if (this.#last?.workflow === workflow) return this.#last
    const list = this.#lists.get(workflow)
    if (list === undefined) return undefined
    list.workflow = workflow
    this.#near[placeOf(workflow, workflow.length)] = list
    this.#last = list
    return list
  }

  #add(workflow: string): List<S> {
    const list: List<S> = { workflow, seats: new PagedList(), count: 0 }
    this.#lists.set(workflow, list)
    this.#size += 1
    this.#near[placeOf(workflow, workflow.length)] = list
    this.#last = list
    return list
  }

  #drop(list: List<S>): void {
    this.#lists.delete(list.workflow)
    this.#size -= 1
    const place = placeOf(list.workflow, list.workflow.length)
    if (this.#near[place] === list) this.#near[place] = undefined
    if (this.#last === list) this.#last = undefined
  }
}

/** Where a workflow's list is put among the near ones: by the letters of its id in which ours differ (see `makeIds`), and by the last ones. */
function placeOf(id: string, end: number): number {
  let place = id.charCodeAt(end - 1) * 7
  if (end > 3) place += id.charCodeAt(end - 2) * 77 + id.charCodeAt(end - 3) * 847
  if (end > 15) place += id.charCodeAt(end - 12) * 961 + id.charCodeAt(end - 13) * 31 + id.charCodeAt(end - 15)
  return place & (NEAR - 1)
}
