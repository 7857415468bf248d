import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnyStateMachine, createMachine } from 'xstate'
import {
  chordOf,
  graphOf,
  mapSignature,
  placeholderLogic,
  taskMachine,
  taskSignature,
  toMermaid,
  workflowMachine,
} from '../src/index.ts'
import { mermaidFaults } from './mermaid-grammar.ts'

const machine = (config: object): AnyStateMachine => createMachine(config as never) as unknown as AnyStateMachine
const drawn = (config: object): string => toMermaid(graphOf(machine(config)))
const charge = placeholderLogic({
  kind: 'task',
  name: 'shop.charge',
  canvas: undefined,
  canvasFor: () => ({}) as never,
})

test('a machine is drawn with its tags, what it runs, guards and times', () => {
  const config = {
    id: 'order',
    initial: 'charging',
    states: {
      charging: {
        tags: 'CHARGING',
        invoke: { src: charge, onDone: [{ guard: 'isLarge', target: 'end' }, 'telling'], onError: 'ended' },
        after: { 5000: 'ended' },
        on: { PING: { actions: 'tell' } },
      },
      end: { on: { GO: 'telling', '*': 'ended' } },
      telling: {
        type: 'parallel',
        onDone: 'ended',
        states: {
          mail: { initial: 'sending', states: { sending: { always: 'sent' }, sent: { type: 'final' } } },
          phone: {
            initial: 'sending',
            states: { sending: { type: 'final' }, back: { type: 'history', history: 'deep' } },
          },
        },
      },
      ended: { type: 'final' },
    },
  }
  expect(drawn(config)).toBe(`stateDiagram-v2
  [*] --> charging
  charging
  charging: CHARGING
  charging: runs shop.charge
  state "end" as order_end
  state telling {
    state mail {
      [*] --> sending
      sending
      sent
      sent --> [*]
    }
    --
    state phone {
      [*] --> order_telling_phone_sending
      state "sending" as order_telling_phone_sending
      order_telling_phone_sending --> [*]
      state "H*" as back
    }
  }
  charging --> charging: PING
  charging --> order_end: done [isLarge]
  charging --> telling: done
  charging --> ended: failed, after 5000 ms
  order_end --> telling: GO
  order_end --> ended: any event
  telling --> ended: done
  sending --> sent: at once
  ended --> [*]`)
})

test('a machine whose root is parallel, or can be left, is drawn as a state itself', () => {
  expect(drawn({ id: 'm', type: 'parallel', states: { a: {}, b: {} } })).toBe(
    'stateDiagram-v2\n  state m {\n    a\n    --\n    b\n  }',
  )
  expect(drawn({ id: 'm', initial: 'a', states: { a: {} }, on: { STOP: '.a' } })).toBe(
    'stateDiagram-v2\n  state m {\n    [*] --> a\n    a\n  }\n  m --> a: STOP',
  )
})

test('a canvas is drawn with its groups, what looks alike as one', () => {
  const load = taskSignature({ task: 'etl.load', options: { lane: 'high' } })
  const canvas = chordOf(
    [load, load, load, load, load, mapSignature('map', 'etl.check', [1])],
    taskSignature({ task: 'etl.sum' }),
  )
  expect(toMermaid(graphOf(canvas))).toBe(`flowchart LR
  n0{{"group of 6"}}
  n1["etl.load × 5, lane high"]
  n6["map of etl.check"]
  n7{{"all of 6"}}
  n8["etl.sum"]
  n0 --> n1
  n1 --> n7
  n0 --> n6
  n6 --> n7
  n7 --> n8`)
  expect(toMermaid(graphOf(canvas, { ended: (node) => node < 4 }))).toContain('["etl.load, 3 of 5, lane high"]')
})

test('whatever states, events and tasks are called, what is drawn is a diagram', () => {
  const word = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom(
      'end',
      'state',
      'a b',
      'a"b',
      '--',
      '[*]',
      'x: y',
      '<<fork>>',
      '%%',
      'a;b',
      '#35;',
      'é',
      '1',
      'note',
      '}',
      '`a`',
      '\n',
    ),
  )
  const safe = word.filter((name) => !name.includes('.') && name !== '__proto__')
  fc.assert(
    fc.property(fc.uniqueArray(safe, { minLength: 1, maxLength: 5 }), fc.array(word), word, (keys, events, text) => {
      const states = Object.fromEntries(
        keys.map((key, index) => [
          key,
          index % 2 === 0 ? { tags: [text], description: text, states: { [key]: {} }, initial: key } : {},
        ]),
      )
      const on = Object.fromEntries(events.map((event) => [event, { actions: text }]))
      expect(mermaidFaults(drawn({ id: 'm', initial: keys[0], states, on }))).toEqual([])
      expect(mermaidFaults(toMermaid(graphOf(taskSignature({ task: text, options: { lane: text } }))))).toEqual([])
    }),
  )
})

test('the diagrams of our own machines are diagrams', () => {
  for (const one of [taskMachine(['VALIDATING']), workflowMachine])
    expect(mermaidFaults(toMermaid(graphOf(one)))).toEqual([])
})
