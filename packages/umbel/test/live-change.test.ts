import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AsyncResult, chain, chord, createApp, defineTasks, SimulatedClock, task } from '../src/index.ts'
import { onLoop } from './fixtures/behaviour.ts'

const { add, again, echo, sum } = onLoop
const rated = defineTasks('rated', { one: task((_ctx, n: number) => n, { rateLimit: '10/s' }) })
const RATES = ['2/s', '20/s', { window: '5/s' }, null] as const
const lane = fc.constantFrom('default' as const, 'other' as const)

const acts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant('task' as const), n: fc.nat(9), lane }) },
    {
      weight: 3,
      arbitrary: fc.record({ does: fc.constantFrom('chain', 'chord', 'later', 'again', 'rated'), n: fc.nat(9), lane }),
    },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('priority' as const), n: fc.nat(200), lane }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('pause', 'resume', 'purge'), n: fc.nat(1), lane }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('rate' as const), n: fc.nat(3), lane }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('scale' as const), n: fc.nat(3), lane }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('pass' as const), n: fc.nat(30), lane }) },
  ),
  { maxLength: 60, size: 'max' },
)

test('whatever is paused, scaled, moved, limited and purged meanwhile, everything that was sent ends, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.boolean(), async (list, ages) => {
      const clock = new SimulatedClock()
      const lanes = { default: { threads: 0, inline: 1, ...(ages && { aging: '5s' as const }) }, other: { threads: 0 } }
      const app = createApp({ tasks: [onLoop, rated], clock, lanes })
      const sent: AsyncResult<unknown>[] = []
      let purged = 0
      for (const { does, n, lane } of list) {
        if (does === 'task') sent.push(app.delay(add.s(n, n).set({ priority: n, lane })))
        else if (does === 'chain') sent.push(app.delay(chain(add.s(n, 1), add.s(2).set({ lane }), echo.s())))
        else if (does === 'chord') sent.push(app.delay(chord([add.s(n, 1), add.s(n, 2).set({ lane })], sum.s())))
        else if (does === 'later') sent.push(app.delay(echo.s(n).set({ countdown: n * 1_000, lane })))
        else if (does === 'again') sent.push(app.delay(again.s({ times: 2, countdown: 1_000 }).set({ lane })))
        else if (does === 'rated') sent.push(app.delay(rated.one.s(n).set({ priority: n, lane })))
        else if (does === 'rate') await app.control.rateLimit('rated.one', RATES[n] ?? null)
        else if (does === 'priority' && sent.length > 0)
          await app.control.priority(sent[n % sent.length] as AsyncResult<unknown>, n % 10)
        else if (does === 'pause') await app.control.pause(lane)
        else if (does === 'resume') await app.control.resume(lane)
        else if (does === 'scale') await app.control.scale(lane, { inline: n })
        else if (does === 'purge') purged += await app.control.purge(n === 0 ? lane : { task: 'loop.add' })
        else if (does === 'pass') await clock.advance(n * 100)
      }
      for (const name of ['default', 'other']) {
        await app.control.resume(name)
        await app.control.scale(name, { inline: 2 })
      }
      await clock.advance('2m')
      await Promise.allSettled(sent.map((result) => result.get()))
      expect(sent.every((result) => result.ready())).toBe(true)
      expect(await app.inspect.waiting()).toEqual({ total: 0, tasks: [], dependent: 0, workflows: [] })
      expect([await app.inspect.active(), await app.inspect.reserved()]).toEqual([[], []])
      const { lanes: totals } = await app.inspect.stats()
      const counts = Object.values(totals).map(({ started, retried, succeeded }) => started - retried - succeeded)
      expect(counts).toEqual([0, 0])
      expect(Object.values(totals).reduce((all, { revoked }) => all + revoked, 0)).toBeGreaterThanOrEqual(purged)
      if (purged === 0) expect(sent.every((result) => result.successful())).toBe(true)
      await app.stop({ deadline: 0 })
    }),
    { numRuns: 100 },
  )
})
