import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { type App, createApp, defineTasks, SimulatedClock, task } from '../src/index.ts'

const apps: App[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

/** What a handler does: it takes so long by itself; told to end, it obeys, tidies up for a while and returns, or is deaf. */
interface Attempt {
  readonly lasts: number
  readonly hears: 'obeys' | 'tidies up' | 'deaf'
  readonly soft: number | undefined
  readonly hard: number | undefined
  readonly revoked: number | undefined
}

const TIDIES = 7
const GRACE = 13

const NEVER = Number.POSITIVE_INFINITY

/** How it ends, and when its slot is free, both by the rules in the page on time limits. */
function expected({ lasts, hears, soft, hard = NEVER, revoked = NEVER }: Attempt): object {
  const limit = soft !== undefined && soft < hard ? soft : NEVER
  /** When the handler ends that is told to at a moment. */
  const ends = (told: number): number => Math.min(lasts, told + { obeys: 0, 'tidies up': TIDIES, deaf: NEVER }[hears])
  const free = Math.min(ends(Math.min(limit, revoked)), hard, revoked + GRACE)
  if (revoked < Math.min(ends(limit), hard)) return { state: 'REVOKED', code: 'UMBEL_REVOKED', free }
  if (hard < ends(limit)) return { state: 'FAILURE', code: 'UMBEL_HARD_TIME_LIMIT', free }
  if (hears === 'obeys' && limit < lasts) return { state: 'FAILURE', code: 'UMBEL_SOFT_TIME_LIMIT', free }
  return { state: 'SUCCESS', free }
}

// each kind of moment has a remainder of its own, so that no two fall together
const moments = (remainder: number): fc.Arbitrary<number> => fc.nat(20).map((n) => n * 100 + remainder)
const attempts: fc.Arbitrary<Attempt> = fc.record({
  lasts: moments(90),
  hears: fc.constantFrom('obeys', 'tidies up', 'deaf'),
  soft: fc.option(moments(1), { nil: undefined }),
  hard: fc.option(moments(30), { nil: undefined }),
  revoked: fc.option(moments(60), { nil: undefined }),
})

const after = (clock: SimulatedClock, time: number): Promise<void> =>
  new Promise((resolve) => clock.setTimer(resolve, time))

test('whatever an attempt does, and whenever it is told to end: it ends as it should, when it should', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(attempts, { minLength: 1, maxLength: 20 }), async (all) => {
      const clock = new SimulatedClock()
      const begun = clock.now()
      const tasks = defineTasks('law', {
        acts: task(async (ctx, index: number) => {
          const { lasts, hears } = all[index] as Attempt
          const told = new Promise<void>((resolve, reject) =>
            ctx.signal.addEventListener('abort', () => {
              if (hears === 'obeys') reject(ctx.signal.reason)
              if (hears === 'tidies up') after(clock, TIDIES).then(resolve)
            }),
          )
          await Promise.race([after(clock, lasts), told])
        }),
        free: task(() => clock.now() - begun),
      })
      // a lane for each, so that the next one tells when the slot is free
      const lanes = Object.fromEntries(all.map((_, n) => [`l${n}`, { threads: 0, inline: 1, revokeGrace: GRACE }]))
      const app = createApp({ clock, tasks: [tasks], lanes })
      apps.push(app)
      const results = all.map(({ soft, hard, revoked }, index) => {
        const limits = { ...(soft !== undefined && { soft }), ...(hard !== undefined && { hard }) }
        // together they would be refused: a soft one from the task never comes then
        const fits = soft !== undefined || hard !== undefined
        const inOrder = soft === undefined || hard === undefined || soft < hard
        const timeLimit = fits ? { timeLimit: inOrder ? limits : { hard: hard as number } } : {}
        const result = app.delay(tasks.acts.s(index).set({ lane: `l${index}`, ...timeLimit }))
        if (revoked !== undefined) clock.setTimer(() => void result.revoke(), revoked)
        return result
      })
      const free = all.map((_, n) => app.delay(tasks.free.s().set({ lane: `l${n}`, priority: 0 })))
      await clock.advance('3s')
      const ends = await Promise.all(
        results.map(async (result, n) => {
          const code = await result.get().then(
            () => undefined,
            (error) => (error as { code: string }).code,
          )
          return { state: result.state, ...(code !== undefined && { code }), free: await free[n]?.get() }
        }),
      )
      expect(ends).toEqual(all.map(expected))
      await app.stop({ deadline: 0 })
    }),
    { numRuns: 25 },
  )
})
