import { placeholderOf } from '@umbel/core'
import { expect, test } from 'vitest'
import { type AnyEventObject, assign, createActor, initialTransition, setup, transition } from 'xstate'
import { chain, defineTasks, fromCanvas, fromTask, group, task } from '../src/index.ts'

const shop = defineTasks('from-task', {
  charge: (_ctx, order: string, times: number) => order.repeat(times),
  ship: (_ctx, parcel: string) => parcel.length,
  mail: task((ctx) => ctx.kwargs, {}),
})

const machine = setup({
  types: {} as { context: { said: unknown } },
  actors: { charge: fromTask(shop.charge), notify: fromCanvas((to: string) => group([shop.ship.s(to)])) },
}).createMachine({
  context: { said: undefined },
  initial: 'charging',
  states: {
    charging: {
      invoke: {
        id: 'charge',
        src: 'charge',
        input: ['a', 2],
        onDone: { target: 'done', actions: assign({ said: ({ event }) => event.output }) },
        onError: { target: 'failed', actions: assign({ said: ({ event }) => event.error }) },
        onSnapshot: { actions: assign({ said: ({ event }) => [event.snapshot.state, event.snapshot.info] }) },
      },
    },
    done: {},
    failed: {},
  },
})
const told = (event: AnyEventObject) => {
  const [start] = initialTransition(machine)
  const [next] = transition(machine, start, event as never)
  return [next.value, next.context.said]
}

test('a placeholder is spawned by XState under its name and input, and makes the call of them', () => {
  const [, actions] = initialTransition(machine)
  const spawned = actions.find(({ type }) => type === 'xstate.spawnChild')?.params as unknown as {
    src: string
    input: unknown
  }
  expect(spawned).toMatchObject({ src: 'charge', id: 'charge', input: ['a', 2] })
  const placeholder = placeholderOf(machine.implementations.actors[spawned.src])
  expect(placeholder).toMatchObject({ kind: 'task', name: 'from-task.charge' })
  expect(placeholder?.canvasFor(spawned.input)).toEqual(shop.charge.s('a', 2).data)
})

test('its result, its error and what it tells of its state come back as the events of any actor', () => {
  const actorId = 'charge'
  expect(told({ type: 'xstate.done.actor.charge', output: 'aa', actorId })).toEqual(['done', 'aa'])
  const error = new RangeError('no')
  expect(told({ type: 'xstate.error.actor.charge', error, actorId })).toEqual(['failed', error])
  const snapshot = { status: 'active', state: 'STARTED', info: { done: 1, total: 2 } }
  expect(told({ type: 'xstate.snapshot.charge', snapshot })).toEqual(['charging', ['STARTED', { done: 1, total: 2 }]])
})

test('a plain actor that starts one takes the way of an error, which says what runs it', () => {
  const actor = createActor(machine).start()
  expect(actor.getSnapshot().value).toBe('failed')
  expect(actor.getSnapshot().context.said).toMatchObject({ code: 'UMBEL_PLACEHOLDER_STARTED' })
})

test('a machine with placeholders survives JSON', () => {
  const [start] = initialTransition(machine)
  const text = JSON.stringify(machine.getPersistedSnapshot(start))
  const restored = createActor(machine, { snapshot: JSON.parse(text) }).getSnapshot()
  expect(Object.keys(restored.children)).toEqual(['charge'])
  const [next] = transition(machine, restored, {
    type: 'xstate.done.actor.charge',
    output: 'aa',
    actorId: 'charge',
  } as never)
  expect(next.value).toBe('done')
})

test('arguments given before stay behind those of the input, and a record brings keywords and options', () => {
  const call = (logic: unknown, input: unknown) => placeholderOf(logic)?.canvasFor(input)
  expect(call(fromTask(shop.charge.s(3)), ['a'])).toEqual(shop.charge.s('a', 3).data)
  expect(call(fromTask(shop.charge), { args: ['a', 1], lane: 'high' })).toEqual(
    shop.charge.s('a', 1).set({ lane: 'high' }).data,
  )
  expect(call(fromTask(shop.mail), { kwargs: { to: 'a' } })).toEqual(shop.mail.kw({ to: 'a' } as never).data)
  expect(call(fromTask(shop.mail), undefined)).toEqual(shop.mail.s().data)
  expect(call(fromCanvas(chain(shop.charge.s(2), shop.ship.s())), ['a'])).toEqual(
    chain(shop.charge.s('a', 2), shop.ship.s()).data,
  )
  expect(
    call(
      fromCanvas((to: string) => shop.ship.s(to)),
      ['b'],
    ),
  ).toEqual(shop.ship.s('b').data)
})

test('an input that is no list of arguments, and a canvas that is none, are refused', () => {
  const call = (input: unknown) => () => placeholderOf(fromTask(shop.charge))?.canvasFor(input)
  for (const input of ['a', 5, null, true, { id: 'x' }, { order: 'a' }, { args: 'a' }])
    expect(call(input)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_INPUT' }))
  expect(call({ args: ['a', 1], priority: 11 })).not.toThrow()
  expect(() => fromTask(group([shop.ship.s('a')]))).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_CANVAS' }))
  for (const wrong of [undefined, null, 5, 'a'])
    expect(() => fromCanvas(wrong as never)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_CANVAS' }))
  const made = placeholderOf(fromCanvas((() => 5) as never))
  expect(() => made?.canvasFor([])).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_CANVAS' }))
})
