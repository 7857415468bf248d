import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as after } from 'node:timers/promises'

/** Do something, and give the 99th percentile of the event loop's delay meanwhile, in milliseconds. */
export async function loopDelayOf(act: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await after(2)
  delay.reset()
  await act()
  await after(2) // what kept the loop last is seen by the next timer only
  delay.disable()
  return delay.percentile(99) / 1e6
}
