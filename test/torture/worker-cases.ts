import type { AnySignature } from 'umbel'
import { deadly } from './exits-on-import.ts'
import { torture } from './worker-tasks.ts'

/** One way in which a handler goes wrong in its thread, and what is to come of it. */
export interface WorkerCase {
  readonly name: string
  readonly call: AnySignature
  /** Code, or message, of the error it fails with; none where it succeeds. */
  readonly fails?: RegExp
  /** How often its handler begins. Default 1. */
  readonly starts?: number
  /**
   * Whose word tells when the thread died: the handler's last, that of its loss, that of the attempt's end, or the end of the
   * grace after it is revoked. Without it no thread dies.
   */
  readonly death?: 'last-word' | 'loss' | 'end' | 'grace'
  /** What is left behind ends the thread under the next task, which begins again; that uses up no attempt. */
  readonly startsNextAgain?: true
  /** What goes wrong is nobody's, and told as `internal-error`. */
  readonly isStray?: true
}

/** Grace of what is revoked, in milliseconds. */
export const GRACE = 200

const limited = { timeLimit: { soft: '100ms', hard: '200ms' } } as const
const lost = { fails: /UMBEL_WORKER_LOST/, starts: 3, death: 'last-word' } as const
const hard = { fails: /UMBEL_HARD_TIME_LIMIT/, death: 'end' } as const
const { dies, gives, throws, leaves } = torture

/** Every way. */
export const WORKER_CASES: readonly WorkerCase[] = [
  ...['exit 0', 'exit 3', 'exit later', 'reallyExit'].map(
    (how): WorkerCase => ({ name: how, call: dies.s(how), ...lost }),
  ),
  { name: 'exit of a module', call: deadly.never.s(), fails: /UMBEL_WORKER_LOST/, starts: 0, death: 'loss' },
  { name: 'exit in a setup', call: torture.diesInSetup.s(), fails: /UMBEL_WORKER_LOST/, starts: 0, death: 'loss' },
  { name: 'out of memory', call: torture.exhausts.s(), ...lost, death: 'loss' },
  { name: 'endless loop', call: torture.spins.s().set(limited), ...hard },
  { name: 'endless microtasks', call: torture.spinsInMicrotasks.s().set(limited), ...hard },
  { name: 'sleeps for ever', call: torture.sleeps.s().set(limited), ...hard },
  { name: 'never resolves', call: torture.isDeaf.s().set(limited), ...hard },
  { name: 'parent port closed', call: dies.s('parent port closed').set(limited), ...hard },
  { name: 'revoked in an endless loop', call: torture.spins.s(), fails: /UMBEL_REVOKED/, death: 'grace' },
  { name: 'stray throw', call: torture.strayThrow.s(), fails: /stray throw/ },
  { name: 'stray rejection', call: torture.strayRejection.s(), fails: /stray rejection/ },
  { name: 'stray null', call: torture.strayNull.s(), fails: /UMBEL_HANDLER_THREW_NOTHING/ },
  { name: 'stray hostile object', call: torture.strayHostile.s(), fails: /./ },
  { name: 'stray throw, listeners removed', call: torture.unguarded.s(), ...lost },
  { name: 'throw of a finished task', call: leaves.s('throw'), isStray: true },
  { name: 'rejection of a finished task', call: leaves.s('reject'), isStray: true },
  { name: 'exit of a finished task', call: leaves.s('exit'), isStray: true, startsNextAgain: true },
  ...['function', 'symbol', 'proxy', 'getter', 'port'].map(
    (thing): WorkerCase => ({ name: `gives ${thing}`, call: gives.s(thing), fails: /UMBEL_CANNOT_TRAVEL|hostile/ }),
  ),
  { name: 'gives a thenable with a hostile then', call: gives.s('thenable'), fails: /hostile then/ },
  { name: 'gives a thenable that throws', call: gives.s('thenable that throws'), fails: /then threw/ },
  { name: 'gives a thenable that answers twice', call: gives.s('thenable that answers twice') },
  ...['null', 'undefined', 'symbol', 'function', 'proxy', 'thenable', 'error with a hostile message'].map(
    (thing): WorkerCase => ({ name: `throws ${thing}`, call: throws.s(thing), fails: /./ }),
  ),
  { name: 'throws in a listener to its exit', call: dies.s('exit in a listener'), ...lost, isStray: true },
  { name: 'tells the parent nonsense', call: torture.babbles.s() },
  { name: 'process.abort', call: torture.aborts.s(), fails: /ERR_WORKER_UNSUPPORTED_OPERATION/ },
  { name: 'stack overflow', call: torture.overflows.s(), fails: /call stack/ },
]
