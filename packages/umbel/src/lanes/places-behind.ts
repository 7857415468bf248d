import type { Handed, PooledThread } from './pooled-thread.ts'
import { WORTH_A_THREAD } from './tiny-tasks.ts'

/** Milliseconds after which a thread that has so little to do is late: it was stopped, or a task has turned slow. */
const LATE = 1

/** The thread that does two messages in less time than another one takes to be woken. `now`: by the clock of their pool. */
export function behindLittle(
  threads: Iterable<PooledThread>,
  { cost }: Pick<Handed, 'cost'>,
  now: number,
): PooledThread | undefined {
  if (cost > WORTH_A_THREAD) return undefined
  for (const thread of threads) {
    const [first, second] = thread.messages
    if (first === undefined || second !== undefined || first.cost + cost > WORTH_A_THREAD) continue
    if (now - thread.began < LATE) return thread
  }
  return undefined
}

/** The thread behind whose one message another may stand: that which has had it longest. */
export function behindOne(
  threads: Iterable<PooledThread>,
  { isShort }: Pick<Handed, 'isShort'>,
): PooledThread | undefined {
  if (!isShort) return undefined
  let found: PooledThread | undefined
  for (const thread of threads) {
    if (thread.messages.length !== 1 || thread.messages[0]?.isShort !== true) continue
    if (found === undefined || thread.began < found.began) found = thread
  }
  return found
}
