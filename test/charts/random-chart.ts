import fc from 'fast-check'

/** What a transition, or a state as it is entered or left, does. Everything leaves a mark in the context. */
export type Act =
  | { readonly act: 'count' }
  | { readonly act: 'raise' | 'send'; readonly event: string }
  | {
      readonly act: 'later'
      readonly event: string
      readonly delay: number
      readonly id: string
      readonly how: 'raise' | 'send'
    }
  | { readonly act: 'cancel'; readonly id: string }
  | { readonly act: 'emit' }

/** A way out of a state. `to` picks one of all states; without it the machine stays. */
export interface Way {
  readonly to: number | undefined
  readonly acts: readonly Act[]
  /** Taken only while the counter is below this. */
  readonly below: number | undefined
  readonly reenter: boolean
}

/** A state of a random machine. */
export interface RandomState {
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'shallow' | 'deep'
  readonly children: readonly RandomState[]
  readonly initial: number
  readonly entry: readonly Act[]
  readonly exit: readonly Act[]
  readonly on: Readonly<Record<string, readonly Way[]>>
  readonly always: Way | undefined
  readonly after: readonly { readonly delay: number; readonly way: Way }[]
  readonly done: Way | undefined
  readonly invoke: { readonly done: Way | undefined; readonly failed: Way | undefined } | undefined
}

/** What happens to a machine: an event, time that passes, a child that ends. */
export type Happening =
  | { readonly kind: 'event'; readonly event: string }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'child'; readonly pick: number; readonly ok: boolean }

/** All times are multiples of it, so that a clock can go through them one by one. */
export const TICK = 10

const EVENTS = ['A', 'B', 'C'] as const
const eventName = fc.constantFrom(...EVENTS)
const delay = fc.integer({ min: 1, max: 5 }).map((ticks) => ticks * TICK)
const timer = fc.constantFrom('t1', 't2')

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Act>({ act: 'count' }) },
  fc.record({ act: fc.constantFrom('raise' as const, 'send' as const), event: eventName }),
  fc.record({
    act: fc.constant('later' as const),
    event: eventName,
    delay,
    id: timer,
    how: fc.constantFrom('raise' as const, 'send' as const),
  }),
  fc.record({ act: fc.constant('cancel' as const), id: timer }),
  fc.constant<Act>({ act: 'emit' }),
)
const acts = fc.array(act, { maxLength: 2 })
const sometimes = <T>(outOf: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: outOf - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const way: fc.Arbitrary<Way> = fc.record({
  to: fc.option(fc.nat(30), { nil: undefined, freq: 8 }),
  acts,
  below: sometimes(3, fc.integer({ min: 0, max: 20 })),
  reenter: fc.boolean(),
})

const own = {
  entry: acts,
  exit: acts,
  on: fc.dictionary(eventName, fc.array(way, { minLength: 1, maxLength: 2 }), { maxKeys: 3 }),
  always: sometimes(5, way),
  after: fc.array(fc.record({ delay, way }), { maxLength: 1 }),
  done: sometimes(2, way),
  invoke: sometimes(3, fc.record({ done: sometimes(2, way), failed: sometimes(2, way) })),
}
const bare = {
  children: fc.constant([]),
  initial: fc.constant(0),
  entry: acts,
  exit: acts,
  on: fc.constant({}),
  always: fc.constant(undefined),
  after: fc.constant([]),
  done: fc.constant(undefined),
  invoke: fc.constant(undefined),
}

/** History states stand in compound states only: entered within a parallel one, XState leaves its regions out of step. */
const history: fc.Arbitrary<readonly RandomState[]> = fc.array(
  fc.record({ ...bare, kind: fc.constantFrom('shallow' as const, 'deep' as const) }),
  { maxLength: 1 },
)

const tree = fc.letrec<{ state: RandomState }>((tie) => {
  const states = (least: number) => fc.array(tie('state'), { minLength: least, maxLength: 3, depthIdentifier: 'chart' })
  const some = <K extends RandomState['kind']>(weight: number, kind: K, made: object) => ({
    weight,
    arbitrary: fc.record({ ...made, kind: fc.constant(kind) }) as unknown as fc.Arbitrary<RandomState>,
  })
  const nested = fc.tuple(states(1), history).map(([inner, memory]) => [...inner, ...memory])
  return {
    state: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'chart' },
      some(4, 'atomic', { ...own, children: fc.constant([]), initial: fc.constant(0) }),
      some(1, 'final', bare),
      some(3, 'compound', { ...own, children: nested, initial: fc.nat(3) }),
      some(2, 'parallel', { ...own, children: states(2), initial: fc.constant(0) }),
    ),
  }
})

/** A random machine: the root is compound, has real states and can always be left by nothing but its end. */
export const randomChart: fc.Arbitrary<RandomState> = fc.record({
  ...own,
  kind: fc.constant('compound' as const),
  children: fc
    .tuple(fc.array(tree.state, { minLength: 2, maxLength: 4 }), history)
    .map(([states, memory]) => [...states, ...memory]),
  initial: fc.nat(3),
  invoke: fc.constant(undefined),
})

/** What happens to it, one thing after another. */
export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('event' as const), event: eventName }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('time' as const),
        ms: fc.integer({ min: 1, max: 8 }).map((ticks) => ticks * TICK),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('child' as const), pick: fc.nat(5), ok: fc.boolean() }) },
  ),
  { minLength: 1, maxLength: 12 },
)
