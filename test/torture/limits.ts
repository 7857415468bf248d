import { ratePolicy } from '@umbel/core'
import { type App, createApp, group, type RateLimit, type Signature } from 'umbel'
import { type Start, worstExcess, worstWindow } from '../../packages/umbel/test/fixtures/rate-laws.ts'
import { limited } from './limited-tasks.ts'

/** What a rate came to in real time, by the clocks of its handlers. */
export interface LimitsCase {
  readonly name: string
  /** Most starts in any half-open window; of a bucket, most above `rate * t` in any span. */
  readonly worstWindow: number
  readonly quota: number
  /** Starts that were made, of those that the rate allowed in the time that they took. */
  readonly throughputOfQuota: number
  /** Wait of tasks without a limit, sent one by one to the same lane meanwhile: 99th percentile, in milliseconds. */
  readonly unlimitedP99Ms: number
}

/** All cases, the worst first by each figure. */
export interface LimitsReport extends Omit<LimitsCase, 'name'> {
  readonly held: boolean
  readonly cases: readonly LimitsCase[]
}

/** Hold rates in real time on real threads, `seconds` for each case. */
export async function limitsReport(seconds: number, told: (one: LimitsCase) => void): Promise<LimitsReport> {
  const app = createApp({ tasks: [limited], lanes: { default: { threads: 2, inline: 200 } } })
  await app.start()
  await Promise.all([1, 2, 3, 4].map(() => app.delay(limited.free.s(0)).get())) // every thread has imported the module
  const cases: LimitsCase[] = []
  for (const run of [congested, spaced, bucket, keyed, changed, fast]) {
    const one = await run(app, seconds)
    cases.push(one)
    told(one)
  }
  await app.stop()
  const { name: _, ...worst } = worstOf('all', cases)
  return {
    ...worst,
    held: cases.every((one) => one.worstWindow <= one.quota) && worst.throughputOfQuota >= 0.95,
    cases,
  }
}

const spaced = (app: App, seconds: number): Promise<LimitsCase> =>
  measured(app, 'spaced', '10/s', () => starts(app, seconds * 10, () => limited.spaced.s()))

const bucket = (app: App, seconds: number): Promise<LimitsCase> =>
  measured(app, 'bucket', { rate: '20/s', burst: 5 }, () => starts(app, 5 + seconds * 20, () => limited.bucket.s()))

const fast = (app: App, seconds: number): Promise<LimitsCase> =>
  measured(app, '10,000/s', '10000/s', () => starts(app, seconds * 10_000, () => limited.fast.s()))

/** Limited tasks wait while others keep every slot busy; then all of them could start at once. */
const congested = (app: App, seconds: number): Promise<LimitsCase> =>
  measured(app, 'congested', '10/s', async () => {
    const busy = app.delay(group(Array.from({ length: 80 }, () => limited.free.s(25).set({ priority: 9 }))))
    const all = starts(app, 10 + seconds * 10, () => limited.spaced.s())
    const free = Math.max(...(await busy.get()))
    const moments = await all
    // what the rate allowed counts from when there was a slot
    return { starts: moments, since: free }
  })

/** Each user has a bucket; the worst of them counts. */
async function keyed(app: App, seconds: number): Promise<LimitsCase> {
  const users = Array.from({ length: 20 }, (_, index) => `user ${index}`)
  const all: LimitsCase[] = []
  await Promise.all(
    users.map(async (user) => {
      const count = Math.ceil(seconds) * 10 + 1
      const run = (): Promise<Start[]> => starts(app, count, () => limited.keyed.s(user))
      all.push(await measured(app, 'keyed', { window: '10/s' }, run))
    }),
  )
  return worstOf('keyed', all)
}

/** The rate is changed while tasks wait; each part is held to the rate it had. The worst part counts. */
async function changed(app: App, seconds: number): Promise<LimitsCase> {
  const rates: readonly RateLimit[] = ['20/s', '5/s', { window: '50/s' }]
  const part = Math.max(2, Math.ceil(seconds / 3))
  // a whole number of windows and one start more, so that the last window is not cut
  const waiting = starts(app, 20 * part + 5 * part + 50 * part + 1, () => limited.changed.s())
  const moments: number[] = []
  for (const [index, rate] of rates.entries()) {
    await app.control.rateLimit('limited.changed', rate)
    moments.push(Number(process.hrtime.bigint()) / 1e6)
    if (index < rates.length - 1) await app.delay(limited.free.s(0).set({ countdown: 1_000 * part })).get()
  }
  const all = await waiting
  const parts = rates.map((rate, index) => {
    const [from, to] = [moments[index] as number, moments[index + 1] ?? Number.POSITIVE_INFINITY]
    return judged(
      'changed',
      rate,
      all.filter(({ at }) => at >= from && at < to),
    )
  })
  return worstOf('changed', parts)
}

/** Send so many and give when their handlers began. */
async function starts(app: App, count: number, signature: () => Signature<[], number>): Promise<Start[]> {
  const moments = await app.delay(group(Array.from({ length: count }, signature))).get()
  return moments.map((at) => ({ at, permits: 1 }))
}

/** The worst of each figure. */
function worstOf(name: string, parts: readonly LimitsCase[]): LimitsCase {
  const { worstWindow, quota } = parts.reduce((a, b) => (b.worstWindow / b.quota > a.worstWindow / a.quota ? b : a))
  return {
    name,
    worstWindow,
    quota,
    throughputOfQuota: Math.min(...parts.map((part) => part.throughputOfQuota)),
    unlimitedP99Ms: Math.max(...parts.map((part) => part.unlimitedP99Ms)),
  }
}

/** Run a case beside tasks that no rate holds, sent one after another. */
async function measured(
  app: App,
  name: string,
  rate: RateLimit,
  run: () => Promise<Start[] | Since>,
): Promise<LimitsCase> {
  let over = false
  const waits: number[] = []
  const probing = (async () => {
    while (!over) {
      const sent = Number(process.hrtime.bigint()) / 1e6
      waits.push((await app.delay(limited.free.s(0).set({ priority: 9 })).get()) - sent)
      await app.delay(limited.free.s(0).set({ countdown: 20 })).get()
    }
  })()
  const all = await run()
  over = true
  await probing
  if (Array.isArray(all)) return judged(name, rate, all, waits)
  const { throughputOfQuota } = judged(
    name,
    rate,
    all.starts.filter(({ at }) => at >= all.since),
    waits,
  )
  return { ...judged(name, rate, all.starts, waits), throughputOfQuota }
}

/** Starts, and the moment since when every one that the rate allows could be made. */
interface Since {
  readonly starts: Start[]
  readonly since: number
}

function judged(name: string, rate: RateLimit, all: readonly Start[], waits: readonly number[] = []): LimitsCase {
  const policy = ratePolicy(rate, name)
  const moments = all.map(({ at }) => at).sort((a, b) => a - b)
  const bucket = policy.kind === 'bucket'
  // the start with which the time begins is not one of those that the rate gives in that time; nor is a bucket's burst
  const made = all.length - (bucket ? policy.burst : 1)
  const length = (moments.at(-1) ?? 0) - (moments[0] ?? 0)
  return {
    name,
    worstWindow: bucket ? policy.burst + worstExcess(all, policy) : worstWindow(all, policy.per),
    quota: bucket ? policy.burst : policy.permits,
    throughputOfQuota: made / ((length * policy.permits) / policy.per),
    unlimitedP99Ms: percentile(waits, 0.99),
  }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
