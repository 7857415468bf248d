import type { Blockage, Suspect } from './lanes/loop-watch.ts'
import type { SignalBus } from './signals.ts'

/** Make what tells of a blocked main loop: a signal; where nobody listens to that, a warning, once for each task. */
export function blockageTeller(signals: SignalBus, now: () => number): (blockage: Blockage) => void {
  const warned = new Set<string>()
  return ({ blockedMs, suspects }) => {
    if (signals.wants('loop-blocked')) {
      const [first, ...others] = suspects
      const { task, id } = others.length === 0 && first !== undefined ? first : UNKNOWN
      return signals.emit('loop-blocked', { task, id, blockedMs, suspects, at: now() })
    }
    const tasks = [...new Set(suspects.map(({ task }) => task))]
    if (tasks.every((task) => warned.has(task))) return
    for (const task of tasks) warned.add(task)
    const who = tasks.length === 1 ? tasks[0] : `One of ${tasks.join(', ')}`
    console.warn(
      `${who} blocked the main loop for ${Math.round(blockedMs)} ms, on which nothing else could run meanwhile: run it in a thread (without inline: true).`,
    )
  }
}

const UNKNOWN: { readonly [Part in keyof Suspect]: undefined } = { task: undefined, id: undefined }
