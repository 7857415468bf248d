import type { TaskRow } from '@umbel/core'
import { describe, expect, test } from 'vitest'
import { inlineWorker } from '../src/lanes/inline.ts'
import { Lane } from '../src/lanes/lane.ts'
import { type LaneOptions, laneSettings } from '../src/lanes/lane-options.ts'
import { threadWorker } from '../src/lanes/threads.ts'
import { Limits } from '../src/limits/limits.ts'
import { readyTokens } from '../src/limits/ready-tokens.ts'
import { SimulatedClock } from '../src/simulated-clock.ts'

const ignore = (): void => {}
const reports = { state: ignore, progress: ignore, begun: ignore, send: ignore, log: ignore }

/** A lane whose tasks run until they are told to end, and what it has started. */
function handLane(given: LaneOptions, clock = new SimulatedClock()) {
  const started: string[] = []
  const ends = new Map<string, () => void>()
  const options = laneSettings({ hand: given }).get('hand')
  if (options === undefined) throw new Error('There is no such lane.')
  const lane = new Lane({
    name: 'hand',
    options,
    now: () => clock.monotonic(),
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
    execute: (id) => {
      started.push(id)
      return new Promise((resolve) => ends.set(id, resolve))
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
  }, 30_000)
})
