import { expect, test } from 'vitest'
import { assign, createActor, raise, SimulatedClock as StateClock, sendTo, setup } from 'xstate'
import { createApp, SimulatedClock } from '../src/index.ts'

const noting = setup({
  types: { context: {} as { seen: readonly string[] }, events: {} as { type: 'FIRST' | 'OWN' | 'SECOND' } },
  actions: { note: assign({ seen: ({ context, event }) => [...context.seen, event.type] }) },
}).createMachine({
  id: 'noting',
  context: { seen: [] },
  entry: [raise({ type: 'FIRST' }, { delay: 1_000 }), raise({ type: 'SECOND' }, { delay: 1_000 })],
  on: {
    FIRST: { actions: ['note', sendTo(({ self }) => self, { type: 'OWN' })] },
    OWN: { actions: 'note' },
    SECOND: { actions: 'note' },
  },
})

test('what a machine tells itself as a timer is due comes before what was due at the same moment, as in a live actor', async () => {
  const clock = new SimulatedClock()
  const app = createApp({ clock, tasks: [], lanes: { default: { threads: 0, inline: 1 } } })
  const run = await app.workflow(noting).start({ id: 'one' })
  await clock.advance('1s')
  const context = (await run.getSnapshot())?.context
  const stateClock = new StateClock()
  const live = createActor(noting, { clock: stateClock }).start()
  stateClock.increment(1_000)
  expect(context?.seen).toEqual(['FIRST', 'OWN', 'SECOND'])
  expect(context).toEqual(live.getSnapshot().context)
  await app.stop({ deadline: 0 })
})
