import { type AnySignature, chain, chord } from 'umbel'
import { bench } from '../tasks.ts'

/** Where its members run. */
export type Where = 'thread' | 'main loop'

/** So many no-op tasks. */
export function noops(count: number, where: Where): AnySignature[] {
  return Array.from({ length: count }, (_, n) => (where === 'thread' ? bench.noop.s(n) : bench.inlineNoop.s(n)))
}

/** A chain of so many no-op tasks. */
export function chainOf(steps: number, where: Where): AnySignature {
  const [first] = noops(1, where)
  const step = where === 'thread' ? bench.noop.s() : bench.inlineNoop.s()
  return chain([first, ...Array.from({ length: steps - 1 }, () => step)] as never)
}

/** A chord of so many no-op tasks, whose body counts them. */
export function chordOf(members: number, where: Where): AnySignature {
  return chord(noops(members, where) as never, bench.inlineCount.s() as never)
}
