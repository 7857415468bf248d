import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Make what collects the garbage at once, so that the heap holds only what is needed still. */
export function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
