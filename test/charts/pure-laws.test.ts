import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildChart, type Marks } from './build-chart.ts'
import { liveRun, type Shown } from './live-run.ts'
import { pureRun } from './pure-run.ts'
import { type Act, happenings, type RandomState, randomChart, type Way } from './random-chart.ts'

test('a random machine run by pure steps, written to JSON between any two of them, shows what a live actor shows', () => {
  fc.assert(
    fc.property(randomChart, happenings, (chart, events) => {
      expect(pureRun(chart, events)).toEqual(liveRun(chart, events))
    }),
    { numRuns: 150 },
  )
})

test('random machines are worth it: they nest, wait, invoke, fail and end', () => {
  const seen = new Set<string>()
  for (const [chart, events] of fc.sample(fc.tuple(randomChart, happenings), { numRuns: 200, seed: 1 })) {
    for (const { status, value, context, children, emitted } of liveRun(chart, events)) {
      seen.add(status)
      if (children.length > 0) seen.add('child')
      if (emitted.length > 0) seen.add('emits')
      if (JSON.stringify(value).includes(',')) seen.add('parallel')
      for (const mark of (context as { log: string[] }).log) seen.add(mark.replace(/ .*/, ''))
    }
  }
  for (const what of 'active done error child emits parallel in out A after always done child failed count'.split(' '))
    expect(seen).toContain(what)
})

const plain: RandomState = {
  kind: 'atomic',
  children: [],
  initial: 0,
  entry: [],
  exit: [],
  on: {},
  always: undefined,
  after: [],
  done: undefined,
  invoke: undefined,
}
const way = (to: number | undefined, acts: readonly Act[] = []): Way => ({ to, acts, below: undefined, reenter: false })

// why build-chart.ts leaves out some machines that XState takes: it does not define what they do
test('an id has one timer at a time, or a live actor would lose sight of the first: then both agree on what cancel does', () => {
  const later: Act = { act: 'later', event: 'B', delay: 20, id: 't1', how: 'raise' }
  const state = {
    ...plain,
    on: { A: [way(undefined, [later, later])], C: [way(undefined, [{ act: 'cancel', id: 't1' }])] },
  }
  const chart: RandomState = {
    ...plain,
    kind: 'compound',
    children: [{ ...state, on: { ...state.on, B: [way(undefined)] } }, plain],
  }
  const events = [
    { kind: 'event', event: 'A' } as const,
    { kind: 'event', event: 'C' } as const,
    { kind: 'time', ms: 20 } as const,
  ]
  expect(pureRun(chart, events)).toEqual(liveRun(chart, events))
  const last = liveRun(chart, events)[3] as Shown
  expect((last.context as Marks).log).not.toContain('B s1')
})

test('a way to a state around it reenters that state, or XState would enter what it has not left', () => {
  const inner = { ...plain, on: { A: [way(0)] } }
  const chart: RandomState = {
    ...plain,
    kind: 'compound',
    children: [{ ...plain, kind: 'parallel', children: [inner, plain] }],
  }
  const machine = buildChart(chart, {} as never)
  const [written] = machine.root.states['s1']?.states['s2']?.transitions.get('A') ?? []
  expect(written?.reenter).toBe(true)
})
