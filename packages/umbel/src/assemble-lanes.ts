import { type AttemptReports, currentRun, type ErrorData, type TaskSpec, toErrorData, type Worker } from '@umbel/core'
import type { AppSettings } from './app-options.ts'
import { executeBundle } from './bundle.ts'
import { type ExecutorContext, execute } from './executor.ts'
import { inlineWorker } from './lanes/inline.ts'
import { Lane } from './lanes/lane.ts'
import type { LaneSettings } from './lanes/lane-options.ts'
import type { Bundles } from './lanes/line.ts'
import type { Blockage } from './lanes/loop-watch.ts'
import { threadWorker } from './lanes/threads.ts'
import { TinyTasks } from './lanes/tiny-tasks.ts'
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
  const { tasks, clock, maxBytes, store } = settings
  const { takesWrites = false } = store
  const { engine, limits } = context
  const loop = { bound: settings.loopBlockedAfter, clock: systemClock, blocked }
  const inline = inlineWorker({ tasks, reports, clock, maxBytes, takesWrites, ids, handleOf, onStray, loop })
  return [...settings.lanes].map(([name, options]) => {
    const tiny = new TinyTasks()
    return new Lane({
      name,
      options,
      inline,
      limits,
      threads: threadsOf(name, options, tiny, parts),
      now: () => clock.monotonic(),
      execute: (id, worker, over) => execute(context, id, worker, over),
      bundles: bundlesOf(context, tiny),
      refuse: (row, error) =>
        engine.accept({
          type: 'task-failed',
          id: row.id,
          ...currentRun(row),
          error: toErrorData(error),
          at: clock.now(),
        }),
    })
  })
}

/** Only tasks that need nothing of the lane while they run go in bundles: no time limit, nothing to be done once their outcome is stored. */
function bundlesOf(context: ExecutorContext, tiny: TinyTasks): Bundles {
  const { timeLimits, tasks } = context
  const alone = new Set<string>()
  for (const { name, bases } of tasks.values())
    if (bases.some(({ afterReturn }) => afterReturn !== undefined)) alone.add(name)
  const isPlain = (spec: TaskSpec): boolean =>
    spec.via === 'call' && !(alone.size > 0 && alone.has(spec.task)) && timeLimits.of({ spec }) === undefined
  return {
    costOf: (spec) => (isPlain(spec) ? tiny.cost(spec.task) : Number.POSITIVE_INFINITY),
    isTiny: (task) => tiny.cost(task) < Number.POSITIVE_INFINITY,
    isShort: ({ spec }) => isPlain(spec) && tiny.isShort(spec.task),
    execute: (ids, worker, over) => executeBundle(context, ids, worker, over),
  }
}

function threadsOf(name: string, settings: LaneSettings, tiny: TinyTasks, parts: LanesParts): Worker {
  const { threads, nice, maxMemoryMb } = settings
  const { reports, refused, onStray } = parts
  return threadWorker({
    name,
    threads,
    nice,
    resourceLimits: maxMemoryMb === undefined ? {} : { maxOldGenerationSizeMb: maxMemoryMb },
    maxBytes: parts.settings.maxBytes,
    takesWrites: parts.settings.store.takesWrites ?? false,
    cost: (task) => tiny.cost(task),
    isShort: (task) => tiny.isShort(task),
    ran: (task, took) => tiny.ran(task, took),
    reports: guarded(reports, refused),
    onStray,
  })
}
