import { createApp, defineTasks, SimulatedClock, task } from 'umbel'
import { expect, test } from 'vitest'
import { endsIn } from './lives.ts'

const clock = new SimulatedClock()
const slow = defineTasks(import.meta, 'slow', {
  one: task(() => new Promise<void>((resolve) => void clock.setTimer(resolve, 10_000)), { inline: true }),
  never: task(() => new Promise<never>(() => {}), { inline: true }),
})

test('what is least urgent is waited for as long as anything ends, and what never ends is stuck', async () => {
  const app = createApp({ clock, tasks: [slow], lanes: { default: { threads: 0, inline: 2 } } })
  const end = endsIn(app, '1m')
  const never = app.delay(slow.never.s())
  const last = app.delay(slow.one.s().set({ priority: 0 }))
  for (let n = 0; n < 50; n += 1) app.delay(slow.one.s())
  const ends: string[] = []
  end(last).then(() => ends.push('last'))
  end(never).catch(({ code }: { code: string }) => ends.push(code))
  await clock.advance('8m')
  expect(ends).toEqual([])
  await clock.advance('1m')
  expect(ends).toEqual(['last'])
  await clock.advance('3m')
  expect(ends).toEqual(['last', 'UMBEL_TIMEOUT'])
  await app.stop({ deadline: 0 })
})
