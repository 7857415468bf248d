import { type AttemptReports, currentRun, type ErrorData, toErrorData, type Worker } from '@umbel/core'
import type { AppSettings } from './app-options.ts'
import { type ExecutorContext, execute } from './executor.ts'
import { inlineWorker } from './lanes/inline.ts'
import { Lane } from './lanes/lane.ts'
import type { LaneSettings } from './lanes/lane-options.ts'
import type { Blockage } from './lanes/loop-watch.ts'
import { threadWorker } from './lanes/threads.ts'
import { guarded } from './reports.ts'
import type { AnyResult } from './sender.ts'
import { systemClock } from './system.ts'

/** What lanes work with. */
export interface LanesParts {
  readonly settings: AppSettings
  readonly context: ExecutorContext
  readonly reports: AttemptReports
  readonly ids: () => string
  readonly handleOf: (id: string) => AnyResult
  /** Told of what a handler in a thread sent and was not taken in. */
  readonly refused: (id: string, error: unknown) => void
  /** Told the errors that belong to no handler. */
  readonly onStray: (error: ErrorData) => void
  /** Told when an inline handler keeps the loop from turning. */
  readonly blocked: (blockage: Blockage) => void
}

/** Put the lanes of an app together: all share the main loop, each has threads of its own. */
export function assembleLanes(parts: LanesParts): readonly Lane[] {
  const { settings, context, reports, ids, handleOf, onStray, blocked } = parts
  const { tasks, clock, maxBytes } = settings
  const { engine, limits } = context
  const loop = { bound: settings.loopBlockedAfter, clock: systemClock, blocked }
  const inline = inlineWorker({ tasks, reports, clock, maxBytes, ids, handleOf, onStray, loop })
  return [...settings.lanes].map(
    ([name, options]) =>
      new Lane({
        name,
        options,
        inline,
        limits,
        threads: threadsOf(name, options, parts),
        now: () => clock.monotonic(),
        execute: (id, worker) => execute(context, id, worker),
        refuse: (row, error) =>
          engine.accept({
            type: 'task-failed',
            id: row.id,
            ...currentRun(row),
            error: toErrorData(error),
            at: clock.now(),
          }),
      }),
  )
}

function threadsOf(name: string, { threads, nice, maxMemoryMb }: LaneSettings, parts: LanesParts): Worker {
  const { reports, refused, settings, onStray } = parts
  return threadWorker({
    name,
    threads,
    nice,
    resourceLimits: maxMemoryMb === undefined ? {} : { maxOldGenerationSizeMb: maxMemoryMb },
    maxBytes: settings.maxBytes,
    reports: guarded(reports, refused),
    onStray,
  })
}
