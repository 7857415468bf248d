import { type AnySignature, chain, chord, group } from 'umbel'
import { work } from './tasks.ts'

/** One canvas of the load: what is sent, what it must come to, and the labels of all that it does on the way. */
export interface Piece {
  readonly kind: string
  readonly canvas: AnySignature
  /** Its result, or the message of its error. */
  readonly expected: unknown
  readonly labels: readonly string[]
  /** Those of them that fail: they leave no row. */
  readonly failing?: readonly string[]
}

/** Make the piece of a number: all kinds in turn. `random` gives a number in [0, 1). */
export function pieceOf(number: number, name: string, effects: string, random: () => number): Piece {
  const millis = (): number => Math.floor(random() * 40)
  const labels = (count: number): string[] => Array.from({ length: count }, (_, index) => `${name}.${index}`)
  const step = (label: string) => work.effect.si(effects, label, millis())
  const [a, b, c, d] = labels(4) as [string, string, string, string]
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
    () => {
      const keyed = work.keyed.si(effects, a, millis())
      // the second finds what the first came to, and does nothing
      return { kind: 'keyed', canvas: chain(keyed, keyed), expected: a, labels: [a] }
    },
    () => ({ kind: 'retries', canvas: work.flaky.si(effects, a), expected: a, labels: [a] }),
    () => ({
      kind: 'timer',
      canvas: step(a).set({ countdown: Math.floor(random() * 800) }),
      expected: a,
      labels: [a],
    }),
    () => ({
      kind: 'failing chord',
      canvas: chord([step(a), work.failing.si(effects, b)], work.gather.s(effects, d)),
      expected: b,
      labels: [a, b],
      failing: [b],
    }),
  ]
  return (kinds[number % kinds.length] as () => Piece)()
}
