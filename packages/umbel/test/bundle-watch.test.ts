import { describe, expect, test } from 'vitest'
import { BundleWatch } from '../src/lanes/bundle-watch.ts'
import { SimulatedClock } from '../src/simulated-clock.ts'

/** A watch over bundles of which it is said which item runs. */
function opened() {
  const clock = new SimulatedClock()
  const items = new Map<string, number>()
  const done: string[] = []
  const watch: BundleWatch<string> = new BundleWatch(
    {
      running: (bundle) => items.get(bundle) ?? 0,
      collect: (bundle) => done.push(`collect ${bundle}`),
      recall: (bundle) => {
        done.push(`recall ${bundle}`)
        watch.delete(bundle)
      },
    },
    clock,
  )
  return { clock, items, done, watch }
}

describe('the watch over bundles', () => {
  test('leaves one in peace for as long as it should take, and takes in what comes of it from then on', async () => {
    const { clock, items, done, watch } = opened()
    watch.add('a')
    for (let item = 1; item <= 4; item += 1) {
      items.set('a', item)
      await clock.advance(2)
      expect(done).toEqual(Array(Math.max(0, item - 2)).fill('collect a'))
    }
  })

  test('takes in what came before an item that is seen twice', async () => {
    const { clock, items, done, watch } = opened()
    watch.add('a')
    items.set('a', 3)
    await clock.advance(2)
    expect(done).toEqual([])
    await clock.advance(2)
    expect(done).toEqual(['collect a'])
  })

  test('gives back what stands behind an item that lasts, and not for one that has not begun', async () => {
    const { clock, items, done, watch } = opened()
    watch.add('a')
    watch.add('waits')
    watch.add('a') // once more is as if it had not been
    items.set('a', 1)
    await clock.advance(50)
    expect(done.filter((one) => one.endsWith(' a'))).toEqual(Array(24).fill('collect a'))
    await clock.advance(2)
    expect(done.filter((one) => one.endsWith(' a')).at(-1)).toBe('recall a')
    await clock.advance(200)
    expect(done.filter((one) => one.startsWith('recall'))).toEqual(['recall a'])
    expect(done.at(-1)).toBe('collect waits')
  })

  test('looks no more once none is under way, and again as one comes', async () => {
    const { clock, items, done, watch } = opened()
    watch.add('a')
    watch.delete('a')
    await clock.advance(100)
    expect(done).toEqual([])
    watch.add('b')
    items.set('b', 1)
    await clock.advance(4)
    expect(done).toEqual(['collect b'])
  })
})
