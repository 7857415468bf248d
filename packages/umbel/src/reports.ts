import {
  type AttemptCall,
  type AttemptReports,
  type Clock,
  decode,
  type Encoded,
  effectIds,
  NO_HEADERS,
  type Store,
} from '@umbel/core'
import type { Engine } from './engine.ts'
import type { Limits } from './limits/limits.ts'
import type { Producer } from './producer.ts'
import type { SignalBus } from './signals.ts'
import type { Runs } from './workflows/runs.ts'

/** Where the reports of running handlers go. */
export interface ReportTargets {
  readonly engine: Engine
  readonly producer: Producer
  readonly runs: Pick<Runs, 'hear'>
  readonly signals: SignalBus
  readonly clock: Clock
  readonly limits: Limits
  readonly store: Store
}

/** Make what running handlers report to: states and progress become events, sends go through the producer, logs become signals. */
export function attemptReports({
  engine,
  producer,
  runs,
  signals,
  clock,
  limits,
  store,
}: ReportTargets): AttemptReports {
  return {
    state: ({ id, attempt, run }, state, meta) =>
      engine.accept({ type: 'task-state', id, attempt, run, state, meta, at: clock.now() }),
    progress: ({ id, attempt, run }, done, total) =>
      engine.accept({ type: 'task-progress', id, attempt, run, progress: { done, total }, at: clock.now() }),
    // a thread knows no simulated time
    begun: ({ id }, at) => limits.begun(id, clock.simulated ? clock.monotonic() : at),
    send: (call, id, canvas, as) => {
      switch (as) {
        case 'child':
          return producer.sendAs(id, canvas, call)
        case 'member':
          return producer.extendChord(id, canvas, call)
        case 'event':
          return runs.hear(id, canvas)
      }
    },
    recall: async ({ id }, name) => {
      for (const one of effectIds(id)) {
        const recorded = await store.effect(one, name)
        if (recorded !== undefined) return recorded
      }
      return undefined
    },
    record: ({ id, attempt, run }, name, result) =>
      engine.accepted({ type: 'effect-recorded', id, attempt, run, name, result, at: clock.now() }),
    log: (call, level, message, fields) => {
      if (!signals.wants('task-log')) return print(call, level, message, fields)
      const { id, task, attempt, lane, headers = NO_HEADERS } = call
      signals.emit('task-log', {
        id,
        task,
        attempt,
        lane,
        headers,
        at: clock.now(),
        level,
        message,
        fields: fields && decode(fields),
      })
    },
  }
}

/** The same for handlers in threads: what cannot be taken in there has nobody left to throw to. */
export function guarded(reports: AttemptReports, refused: (id: string, error: unknown) => void): AttemptReports {
  return {
    ...reports,
    send: (call, id, canvas, as) => {
      try {
        reports.send(call, id, canvas, as)
      } catch (error) {
        refused(id, error)
      }
    },
  }
}

function print(
  { id, task }: AttemptCall,
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: Encoded | undefined,
): void {
  if (level === 'debug') return
  const line = `${task}[${id}] ${message}`
  if (fields === undefined) console[level](line)
  else console[level](line, decode(fields))
}
