import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ratePolicy } from '@umbel/core'
import { afterEach, describe, expect, test } from 'vitest'
import { bottleneckTokens, defineTasks, task } from '../src/index.ts'
import { open } from './fixtures/open-app.ts'

const sources: ReturnType<typeof bottleneckTokens>[] = []
const opened = (): ReturnType<typeof bottleneckTokens> => {
  const source = bottleneckTokens()
  sources.push(source)
  return source
}
afterEach(() => Promise.all(sources.splice(0).map((source) => source.stop())))

const { limited, free } = defineTasks('by', {
  limited: task((_ctx, n: number) => n, { rateLimit: '100/s' }),
  free: task((_ctx, n: number) => n),
})
const tasks = { limited, free }

/** Take blocks one after another and give when each came, in milliseconds since the first was asked for, and how many permits it held. */
async function blocks(
  rate: Parameters<typeof ratePolicy>[0],
  count: number,
): Promise<{ at: number; permits: number }[]> {
  const source = opened()
  const taken: { at: number; permits: number }[] = []
  const asked = performance.now()
  for (let n = 0; n < count; n += 1) {
    const { permits } = await source.reserve('x', ratePolicy(rate, 'x'))
    taken.push({ at: performance.now() - asked, permits })
  }
  return taken
}

describe('permits of Bottleneck', () => {
  test.each<[string, unknown, number, number]>([
    ['one by one where the rate is slow', '20/s', 1, 50],
    ['in blocks where it is fast, since Bottleneck grants a few hundred times a second', '10000/s', 500, 50],
    ['a window’s at once', { window: '10/s' }, 10, 1_000],
    ['a burst’s first, then by the rate', { rate: '20/s', burst: 5 }, 1, 50],
  ])('come %s', async (_, rate, permits, apart) => {
    const taken = await blocks(rate, 3)
    expect(taken.slice(1).map((block) => block.permits)).toEqual([permits, permits])
    expect(taken[0]?.permits).toBe(typeof rate === 'object' && rate !== null && 'burst' in rate ? 5 : permits)
    // Bottleneck may be early by the resolution of its timers, and late by whatever else the machine does
    expect(taken[2]?.at).toBeGreaterThan(apart * 2 - 10)
  })

  test('taken away, limited tasks stop and others go on', async () => {
    const tokens = opened()
    const app = open({ tasks: [tasks], tokens })
    await app.delay(limited.s(1)).get()
    await tokens.stop()
    const waits = [2, 3, 4, 5, 6, 7, 8, 9].map((n) => app.delay(limited.s(n)))
    for (let n = 0; n < 50; n += 1) await app.delay(free.s(n)).get()
    expect((await app.inspect.limits()).find(({ name }) => name === 'by.limited')?.waiting).toBeGreaterThan(0)
    expect(waits.at(-1)?.state).toBe('RECEIVED')
  })

  test('of a bucket that is forgotten never come, and of a new one at once', async () => {
    const source = opened()
    const policy = ratePolicy('1/h', 'x')
    await source.reserve('x', policy)
    let came = false
    source.reserve('x', policy).then(() => {
      came = true
    })
    source.forget('x')
    source.forget('x')
    await source.reserve('x', policy)
    expect(came).toBe(false)
  })

  test('hold the process open while tasks wait for them, and no longer', async () => {
    const { stdout } = await script('ends')
    expect(stdout.trim().split('\n')).toEqual(['1', '2', '3', '4'])
  })

  test('an hour away keep no app from stopping', async () => {
    const { stdout } = await script('stops')
    expect(stdout.trim()).toBe('stopped SUCCESS RECEIVED RECEIVED RECEIVED')
  })
})

const script = (what: string): Promise<{ stdout: string }> => {
  const file = new URL('./fixtures/limited-script.ts', import.meta.url).pathname
  return promisify(execFile)(process.execPath, ['--conditions=@umbel/source', file, what], { timeout: 120_000 })
}
