import { AsyncLocalStorage } from 'node:async_hooks'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Slots } from '../src/lanes/slots.ts'
import type { AheadOptions } from '../src/lanes/taken-ahead.ts'

interface Item {
  readonly id: string
  priority: number
}

/** Slots whose items run until they are told to end; with those taken ahead that are short. */
function handSlots(concurrency: number, ahead?: AheadOptions<Item>) {
  const started: string[] = []
  const ends = new Map<string, () => void>()
  const slots = new Slots<Item>({
    concurrency,
    ahead,
    run: (item, over) => {
      started.push(item.id)
      ends.set(item.id, over)
    },
  })
  const end = async (id: string): Promise<void> => {
    ends.get(id)?.()
    ends.delete(id)
    await settled()
  }
  /** Something has a place that it never waited for. */
  const claimed = (id: string, over: () => void): void => {
    started.push(id)
    ends.set(id, over)
  }
  return { slots, started, end, claimed, running: () => [...ends.keys()] }
}

const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await undefined
}

const item = (id: string, priority = 5): Item => ({ id, priority })

const add = (slots: Slots<Item>, one: Item): void => slots.add(one, one.priority)

describe('Slots', () => {
  test('run as many as there are slots, the best waiting item first', async () => {
    const { slots, started, end } = handSlots(2)
    for (const one of [item('a'), item('b', 1), item('c', 9), item('d', 7)]) add(slots, one)
    await settled()
    expect(started).toEqual(['c', 'd'])
    expect([slots.waiting, slots.running]).toEqual([2, 2])
    add(slots, item('e', 8))
    await end('d')
    await end('c')
    expect(started).toEqual(['c', 'd', 'e', 'a'])
    expect([...slots].map(({ id }) => id)).toEqual(['b'])
  })

  test('give up a waiting item, never a running one', async () => {
    const { slots, started, end } = handSlots(1)
    add(slots, item('a'))
    add(slots, item('b'))
    await settled()
    expect(slots.remove('a')).toBeUndefined()
    expect(slots.remove('b')?.id).toBe('b')
    await end('a')
    expect(started).toEqual(['a'])
  })

  test('take a waiting item at the priority it was given last', async () => {
    const { slots, started, end } = handSlots(1)
    for (const one of [item('a'), item('b', 4), item('c', 3)]) add(slots, one)
    await settled()
    expect(slots.reprioritise('c', 9)).toMatchObject({ id: 'c' })
    expect(slots.reprioritise('a', 9)).toBeUndefined()
    await end('a')
    await end('c')
    expect(started).toEqual(['a', 'c', 'b'])
  })

  test('survive a run that throws', async () => {
    const ran: string[] = []
    const slots = new Slots<Item>({
      concurrency: 1,
      run: ({ id }, over) => {
        ran.push(id)
        if (id === 'throws') throw new Error('thrown')
        over()
      },
    })
    for (const id of ['throws', 'fine']) add(slots, item(id))
    await slots.onIdle()
    expect(ran).toEqual(['throws', 'fine'])
  })

  test('go through 100,000 items that are over at once, and none twice', async () => {
    const ran: string[] = []
    const slots = new Slots<Item>({
      concurrency: 3,
      run: ({ id }, over) => {
        ran.push(id)
        over()
      },
    })
    for (let n = 0; n < 100_000; n += 1) add(slots, item(`${n}`))
    await slots.onIdle()
    expect(new Set(ran).size).toBe(100_000)
    expect([ran.length, slots.running]).toEqual([100_000, 0])
  })

  test('start nothing while paused, and go on when resumed', async () => {
    const { slots, started, end } = handSlots(1)
    add(slots, item('a'))
    await settled()
    slots.pause()
    add(slots, item('b'))
    await end('a')
    expect(started).toEqual(['a'])
    slots.resume()
    await settled()
    expect(started).toEqual(['a', 'b'])
  })

  test('take a new concurrency at once, down to none', async () => {
    const { slots, started, end, running } = handSlots(0)
    for (const id of ['a', 'b', 'c', 'd', 'e']) add(slots, item(id))
    await settled()
    expect(started).toEqual([])
    slots.concurrency = 3
    await settled()
    expect(running()).toEqual(['a', 'b', 'c'])
    slots.concurrency = 1
    await end('a')
    await end('b')
    expect(running()).toEqual(['c'])
    slots.concurrency = 0
    await end('c')
    expect(running()).toEqual([])
    slots.concurrency = 2
    await settled()
    expect(running()).toEqual(['d', 'e'])
    expect(slots.concurrency).toBe(2)
  })

  test('are idle once nothing waits and nothing runs', async () => {
    const { slots, end } = handSlots(1)
    await slots.onIdle()
    add(slots, item('a'))
    add(slots, item('b'))
    let idle = false
    const waiting = slots.onIdle().then(() => {
      idle = true
    })
    await settled()
    slots.remove('b')
    await settled()
    expect(idle).toBe(false)
    await end('a')
    await waiting
  })

  test('run no item in the async context of whoever added another', async () => {
    const context = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const slots = new Slots<Item>({
      concurrency: 1,
      run: (_, over) => {
        seen.push(context.getStore())
        over()
      },
    })
    context.run('first sender', () => add(slots, item('a')))
    add(slots, item('b'))
    await slots.onIdle()
    context.run('one that finds the slot at rest', () => add(slots, item('c')))
    await slots.onIdle()
    expect(seen).toEqual([undefined, undefined, undefined])
  })

  test('never run more than they may, and run each item once, whatever happens', async () => {
    const act = fc.oneof(
      { weight: 5, arbitrary: fc.record({ does: fc.constant('add' as const), n: fc.nat(9) }) },
      { weight: 4, arbitrary: fc.record({ does: fc.constant('end' as const), n: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant('limit' as const), n: fc.nat(4) }) },
      {
        weight: 1,
        arbitrary: fc.record({ does: fc.constantFrom('pause' as const, 'resume' as const), n: fc.constant(0) }),
      },
      { weight: 1, arbitrary: fc.record({ does: fc.constant('tick' as const), n: fc.constant(0) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 120, size: 'max' }), async (acts) => {
        const { slots, started, end, running } = handSlots(1)
        let added = 0
        for (const { does, n } of acts) {
          if (does === 'add') add(slots, item(`t${added++}`, n))
          else if (does === 'limit') slots.concurrency = n
          else if (does === 'pause') slots.pause()
          else if (does === 'resume') slots.resume()
          else if (does === 'tick') await settled()
          else {
            const before = running().length
            await end(running()[n % before] ?? '')
            expect(running().length).toBeLessThanOrEqual(Math.max(before, slots.concurrency))
          }
        }
        slots.resume()
        slots.concurrency = 3
        await settled()
        while (running().length > 0) await end(running()[0] as string)
        await slots.onIdle()
        expect(started.length).toBe(added)
        expect(new Set(started).size).toBe(added)
      }),
      { numRuns: 300 },
    )
  })
})

describe('Slots that take short items ahead', () => {
  const short: AheadOptions<Item> = { isShort: ({ id }) => !id.startsWith('long'), recall: () => {} }

  test('have one more each than they work at, in order, and go on with it at once', async () => {
    const { slots, started, end } = handSlots(2, short)
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) add(slots, item(id))
    await settled()
    expect(started).toEqual(['a', 'b', 'c', 'd'])
    expect([slots.running, slots.waiting]).toEqual([2, 2])
    await end('b')
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e'])
    for (const id of ['a', 'c', 'd']) await end(id)
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect([slots.running, slots.waiting]).toEqual([2, 0])
    await end('e')
    expect(slots.running).toBe(1)
    await end('f')
    await slots.onIdle()
  })

  test('take none behind one that may be long, nor a long one', async () => {
    const { slots, started, end } = handSlots(2, short)
    for (const id of ['a', 'long 1', 'b']) add(slots, item(id))
    await settled()
    expect(started).toEqual(['a', 'long 1'])
    await end('long 1')
    for (const id of ['long 2', 'c']) add(slots, item(id))
    await settled()
    expect(started).toEqual(['a', 'long 1', 'b'])
    await end('a')
    expect(started).toEqual(['a', 'long 1', 'b', 'long 2'])
  })

  test('take none while a slot is free, and none before all that comes in one go is there', async () => {
    const { slots, started } = handSlots(1, short)
    add(slots, item('a'))
    await settled()
    add(slots, item('b', 1))
    add(slots, item('c', 9))
    expect(started).toEqual(['a'])
    await settled()
    expect(started).toEqual(['a', 'c'])
  })

  test('give back what was taken ahead once something more urgent comes, and when they are paused', async () => {
    let recalled = 0
    const { slots, end } = handSlots(1, { ...short, recall: () => recalled++ })
    for (const id of ['a', 'b']) add(slots, item(id))
    await settled()
    add(slots, item('c'))
    expect(recalled).toBe(0)
    add(slots, item('d', 6))
    expect(recalled).toBe(1)
    await end('b') // it was given back
    await end('a')
    expect(slots.running).toBe(1) // d
    // where that is often so, none is taken ahead for a while
    let held = 0
    for (let n = 0; n < 200; n++) add(slots, item(`more ${n}`))
    for (; slots.waiting > 0; held++)
      await end(['d', 'c', ...Array.from({ length: 200 }, (_, n) => `more ${n}`)][held] as string)
    slots.pause()
    expect(recalled).toBe(2)
    await end('more 198')
    await end('more 199')
    await slots.onIdle()
  })

  test('give nothing back for what is no more urgent, whatever was taken ahead beside it and is over', async () => {
    let recalled = 0
    const slots = new Slots<Item>({
      concurrency: 2,
      ahead: { ...short, recall: () => recalled++ },
      run: ({ id }, over) => {
        if (id === 'over') over()
      },
    })
    for (const one of [item('a'), item('b'), item('c', 5), item('over', 4)]) add(slots, one)
    await settled()
    expect(slots.waiting).toBe(0)
    add(slots, item('d', 5))
    expect(recalled).toBe(0)
    add(slots, item('e', 6))
    expect(recalled).toBe(1)
  })

  test('have two places behind what runs for what never waits, where nothing waits: it is given back for what is more urgent', async () => {
    let recalled = 0
    const { slots, started, end } = handSlots(1, { ...short, recall: () => recalled++ })
    expect(slots.claimAhead(5)).toBeUndefined() // nothing runs
    add(slots, item('a'))
    await settled()
    const [first, second, third] = [slots.claimAhead(5), slots.claimAhead(5), slots.claimAhead(5)]
    expect([first, second, third]).toEqual([expect.any(Function), expect.any(Function), undefined])
    add(slots, item('b', 5))
    await settled()
    expect([started, recalled]).toEqual([['a'], 0])
    await end('a')
    expect([started, slots.running]).toEqual([['a'], 1]) // what was claimed first has the slot, the second is ahead
    first?.()
    expect([started, slots.running]).toEqual([['a', 'b'], 1]) // the second has the slot, b is ahead
    second?.()
    expect(slots.running).toBe(1)
    await end('b')
    expect(slots.running).toBe(0)
    add(slots, item('c'))
    await settled()
    expect(slots.claimAhead(5)).toBeTypeOf('function')
    add(slots, item('d', 6))
    expect(recalled).toBe(1)
    expect(slots.claimAhead(9)).toBeUndefined() // d goes first
  })

  test('give no place behind what is less urgent and was taken ahead, nor while something lasts', async () => {
    let lasts = false
    const { slots } = handSlots(1, { ...short, lasts: () => lasts })
    add(slots, item('a'))
    await settled()
    lasts = true
    expect([slots.takesAhead, slots.claimAhead(5)]).toEqual([false, undefined])
    lasts = false
    expect(slots.claimAhead(5)).toBeTypeOf('function')
    expect(slots.claimAhead(6)).toBeUndefined() // it comes to wait, and what was taken ahead is given back
    expect(slots.claimAhead(5)).toBeTypeOf('function')
  })

  test('go through 100,000 items that are over at once, and none twice', async () => {
    const ran: string[] = []
    const overs: (() => void)[] = []
    const slots = new Slots<Item>({
      concurrency: 2,
      ahead: short,
      run: ({ id }, over) => {
        ran.push(id)
        if (id.startsWith('held')) overs.push(over)
        else over()
      },
    })
    for (const id of ['held 1', 'held 2']) add(slots, item(id))
    for (let n = 0; n < 100_000; n += 1) add(slots, item(`${n}`))
    await settled()
    expect(ran.length).toBe(100_002) // all but two went by ahead
    for (const over of overs) over()
    await slots.onIdle()
    expect(new Set(ran).size).toBe(100_002)
  })

  test('never have more than twice as many as there are slots, with what is claimed three times, and run each item once, whatever happens', async () => {
    const act = fc.oneof(
      { weight: 5, arbitrary: fc.record({ does: fc.constant('add' as const), n: fc.nat(9) }) },
      { weight: 5, arbitrary: fc.record({ does: fc.constant('end' as const), n: fc.nat(9) }) },
      { weight: 2, arbitrary: fc.record({ does: fc.constant('claim' as const), n: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant('limit' as const), n: fc.nat(4) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          does: fc.constantFrom('pause' as const, 'resume' as const, 'tick' as const),
          n: fc.constant(0),
        }),
      },
    )
    const run = async (acts: readonly { does: string; n: number }[], kinds: readonly boolean[]): Promise<void> => {
      let recalls = 0
      const { slots, started, end, running, claimed } = handSlots(2, { ...short, recall: () => recalls++ })
      let added = 0
      for (const { does, n } of acts) {
        const before = started.length
        const ran = running()
        if (does === 'add') {
          const isLong = kinds[added % kinds.length] === true
          add(slots, item(`${isLong ? 'long' : 'short'} ${added++}`, n))
        } else if (does === 'claim') {
          const over = slots.claim(n > 3) ?? slots.claimAhead(n)
          if (over !== undefined) claimed(`claimed ${added++}`, over)
        } else if (does === 'limit') slots.concurrency = n
        else if (does === 'pause') slots.pause()
        else if (does === 'resume') slots.resume()
        else if (does === 'tick') await settled()
        else await end(ran[n % ran.length] ?? '')
        expect(slots.running).toBeLessThanOrEqual(running().length)
        if (started.length > before)
          expect(running().length).toBeLessThanOrEqual(
            Math.max(ran.length, (does === 'claim' ? 3 : 2) * slots.concurrency),
          )
      }
      slots.resume()
      slots.concurrency = 3
      await settled()
      while (running().length > 0) await end(running()[0] as string)
      await slots.onIdle()
      expect([started.length, new Set(started).size, slots.running]).toEqual([added, added, 0])
    }
    const kinds = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })
    await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 120, size: 'max' }), kinds, run), { numRuns: 300 })
  })
})
