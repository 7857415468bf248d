import type { Blockage, Suspect } from './lanes/loop-watch.ts'
import type { SignalBus } from './signals.ts'

/** Make what tells of a blocked main loop: a signal; where nobody listens to that, a warning of what was measured, once for each task. */
export function blockageTeller(signals: SignalBus, now: () => number): (blockage: Blockage) => void {
  const warned = new Set<string>()
  return ({ blockedMs, suspects, measured }) => {
    const [first, ...others] = suspects
    if (signals.wants('loop-blocked')) {
      const { task, id } = others.length === 0 && first !== undefined ? first : UNKNOWN
      return signals.emit('loop-blocked', { task, id, blockedMs, suspects, at: now() })
    }
    // a machine that gives the process no time makes timers late, too: of that nobody is warned
    if (!measured || first === undefined || warned.has(first.task)) return
    warned.add(first.task)
    console.warn(
      `${first.task} blocked the main loop for ${Math.round(blockedMs)} ms, on which nothing else could run meanwhile: run it in a thread (without inline: true).`,
    )
  }
}

const UNKNOWN: { readonly [Part in keyof Suspect]: undefined } = { task: undefined, id: undefined }
