import type { TaskRow } from '@umbel/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inlineWorker } from '../src/lanes/inline.ts'
import { Lane } from '../src/lanes/lane.ts'
import { type LaneOptions, laneSettings } from '../src/lanes/lane-options.ts'
import { threadWorker } from '../src/lanes/threads.ts'
import { Limits } from '../src/limits/limits.ts'
import { readyTokens } from '../src/limits/ready-tokens.ts'
import { SimulatedClock } from '../src/simulated-clock.ts'
import { NO_EFFECTS } from './fixtures/no-effects.ts'

const ignore = (): void => {}
const reports = { state: ignore, progress: ignore, begun: ignore, send: ignore, log: ignore, ...NO_EFFECTS }

/** A lane whose tasks run until they are told to end, and what it has started. */
function handLane(given: LaneOptions, clock = new SimulatedClock(), now = () => clock.monotonic()) {
  const started: string[] = []
  const ends = new Map<string, () => void>()
  const options = laneSettings({ hand: given }).get('hand')
  if (options === undefined) throw new Error('There is no such lane.')
  const lane = new Lane({
    name: 'hand',
    options,
    now,
    limits: new Limits({
      tasks: new Map(),
      shared: new Map(),
      source: readyTokens(clock),
      clock,
      failed: ignore,
    }),
    refuse: ignore,
    threads: threadWorker({ name: 'hand', threads: options.threads, maxBytes: 1_000, reports, onStray: ignore }),
    inline: inlineWorker({
      tasks: new Map(),
      reports,
      clock,
      maxBytes: 1_000,
      ids: () => 'id',
      handleOf: (id) => ({ id }),
    }),
    execute: (id, _, over) => {
      started.push(id)
      ends.set(id, over)
    },
  })
  const end = async (id = [...ends.keys()][0] ?? ''): Promise<void> => {
    ends.get(id)?.()
    ends.delete(id)
    await settled()
  }
  return { lane, started, end, clock }
}

const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await undefined
}

/** As much of a row as a lane looks at. */
const row = (id: string, priority = 5, inline = true): TaskRow =>
  ({ kind: 'task', id, spec: { priority, inline } }) as TaskRow

describe('a lane', () => {
  test('starts nothing before it is ready, while it is paused, and once it has halted', async () => {
    const { lane, started, end } = handLane({ threads: 0, inline: 2 })
    lane.add(row('a'))
    await settled()
    expect(started).toEqual([])
    lane.pause()
    await lane.start()
    await settled()
    expect([started, lane.paused, lane.held]).toEqual([[], true, 1])
    lane.resume()
    await settled()
    expect([started, lane.paused, lane.held]).toEqual([['a'], false, 0])
    lane.pause()
    lane.add(row('b'))
    await end('a')
    expect([lane.running, lane.waiting, lane.held]).toEqual([0, 1, 1])
    lane.halt()
    lane.resume()
    await settled()
    expect(started).toEqual(['a'])
  })

  test('takes out all waiting tasks that fit, the others stay, and those who wait for space get it', async () => {
    const { lane, started, end } = handLane({ threads: 0, inline: 1, backlog: 4 })
    await lane.start()
    lane.add(row('runs'))
    await settled()
    for (const id of ['a0', 'b9', 'a5', 'c5']) lane.add(row(id, Number(id[1])))
    let space = false
    const waiting = lane.reserved(2).then(() => {
      space = true
    })
    await settled()
    expect(space).toBe(false)
    expect(lane.purge((id) => id.startsWith('a') || id === 'runs')).toEqual(['a5', 'a0'])
    await waiting
    expect(lane.waiting).toBe(2)
    await end()
    await end()
    expect(started).toEqual(['runs', 'b9', 'c5'])
    expect(lane.purge(() => true)).toEqual([])
  })

  test('moves a waiting task to the priority its row has now', async () => {
    const { lane, started, end } = handLane({ threads: 0, inline: 1 })
    await lane.start()
    for (const id of ['runs', 'a', 'b']) lane.add(row(id))
    await settled()
    lane.reprioritise(row('b', 9))
    lane.reprioritise(row('runs', 0))
    lane.reprioritise(row('nobody', 0))
    await end()
    expect(started).toEqual(['runs', 'b'])
  })

  test('takes other numbers of inline slots at once, down to none: what is sent then waits for them to come back', async () => {
    const { lane, started, end } = handLane({ threads: 0, inline: 1 })
    await lane.start()
    for (const id of ['a', 'b', 'c', 'd']) lane.add(row(id))
    await lane.scale({ inline: 3 })
    await settled()
    expect(started).toEqual(['a', 'b', 'c'])
    await lane.scale({ inline: 0 })
    for (const _ of started) await end()
    expect([lane.running, lane.waiting, lane.held, lane.serves('inline')]).toEqual([0, 1, 1, true])
    await lane.scale({ inline: 1 })
    await settled()
    expect(started).toEqual(['a', 'b', 'c', 'd'])
  })

  test('opens slots for more threads once they are warm, from none on, and closes them as tasks end', async () => {
    const { lane, started, end } = handLane({ threads: 0, inline: 0 })
    await lane.start()
    expect(lane.serves('threads')).toBe(false)
    const scaled = lane.scale({ threads: 2 })
    for (const id of ['a', 'b', 'c']) lane.add(row(id, 5, false))
    expect([lane.width.threads, started]).toEqual([2, []])
    await scaled
    await settled()
    expect([started, lane.serves('threads')]).toEqual([['a', 'b'], true])
    const up = lane.scale({ threads: 3 })
    await lane.scale({ threads: 1 })
    await up
    await end('a')
    expect([started, lane.width.threads]).toEqual([['a', 'b'], 1])
    await end('b')
    expect(started).toEqual(['a', 'b', 'c'])
    await lane.stop()
  })
})

describe('a lane that is never empty of tasks of priority 9', () => {
  const TAKES = 10

  /** Run it for a minute: each task takes 10 ms, and there are always 20 more of them. When does the one of priority 0 start? */
  async function startOfTheLeast(options: LaneOptions): Promise<number | undefined> {
    const clock = new SimulatedClock()
    const { lane, started, end } = handLane({ threads: 0, inline: 1, ...options }, clock)
    await lane.start()
    let count = 0
    const refill = (): void => {
      while (lane.waiting < 20) lane.add(row(`t${count++}`, 9))
    }
    refill()
    const sent = clock.monotonic()
    lane.add(row('least', 0))
    while (clock.monotonic() - sent < 60_000) {
      if (started.at(-1) === 'least') return clock.monotonic() - sent
      await clock.advance(TAKES)
      await end()
      refill()
    }
    return undefined
  }

  test('never comes to one of priority 0', async () => {
    expect(await startOfTheLeast({})).toBeUndefined()
  })

  test('comes to it within the aging and the tasks that were there before it', async () => {
    const after = await startOfTheLeast({ aging: '1s' })
    expect(after).toBeGreaterThanOrEqual(1_000)
    expect(after).toBeLessThanOrEqual(1_000 + 21 * TAKES)
  })
})

/** A lane kept as simply as possible: everything is looked at each time. */
class PlainLane {
  readonly started: string[] = []
  readonly running = new Set<string>()
  paused = false
  width = 1
  #waiting: { readonly id: string; priority: number; readonly since: number; readonly sent: number; moved: number }[] =
    []
  #order = 0
  readonly #aging: number

  constructor(aging = Number.POSITIVE_INFINITY) {
    this.#aging = aging
  }

  get waiting(): number {
    return this.#waiting.length
  }

  add(id: string, priority: number, since: number): void {
    const order = this.#order++
    this.#waiting.push({ id, priority, since, sent: order, moved: order })
  }

  move(id: string, priority: number): void {
    const item = this.#waiting.find((one) => one.id === id)
    if (item !== undefined && item.priority !== priority) Object.assign(item, { priority, moved: this.#order++ })
  }

  purge(fits: (id: string) => boolean): string[] {
    const purged = this.#waiting.filter(({ id }) => fits(id))
    this.#waiting = this.#waiting.filter(({ id }) => !fits(id))
    return purged.map(({ id }) => id)
  }

  /** Give free slots to what is best. */
  fill(now: number): void {
    while (!this.paused && this.running.size < this.width && this.#waiting.length > 0) {
      const hasAged = ({ since }: { since: number }): boolean => now - since >= this.#aging
      const [best] = this.#waiting.toSorted(
        (a, b) =>
          Number(hasAged(b)) - Number(hasAged(a)) ||
          (hasAged(a) ? a.sent - b.sent : b.priority - a.priority || a.moved - b.moved),
      )
      if (best === undefined) return
      this.#waiting = this.#waiting.filter((one) => one !== best)
      this.started.push(best.id)
      this.running.add(best.id)
    }
  }
}

test('whatever is changed while it works, a lane starts the best of what waits, each task once, and no more than it has slots', async () => {
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('add' as const), fc.nat(9), fc.constant(0)) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('end' as const), fc.nat(9), fc.constant(0)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('move' as const), fc.nat(60), fc.nat(9)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('pass' as const), fc.nat(8), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('purge' as const), fc.nat(4), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('width' as const), fc.nat(4), fc.constant(0)) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom('pause' as const, 'resume' as const), fc.constant(0), fc.constant(0)),
    },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 100, size: 'max' }), fc.boolean(), async (acts, ages) => {
      let now = 0
      const aging = ages ? 10 : undefined
      const clock = new SimulatedClock()
      const { lane, started, end } = handLane({ threads: 0, inline: 1, ...(ages && { aging: 10 }) }, clock, () => now)
      const plain = new PlainLane(aging)
      await lane.start()
      let sent = 0
      for (const [does, first, second] of acts) {
        if (does === 'add') {
          lane.add(row(`t${sent}`, first))
          plain.add(`t${sent++}`, first, now)
        } else if (does === 'end') {
          const id = [...plain.running][first % plain.running.size] ?? ''
          plain.running.delete(id)
          await end(id)
        } else if (does === 'move') {
          lane.reprioritise(row(`t${first}`, second))
          plain.move(`t${first}`, second)
        } else if (does === 'pass') now += first
        else if (does === 'width') {
          plain.width = first
          await lane.scale({ inline: first })
        } else if (does === 'purge') {
          const fits = (id: string): boolean => Number(id.slice(1)) % 5 === first
          expect(lane.purge(fits).sort()).toEqual(plain.purge(fits).sort())
        } else {
          plain.paused = does === 'pause'
          lane[does]()
        }
        await settled()
        plain.fill(now)
        expect(started).toEqual(plain.started)
        expect(lane.waiting).toBe(plain.waiting)
      }
    }),
    { numRuns: 300 },
  )
})
