import { type AnySignature, type App, type AsyncResult, chain, chord, group } from 'umbel'
import { work } from './tasks.ts'

/** One canvas of the load: what is sent, what it must come to, and the labels of all that it does on the way. */
export interface Piece {
  readonly kind: string
  readonly canvas: AnySignature
  /** Its result, or the message of its error. What is revoked comes to this or to its revocation, as it happens. */
  readonly expected: unknown
  readonly labels: readonly string[]
  /** Those of them that fail: they leave no row. */
  readonly failing?: readonly string[]
  /** What is done about it once it is accepted. */
  readonly meanwhile?: (app: App, result: AsyncResult<unknown>) => unknown
}

/** Keys that all lives share: what is done under one of them is done once in all. */
const SHARED_KEYS = 40

const revoke = (app: App, { id }: AsyncResult<unknown>): unknown => app.control.revoke(id)

/** Make the piece of a number: all kinds in turn. `random` gives a number in [0, 1). */
export function pieceOf(number: number, name: string, effects: string, random: () => number): Piece {
  const millis = (): number => Math.floor(random() * 40)
  const [a, b, c, d] = Array.from({ length: 4 }, (_, index) => `${name}.${index}`) as [string, string, string, string]
  const step = (label: string) => work.effect.si(effects, label, millis())
  const shared = `shared.${Math.floor(random() * SHARED_KEYS)}`
  const kinds: readonly (() => Piece)[] = [
    () => ({ kind: 'task', canvas: step(a), expected: a, labels: [a] }),
    () => ({ kind: 'chain', canvas: chain(step(a), step(b), step(c)), expected: c, labels: [a, b, c] }),
    () => ({ kind: 'group', canvas: group([step(a), step(b), step(c)]), expected: [a, b, c], labels: [a, b, c] }),
    () => ({
      kind: 'chord',
      canvas: chord([chain(step(a), step(b)), step(c)], work.gather.s(effects, d)),
      expected: `${b}+${c}`,
      labels: [a, b, c, d],
    }),
    () => ({ kind: 'retries', canvas: work.flaky.si(effects, a), expected: a, labels: [a] }),
    () => ({ kind: 'timer', canvas: timed(step(a), random() * 800), expected: a, labels: [a] }),
    () => ({
      kind: 'failing chord',
      canvas: chord([step(a), work.failing.si(effects, b)], work.gather.s(effects, d)),
      expected: b,
      labels: [a, b],
      failing: [b],
    }),
    () => ({
      kind: 'dead letter',
      canvas: work.mended.si(effects, a, true),
      expected: a,
      labels: [a],
      failing: [a],
    }),
    () => ({
      kind: 'keyed',
      canvas: group([work.keyed.si(effects, a), work.keyed.si(effects, a), work.keyed.si(effects, shared)]),
      expected: [a, a, shared],
      labels: [a, shared],
    }),
    () => ({ kind: 'unique', canvas: work.only.s(3 * millis()), expected: 'only', labels: [] }),
    () => ({ kind: 'revoked timer', canvas: timed(step(a), 2_000), expected: a, labels: [], meanwhile: revoke }),
    () => ({
      kind: 'revoked waiting',
      canvas: step(a).set({ priority: 0 }),
      expected: a,
      labels: [],
      meanwhile: revoke,
    }),
    () => ({
      kind: 'revoked running',
      canvas: work.obedient.si(effects, a, 300).set({ priority: 9 }),
      expected: a,
      labels: [],
      meanwhile: (app, result) => setTimeout(() => revoke(app, result), 100),
    }),
    () => ({
      kind: 'urgent',
      canvas: step(a).set({ priority: 0 }),
      expected: a,
      labels: [a],
      meanwhile: (app, { id }) => app.control.priority(id, 9),
    }),
  ]
  return (kinds[number % kinds.length] as () => Piece)()
}

const timed = (step: ReturnType<typeof work.effect.si>, countdown: number) =>
  step.set({ countdown: Math.floor(countdown) })
