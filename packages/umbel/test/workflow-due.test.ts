import { expect, test } from 'vitest'
import { assign, cancel, createActor, raise, SimulatedClock as StateClock, sendParent, sendTo, setup } from 'xstate'
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

test('what was scheduled under one id is cancelled together', async () => {
  const clock = new SimulatedClock()
  const app = createApp({ clock, tasks: [], lanes: { default: { threads: 0, inline: 1 } } })
  const machine = setup({
    types: { context: {} as { due: number }, events: {} as { type: 'DUE' | 'STOP' } },
  }).createMachine({
    id: 'twice',
    context: { due: 0 },
    entry: [raise({ type: 'DUE' }, { delay: 1_000, id: 'x' }), raise({ type: 'DUE' }, { delay: 2_000, id: 'x' })],
    on: { STOP: { actions: cancel('x') }, DUE: { actions: assign({ due: ({ context }) => context.due + 1 }) } },
  })
  const [stopped, goesOn] = await Promise.all(['a', 'b'].map((id) => app.workflow(machine).start({ id })))
  await stopped?.send({ type: 'STOP' }).accepted
  await clock.advance('1m')
  expect((await stopped?.getSnapshot())?.context.due).toBe(0)
  expect((await goesOn?.getSnapshot())?.context.due).toBe(2)
  await app.stop({ deadline: 0 })
})

test('a run that is cancelled runs no exit action, as an actor that is stopped', async () => {
  const exits: string[] = []
  const machine = setup({ actions: { exit: () => void exits.push('exit') } }).createMachine({
    id: 'exits',
    exit: 'exit',
    initial: 'a',
    states: { a: { exit: 'exit' } },
  })
  const app = createApp({ tasks: [], lanes: { default: { threads: 0, inline: 1 } } })
  const run = await app.workflow(machine).start({ id: 'one' })
  await run.cancel()
  await app.stop()
  createActor(machine).start().stop()
  expect([run.result.state, exits]).toEqual(['REVOKED', []])
})

const answering = setup({ types: { events: {} as { type: 'PING' } } }).createMachine({
  id: 'answering',
  on: { PING: { actions: sendParent({ type: 'PONG' }) } },
})
const pinging = setup({
  types: { context: {} as { pongs: number }, events: {} as { type: 'PONG' | 'LEAVE' | 'BACK' } },
  actors: { answering },
  actions: { count: assign({ pongs: ({ context }) => context.pongs + 1 }) },
}).createMachine({
  id: 'pinging',
  context: { pongs: 0 },
  initial: 'first',
  on: { PONG: { actions: 'count' } },
  states: {
    first: {
      invoke: { src: 'answering', id: 'kid' },
      entry: sendTo('kid', { type: 'PING' }, { delay: 1_000 }),
      on: { LEAVE: 'away' },
    },
    away: { on: { BACK: 'second' } },
    second: { invoke: { src: 'answering', id: 'kid' } },
  },
})

test.each([
  { events: [], pongs: 1 },
  { events: ['LEAVE'], pongs: 0 },
  { events: ['LEAVE', 'BACK'], pongs: 0 },
] as const)(
  'what is due for a child comes to that one and to no other under its name, as in a live actor: $events',
  async ({ events, pongs }) => {
    const clock = new SimulatedClock()
    const app = createApp({ clock, tasks: [], lanes: { default: { threads: 0, inline: 1 } } })
    const stateClock = new StateClock()
    const live = createActor(pinging, { clock: stateClock }).start()
    const run = await app.workflow(pinging).start({ id: 'one' })
    await clock.advance('500ms')
    stateClock.increment(500)
    for (const type of events) {
      live.send({ type })
      await run.send({ type }).accepted
    }
    await clock.advance('5s')
    stateClock.increment(5_000)
    expect((await run.getSnapshot())?.context).toEqual({ pongs })
    expect(live.getSnapshot().context).toEqual({ pongs })
    await app.stop({ deadline: 0 })
  },
)
