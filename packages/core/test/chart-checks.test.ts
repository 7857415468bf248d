import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AnyStateMachine,
  and,
  assign,
  cancel,
  createActor,
  createMachine,
  emit,
  enqueueActions,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  log,
  not,
  raise,
  sendTo,
  setup,
  spawnChild,
  stateIn,
  stopChild,
} from 'xstate'
import {
  chartActor,
  chartFaults,
  checkChart,
  checkLocalChart,
  placeholderLogic,
  TASK_STATES,
  UmbelError,
} from '../src/index.ts'

const charge = placeholderLogic<number, unknown>({
  kind: 'task',
  name: 'shop.charge',
  canvas: undefined,
  canvasFor: () => {
    throw new Error('nothing is sent here')
  },
})
/** A machine as plain JavaScript may write it. */
const machine = (config: object, implementations: object = {}): AnyStateMachine =>
  createMachine({ id: 'order', ...config } as never, implementations as never) as unknown as AnyStateMachine
const faults = (config: object, implementations?: object): readonly string[] =>
  chartFaults(machine(config, implementations)).map(({ path, says }) => `${path} ${says}`)
const within = (charging: object): object => ({ initial: 'charging', states: { charging } })

const durable = setup({
  types: {} as { context: { n: number }; events: { type: 'GO' } | { type: 'STOP' }; tags: 'CHARGING' | 'WAITING' },
  actors: { charge, watch: charge, nested: machine({ id: 'nested' }) },
  actions: { tell: () => {}, count: assign({ n: 1 }) },
  guards: { few: ({ context }) => context.n < 3 },
  delays: { soon: ({ context }) => context.n * 100 },
}).createMachine({
  id: 'order',
  context: ({ spawn }) => {
    spawn('charge', { id: 'first' })
    return { n: 0 }
  },
  type: 'parallel',
  entry: ['tell', { type: 'tell' }, assign({ n: 2 }), log('begun'), emit({ type: 'BEGUN' }) as never],
  states: {
    paying: {
      tags: 'CHARGING',
      initial: 'charging',
      states: {
        charging: {
          invoke: [
            { src: 'charge', onDone: 'paid', onSnapshot: { actions: 'count' } },
            { id: 'w', src: 'watch' },
          ],
          after: {
            soon: { target: 'paid', guard: and(['few', not('few'), stateIn({ paying: 'charging' })]) },
            100: 'paid',
          },
          on: {
            GO: [
              { guard: ({ context }) => context.n > 1, target: 'paid' },
              {
                actions: [
                  raise({ type: 'STOP' }, { delay: 'soon', id: 'later' }),
                  cancel('later'),
                  sendTo('w', { type: 'X' }),
                  sendTo(({ self }) => self, { type: 'STOP' }),
                  spawnChild('charge', { id: 'more' }),
                  stopChild('more'),
                  enqueueActions(({ enqueue }) => enqueue('tell')),
                ],
              },
            ],
          },
        },
        paid: { type: 'final', output: { paid: true } },
        back: { type: 'history', history: 'deep', target: 'paid' },
      },
    },
    waiting: {
      tags: ['WAITING'],
      invoke: { src: 'nested' },
      exit: 'count',
      always: { guard: 'few', actions: 'count' },
    },
  },
}) as unknown as AnyStateMachine

test('a machine that uses all that XState has, with tasks as its actors, is taken', () => {
  expect(chartFaults(durable)).toEqual([])
  expect(() => checkChart(durable)).not.toThrow()
})

describe('refused, with the path to the place:', () => {
  test('logic of which nothing is left after a restart, wherever it stands', () => {
    const live = {
      promise: fromPromise(async () => 1),
      callback: fromCallback(() => {}),
      observable: fromObservable(() => ({ subscribe: () => ({ unsubscribe: () => {} }) })),
      transition: fromTransition((state: object) => state, {}),
    }
    for (const [src, logic] of Object.entries(live)) {
      expect(faults(within({ invoke: { src: logic } }))).toEqual([
        expect.stringMatching(/^order\.states\.charging\.invoke\[0\] runs logic of its own/),
      ])
      expect(faults(within({ invoke: [{ src: charge }, { src }] }), { actors: live })[0]).toMatch(
        `order.states.charging.invoke[1] runs logic ${src} of its own`,
      )
      expect(faults(within({ entry: spawnChild(src, { id: 'a' }) }), { actors: { [src]: logic } })).toEqual([
        expect.stringMatching(/^order\.states\.charging\.entry\[0\] runs logic/),
      ])
      // an assign may spawn what no state names
      expect(faults({}, { actors: { [src]: logic } })).toEqual([
        expect.stringMatching(`order.actors.${src} runs logic`),
      ])
    }
  })

  test('what a machine within a machine asks for', () => {
    const inner = machine({
      id: 'inner',
      initial: 'a b',
      states: { 'a b': { invoke: { src: fromPromise(async () => 1) } } },
    })
    expect(faults(within({ invoke: { src: inner } }))).toEqual([
      expect.stringMatching(/^inner\.states\["a b"\]\.invoke\[0\]/),
    ])
    expect(faults(within({ invoke: [{ src: inner }, { src: 'inner' }] }), { actors: { inner } })).toHaveLength(1)
  })

  test('live actors that are referred to', () => {
    const ref = createActor(machine({}))
    expect(faults(within({ entry: sendTo(ref, { type: 'X' }) }))).toEqual([
      'order.states.charging.entry[0] refers to a live actor, which is gone after a restart: name it by its id',
    ])
    expect(faults(within({ exit: stopChild(ref) }))).toEqual([
      expect.stringMatching(/^order\.states\.charging\.exit\[0\] refers/),
    ])
    expect(faults({ context: { ref } })).toEqual(['order.context.ref is an instance of Actor, which cannot be stored'])
  })

  test('actors that nobody could find again', () => {
    expect(faults({ entry: spawnChild(charge, { id: 'a' }) })).toEqual([
      expect.stringMatching(/^order\.entry\[0\] spawns logic/),
    ])
    expect(faults({ entry: spawnChild('charge') }, { actors: { charge } })).toEqual([
      'order.entry[0] spawns an actor without an id, so that nothing could find it again',
    ])
    expect(faults({ invoke: { src: charge, systemId: 'a' } })).toEqual([
      expect.stringMatching(/^order\.invoke\[0\]\.systemId/),
    ])
    expect(
      faults({
        invoke: [
          { src: charge, id: 'a' },
          { src: charge, id: 'a' },
        ],
      }),
    ).toEqual(['order.invoke[1].id is a, as that of another invoke here'])
  })

  test('functions among what is stored', () => {
    const data = { list: [{ call: () => 5 }] }
    expect(faults({ context: data })).toEqual(['order.context.list[0].call is a function, which cannot be stored'])
    expect(faults(within({ invoke: { src: charge, input: data } }))).toEqual([
      'order.states.charging.invoke[0].input.list[0].call is a function, which cannot be stored',
    ])
    expect(faults(within({ type: 'final', output: data }))).toEqual([
      'order.states.charging.output.list[0].call is a function, which cannot be stored',
    ])
    const event = { type: 'X', data }
    const on = { GO: [{ actions: ['tell', raise(event, { delay: 5 })] }] }
    expect(faults(within({ on }), { actions: { tell: () => {} } })).toEqual([
      'order.states.charging.on.GO[0].actions[1].event.data.list[0].call is a function, which cannot be stored',
    ])
    expect(faults({ entry: { type: 'tell', params: data } }, { actions: { tell: () => {} } })).toEqual([
      'order.entry[0].params.list[0].call is a function, which cannot be stored',
    ])
  })

  test('actions without a name, which could not be carried out again; what XState works out itself needs none', () => {
    const says = 'is a function: what a step has asked for is stored by name; give it one in setup({ actions })'
    expect(faults({ entry: () => {} })).toEqual([`order.entry[0] ${says}`])
    expect(faults({ invoke: { src: charge, onDone: { actions: [assign({}), () => {}] } } })).toEqual([
      `order.invoke[0].onDone[0].actions[1] ${says}`,
    ])
    expect(faults({ entry: [assign(() => ({})), enqueueActions(() => {}), log(() => 'a')] })).toEqual([])
  })

  test('names that nothing has', () => {
    const after = { soon: { guard: and(['a', not({ type: 'b' })]), actions: 'c' } }
    expect(
      faults(within({ invoke: { src: 'charge' }, after, entry: raise({ type: 'X' }, { delay: 'late' as never }) })),
    ).toEqual([
      'order.states.charging.invoke[0] names an actor charge that setup({ actors }) does not have',
      'order.states.charging.entry[0] names a delay late that setup({ delays }) does not have',
      'order.states.charging.after.soon[0].guard.guards[0] names a guard a that setup({ guards }) does not have',
      'order.states.charging.after.soon[0].guard.guards[1].guards[0] names a guard b that setup({ guards }) does not have',
      'order.states.charging.after.soon[0] names a delay soon that setup({ delays }) does not have',
      'order.states.charging.after.soon[0].actions[0] names an action c that setup({ actions }) does not have',
    ])
    expect(faults({ always: [{ guard: 'toString' }] })).toEqual([
      expect.stringMatching(/^order\.always\[0\]\.guard names a guard/),
    ])
  })

  test('tags that are no state that everyone could see', () => {
    for (const tag of ['charging', 'Charging', '1A', '', 'A B', 'A'.repeat(65), 'ÄRGER'])
      expect(faults(within({ tags: ['FINE', tag] }))).toEqual([
        expect.stringMatching(/^order\.states\.charging\.tags\[1\] is "/),
      ])
    for (const tag of TASK_STATES)
      expect(faults({ tags: tag })).toEqual([expect.stringMatching(/^order\.tags\[0\] is ".*every task has/)])
    expect(faults({ tags: 5 })).toEqual([expect.stringMatching(/^order\.tags\[0\] is "5"/)])
  })

  test('ids under which nothing could be stored', () => {
    expect(chartFaults(createMachine({}) as unknown as AnyStateMachine)).toEqual([
      { path: '(machine)', says: 'has no id: its runs are stored under it', live: true },
    ])
    for (const id of ['', 'a/b', 'a b', 'a.b', '1a', '#a', 'a'.repeat(129), 'é'])
      expect(faults({ id })).toEqual([expect.stringMatching(/is no id of a machine/)])
    for (const id of ['a', '_a', 'order-2', 'a'.repeat(128)]) expect(faults({ id })).toEqual([])
  })
})

test('the error names the first places, and holds all of them as data', () => {
  const states = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`s${n}`, { entry: () => {} }]))
  const refused = (() => {
    try {
      return checkChart(machine({ initial: 's0', states }))
    } catch (error) {
      return error as UmbelError
    }
  })()
  expect(refused).toBeInstanceOf(UmbelError)
  expect(refused).toMatchObject({ code: 'UMBEL_BAD_MACHINE', details: { path: 'order.states.s0.entry[0]' } })
  expect(refused?.details.faults).toHaveLength(8)
  expect(refused?.message).toMatch(/order\.states\.s4\.entry\[0\].*There are 3 more\./s)
  expect(refused?.message).not.toContain('s5')
})

test('what a live actor can do is left to it, what nothing can do is not', () => {
  const live = {
    context: { fn: () => {} },
    invoke: [{ src: fromPromise(async () => 1), systemId: 'one', input: { fn: () => {} } }],
    entry: [() => {}, spawnChild(fromCallback(() => {})), sendTo({ send: () => {} } as never, { type: 'A' } as never)],
    initial: 'a',
    states: { a: { type: 'final', output: { fn: () => {} } } },
  }
  expect(faults(live)).toHaveLength(9)
  expect(() => checkLocalChart(machine(live))).not.toThrow()
  expect(() => checkLocalChart(machine({ ...live, tags: 'small', on: { A: { guard: 'none' } } }))).toThrow(
    /order\.tags\[0\] is "small".*names a guard none/s,
  )
  for (const nested of [
    { invoke: { src: 'nobody' } },
    { entry: 'nothing' },
    { entry: raise({ type: 'A' }, { delay: 'never' as never }) },
  ])
    expect(() => checkLocalChart(machine({ invoke: { src: machine(nested) } }))).toThrow(
      expect.objectContaining({ code: 'UMBEL_BAD_MACHINE' }),
    )
})

test('the name of an actor, in setup or of XState for logic that stands in an invoke, leads to what it stands for', () => {
  const inline = machine(within({ invoke: [{ src: 'charge' }, { src: charge }] }), { actors: { charge } })
  for (const src of ['charge', 'xstate.invoke.1.order.charging'])
    expect(chartActor(inline, src)).toMatchObject({ kind: 'placeholder', placeholder: { name: 'shop.charge' } })
  for (const src of ['other', 'xstate.invoke.7.order.charging', 'xstate.invoke.1.order.none', 'toString'])
    expect(chartActor(inline, src).kind).toBe('missing')
  expect(chartActor(durable, 'nested')).toMatchObject({ kind: 'machine', machine: { id: 'nested' } })
})

test('whatever stands in a static context is taken or refused, never thrown over', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.anything()), (context) => {
      for (const { path } of chartFaults(machine({ context }))) expect(path).toMatch(/^order\.context/)
    }),
  )
})
