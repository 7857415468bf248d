import { AsyncLocalStorage } from 'node:async_hooks'
import PQueue from 'p-queue'
import { PriorityBuffer, type Queued } from './priority-buffer.ts'
import { type Ahead, type AheadOptions, TakenAhead } from './taken-ahead.ts'

/** What slots are made for. */
export interface SlotsOptions<T extends Queued> {
  /** Items that may run at the same time; 0 is legal: nothing runs. */
  readonly concurrency: number
  /** Where items wait. Default: by priority alone. */
  readonly buffer?: PriorityBuffer<T>
  /** Run one item, whatever it is, and call `over` once, at once where there is nothing to do. Should never throw; when it does, its slot goes on. */
  readonly run: (item: T, over: () => void) => void
  /** How items are taken ahead of their time. Default: none is. */
  readonly ahead?: AheadOptions<T> | undefined
}

/** How many places each slot has behind what runs for what is claimed as it is sent: more than for what waits, which needs no more to keep it busy. */
const CLAIMED_EACH = 2

/** One of the slots. */
interface Slot {
  /** Whether it has no item. */
  free: boolean
  /** Whether it has one that may take longer than a moment. */
  long: boolean
  /** Take items as long as there are any. */
  readonly serve: () => void
  /** Its item is over. */
  readonly over: () => void
}

/** Runs in the async context of the module's load, so that no sender's context leaks into what other senders sent. */
const outside = AsyncLocalStorage.snapshot()

/**
 * What waits, and the slots it waits for. p-queue counts the slots: one job of its is one slot, which takes the best waiting item
 * again and again and rests while there is none, so that its cost is paid once for a slot and not for each item.
 * Items added in one go are sorted before the first one starts.
 */
export class Slots<T extends Queued> {
  readonly #buffer: PriorityBuffer<T>
  readonly #queue: PQueue
  readonly #run: SlotsOptions<T>['run']
  readonly #idle: (() => void)[] = []
  #concurrency: number
  #paused = false
  /** Jobs handed to p-queue that have not given up their slot. */
  #serving = 0
  /** Those of them that rest, and those that are being woken. */
  readonly #resting: Slot[] = []
  #waking: Slot[] = []
  #running = 0
  /** How many of the slots have an item that may take longer than a moment. */
  #long = 0
  readonly #aheadOptions: AheadOptions<T> | undefined
  readonly #ahead = new TakenAhead()
  /** Slots whose own item is over, and that have one now that was taken ahead. */
  readonly #adopted: Slot[] = []
  #goingAhead = false
  #goesAheadSoon = false
  /** The level of the item that was taken last. */
  #level = 0

  constructor(options: SlotsOptions<T>) {
    this.#buffer = options.buffer ?? new PriorityBuffer()
    this.#run = options.run
    this.#aheadOptions = options.ahead
    this.#concurrency = options.concurrency
    this.#queue = new PQueue({ concurrency: Math.max(1, options.concurrency) })
  }

  /** Items that wait for a slot. */
  get waiting(): number {
    return this.#buffer.size
  }

  /** Slots that rest: `claim` gives one of them. */
  get resting(): number {
    return this.#paused || this.#buffer.size > 0 ? 0 : this.#resting.length
  }

  /** Whether `claimAhead` gives a place. */
  get takesAhead(): boolean {
    return this.#buffer.size === 0 && this.#mayGoAhead(CLAIMED_EACH)
  }

  /** Items that run. */
  get running(): number {
    return this.#running
  }

  get concurrency(): number {
    return this.#concurrency
  }

  /** More slots start at once; fewer take effect as items end. */
  set concurrency(concurrency: number) {
    this.#concurrency = concurrency
    this.#queue.concurrency = Math.max(1, concurrency)
    if (this.#serving > concurrency) {
      for (const slot of this.#resting.splice(0)) this.#waken(slot) // to give up their slots
      this.#recall()
    }
    this.#wake()
  }

  /** Let an item wait for its slot, by its priority from 0 to 9; before those that have it already where it comes `again`. Its id must not wait already. */
  add(item: T, priority: number, again = false): void {
    this.#buffer.push(item, priority, again)
    if (this.#serving - this.#resting.length < this.#concurrency) this.#wake()
    else if (this.#aheadOptions !== undefined) this.#cameBehind(priority)
  }

  /**
   * Take a slot that rests, for something that never waits for one. Gives how to say that it is over; `undefined` where none rests, or
   * something waits and goes first.
   */
  claim(isShort = false): (() => void) | undefined {
    const slot = this.resting > 0 ? this.#resting.pop() : undefined
    if (slot === undefined) return undefined
    this.#running++
    slot.free = false
    slot.long = !isShort
    if (slot.long) this.#long++
    return slot.over
  }

  /** The same of a place behind what runs, for something short of a level; `undefined` where nothing may be taken ahead, or something waits and goes first. */
  claimAhead(level: number): (() => void) | undefined {
    if (!this.takesAhead || this.#ahead.hasBelow(level)) return undefined
    const one = this.#ahead.take(level)
    return () => this.#aheadOver(one)
  }

  /** Take a waiting item out, by its priority sooner where that is known; `undefined` when it runs already or is not known. */
  remove(id: string, priority?: number): T | undefined {
    const item = this.#buffer.remove(id, priority)
    if (item !== undefined) this.#tellIdle()
    return item
  }

  /** Take the item that is next, if it fits, for a slot that has one already. */
  takeIf(fits: (item: T) => boolean): T | undefined {
    const { highest } = this.#buffer
    const item = this.#buffer.takeIf(fits)
    if (item !== undefined) this.#level = highest
    return item
  }

  /** Give a waiting item another priority; `undefined` when it runs already or is not known. */
  reprioritise(id: string, priority: number): T | undefined {
    const item = this.#buffer.reprioritise(id, priority)
    if (item !== undefined) this.#cameBehind(priority)
    return item
  }

  /** Whether an item waits. */
  has(id: string): boolean {
    return this.#buffer.has(id)
  }

  /** The first of each priority that waits, highest first. */
  heads(): IterableIterator<T> {
    return this.#buffer.heads()
  }

  /** Start nothing more. What runs goes on. */
  pause(): void {
    this.#paused = true
    this.#recall()
  }

  /** Go on starting. */
  resume(): void {
    this.#paused = false
    this.#wake()
    this.#goAhead()
  }

  /** Resolve once nothing waits and nothing runs. While paused, what waits is waited for. */
  onIdle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Go through what waits in the order in which it will run. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#buffer[Symbol.iterator]()
  }

  get #isIdle(): boolean {
    return this.#buffer.size === 0 && this.#running === 0 && this.#ahead.waiting === 0
  }

  /** Have as many slots awake as there is work and room for. */
  #wake(): void {
    if (this.#paused) return
    const wanted = Math.min(this.#concurrency, this.#running + this.#buffer.size)
    for (let awake = this.#serving - this.#resting.length; awake < wanted; awake++) {
      const slot = this.#resting.pop()
      if (slot === undefined) {
        this.#serving++
        outside(() => void this.#queue.add(this.#serve))
      } else this.#waken(slot)
    }
  }

  /** Have a slot serve once all that is added in one go is there. */
  #waken(slot: Slot): void {
    if (this.#waking.push(slot) > 1) return
    outside(queueMicrotask, () => {
      const waking = this.#waking
      this.#waking = []
      for (const { serve } of waking) serve()
    })
  }

  /** Be one slot: take the best item again and again, by calls and not by promises, of which each item would cost several. */
  readonly #serve = (): Promise<void> =>
    new Promise((resolve) => {
      let serving = false
      const over = (): void => {
        if (slot.long) this.#long--
        slot.long = false
        if (this.#ahead.waiting > 0) return this.#adopt(slot)
        slot.free = true
        this.#running--
        this.#tellIdle()
        serve()
      }
      const serve = (): void => {
        if (serving) return // what was over at once: the loop below goes on
        serving = true
        while (slot.free) {
          if (this.#paused || this.#serving > this.#concurrency) {
            this.#serving--
            return resolve()
          }
          const item = this.#buffer.take()
          if (item === undefined) {
            this.#resting.push(slot)
            break
          }
          slot.free = false
          this.#running++
          if (this.#aheadOptions !== undefined) this.#took(slot, item)
          try {
            this.#run(item, over)
          } catch {
            over() // What goes wrong is told in the outcome; the slot is needed for the others.
          }
        }
        serving = false
        this.#goAhead()
      }
      const slot: Slot = { free: true, long: false, serve, over }
      this.#waken(slot)
    })

  #took(slot: Slot, item: T): void {
    slot.long = this.#aheadOptions?.isShort(item) === false
    if (slot.long) this.#long++
    this.#ahead.passed()
  }

  /** Give a slot whose own item is over the first that was taken ahead: which it is makes no difference, one of them begins now. */
  #adopt(slot: Slot): void {
    this.#ahead.settle()
    this.#adopted.push(slot)
    this.#goAhead()
  }

  /** One that was taken ahead is over. */
  #aheadOver(one: Ahead): void {
    this.#ahead.over(one)
    if (this.#ahead.waiting === 0) return this.#adopted.pop()?.over()
    this.#ahead.settle()
    this.#tellIdle()
    this.#goAhead()
  }

  /** Something waits at a priority that did not before. */
  #cameBehind(priority: number): void {
    if (this.#ahead.hasBelow(priority)) this.#recall()
    if (this.#goesAheadSoon || !this.#mayGoAhead()) return
    this.#goesAheadSoon = true
    // once all that is added in one go is there
    outside(queueMicrotask, () => {
      this.#goesAheadSoon = false
      this.#goAhead()
    })
  }

  #recall(): void {
    if (!this.#ahead.any) return // one that has a slot by now may not have begun either
    this.#ahead.recalled()
    this.#aheadOptions?.recall()
  }

  #mayGoAhead(each = 1): boolean {
    const options = this.#aheadOptions
    if (options === undefined || this.#paused || this.#long > 0 || this.#ahead.isHeldBack) return false
    if (this.#running !== this.#concurrency || this.#ahead.waiting >= this.#running * each) return false
    return options.lasts?.() !== true
  }

  /** Give each slot one item more than it works at, as long as all take but a moment. */
  #goAhead(): void {
    if (this.#goingAhead) return // what was over at once: the loop below goes on
    this.#goingAhead = true
    while (this.#mayGoAhead()) {
      const item = this.takeIf((next) => this.#aheadOptions?.isShort(next) === true)
      if (item === undefined) break
      const one = this.#ahead.take(this.#level)
      const over = (): void => this.#aheadOver(one)
      try {
        this.#run(item, over)
      } catch {
        over() // as above
      }
      one.level = this.#level // what it took beside that may be of lower levels
    }
    this.#goingAhead = false
  }

  #tellIdle(): void {
    if (!this.#isIdle) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
