import { expect, test } from 'vitest'
import {
  type AnyStateMachine,
  and,
  assign,
  createMachine,
  fromPromise,
  initialTransition,
  not,
  or,
  raise,
  setup,
  stateIn,
  transition,
} from 'xstate'
import { graphOf, nextEdges, placeholderLogic, taskMachine, workflowMachine } from '../src/index.ts'

const standIn = (kind: 'task' | 'canvas', name: string) =>
  placeholderLogic<number, undefined>({ kind, name, canvas: undefined, canvasFor: () => ({}) as never })

const order = setup({
  types: {} as {
    context: { total: number }
    events: { type: 'APPROVE' } | { type: 'CANCEL' }
    tags: 'CHARGING' | 'WAITING'
  },
  actors: {
    charge: standIn('task', 'shop.charge'),
    notify: standIn('canvas', 'notify'),
    look: fromPromise(async () => 1),
  },
  actions: { tell: () => {}, count: assign({ total: 1 }) },
  guards: { isLarge: ({ context }) => context.total > 1000, isSmall: () => true },
  delays: { patience: 1000 },
}).createMachine({
  id: 'order',
  context: { total: 0 },
  initial: 'charging',
  on: { CANCEL: '#order.ended' },
  states: {
    charging: {
      tags: ['CHARGING'],
      description: 'Asks for the money.',
      entry: ['tell', { type: 'count' }, assign({ total: 2 })],
      exit: 'tell',
      invoke: [
        { id: 'charge', src: 'charge', onDone: [{ guard: 'isLarge', target: 'waiting' }, 'telling'], onError: 'ended' },
        { id: 'look', src: 'look', onSnapshot: { actions: 'count' } },
      ],
      after: { 5000: { target: 'ended', guard: not('isLarge') }, patience: { actions: raise({ type: 'CANCEL' }) } },
    },
    waiting: {
      tags: 'WAITING',
      on: {
        APPROVE: [
          {
            target: ['telling.mail.sent', 'telling.phone.h'],
            guard: and(['isSmall', or(['isLarge', not('isSmall')])]),
          },
          { target: 'ended', guard: stateIn('waiting'), reenter: true },
          { guard: ({ context }) => context.total > 5 },
        ],
      },
    },
    telling: {
      type: 'parallel',
      onDone: 'ended',
      states: {
        mail: {
          initial: 'sending',
          states: { sending: { invoke: { src: 'notify' }, always: 'sent' }, sent: { type: 'final' } },
        },
        phone: { initial: 'a', states: { a: {}, h: { type: 'history', history: 'deep', target: 'a' } } },
      },
    },
    ended: { type: 'final', tags: [] },
  },
}) as unknown as AnyStateMachine

test('a machine becomes its states in document order, with tags, what they invoke and what they ask for', () => {
  const { kind, id, nodes } = graphOf(order)
  expect([kind, id]).toEqual(['machine', 'order'])
  expect(nodes.map((node) => node.id)).toEqual([
    'order',
    'order.charging',
    'order.waiting',
    'order.telling',
    'order.telling.mail',
    'order.telling.mail.sending',
    'order.telling.mail.sent',
    'order.telling.phone',
    'order.telling.phone.a',
    'order.telling.phone.h',
    'order.ended',
  ])
  const nothing = { tags: [], invokes: [], entry: [], exit: [] }
  expect(nodes[0]).toEqual({ id: 'order', key: 'order', type: 'compound', initial: 'order.charging', ...nothing })
  expect(nodes[1]).toEqual({
    id: 'order.charging',
    key: 'charging',
    parent: 'order',
    type: 'atomic',
    tags: ['CHARGING'],
    invokes: [
      { id: 'charge', kind: 'task', name: 'shop.charge' },
      { id: 'look', kind: 'live', name: 'look' },
    ],
    entry: ['tell', 'count', 'assign'],
    exit: ['tell'],
    description: 'Asks for the money.',
  })
  expect(nodes[3]).toMatchObject({ type: 'parallel', parent: 'order' })
  expect(nodes[5]?.invokes).toEqual([{ id: '0.order.telling.mail.sending', kind: 'canvas', name: 'notify' }])
  expect(nodes[6]).toMatchObject({ type: 'final', parent: 'order.telling.mail' })
  expect(nodes[9]).toMatchObject({ type: 'history', history: 'deep' })
})

test('its ways say what they wait for, under which guard, after which time, and where they lead', () => {
  const edges = graphOf(order).edges.map(({ from, to, actions, ...edge }) => ({
    way: `${from.replace('order.', '')} > ${to.join(' ').replaceAll('order.', '')}`,
    ...edge,
    ...(actions.length > 0 && { actions }),
  }))
  const actor = 'charge'
  expect(edges).toEqual([
    { way: 'order > ended', on: { kind: 'event', event: 'CANCEL' } },
    { way: 'charging > waiting', on: { kind: 'actor-done', actor }, guard: 'isLarge' },
    { way: 'charging > telling', on: { kind: 'actor-done', actor } },
    { way: 'charging > ended', on: { kind: 'actor-error', actor } },
    { way: 'charging > ', on: { kind: 'actor-snapshot', actor: 'look' }, actions: ['count'] },
    { way: 'charging > ended', on: { kind: 'after', delay: 5000 }, guard: 'not isLarge' },
    { way: 'charging > ', on: { kind: 'after', delay: 'patience' }, actions: ['raise'] },
    {
      way: 'waiting > telling.mail.sent telling.phone.h',
      on: { kind: 'event', event: 'APPROVE' },
      guard: 'isSmall and (isLarge or not isSmall)',
    },
    { way: 'waiting > ended', on: { kind: 'event', event: 'APPROVE' }, guard: 'in waiting' },
    { way: 'waiting > ', on: { kind: 'event', event: 'APPROVE' }, guard: 'guard' },
    { way: 'telling > ended', on: { kind: 'done' } },
    { way: 'telling.mail.sending > telling.mail.sent', on: { kind: 'always' } },
  ])
})

test('a graph is plain JSON, of every machine we have', () => {
  const inner = createMachine({ id: 'inner', invoke: { src: order as never } }) as unknown as AnyStateMachine
  const odd = createMachine({
    id: 'odd',
    initial: 'a b',
    states: { 'a b': { invoke: { src: 'nothing' }, after: { 5: 'ü' } }, ü: { meta: { f: () => {} } } },
  } as never) as unknown as AnyStateMachine
  for (const machine of [order, inner, odd, taskMachine(['VALIDATING']), workflowMachine]) {
    const graph = graphOf(machine)
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph)
    const ids = new Set(graph.nodes.map(({ id }) => id))
    expect(ids.size).toBe(graph.nodes.length)
    for (const { from, to } of graph.edges) for (const end of [from, ...to]) expect(ids).toContain(end)
  }
  expect(graphOf(inner).nodes[0]?.invokes).toEqual([{ id: '0.inner', kind: 'machine', name: 'order' }])
  expect(graphOf(odd).nodes[1]?.invokes).toMatchObject([{ kind: 'missing', name: 'nothing' }])
})

test('what can happen next is what the active states wait for, those around them included', () => {
  const next = (snapshot: unknown) =>
    nextEdges(snapshot as never).map(({ from, on }) => `${from} ${on.kind} ${'event' in on ? on.event : ''}`.trim())
  const [start] = initialTransition(order)
  expect(next(start)).toEqual([
    'order.charging actor-done',
    'order.charging actor-done',
    'order.charging actor-error',
    'order.charging actor-snapshot',
    'order.charging after',
    'order.charging after',
    'order event CANCEL',
  ])
  const [telling] = transition(order, start, {
    type: 'xstate.done.actor.charge',
    output: 1,
    actorId: 'charge',
  } as never)
  expect(next(telling)).toEqual(['order.telling done', 'order event CANCEL'])
  const [ended] = transition(order, telling, { type: 'CANCEL' })
  expect(next(ended)).toEqual([])
})
