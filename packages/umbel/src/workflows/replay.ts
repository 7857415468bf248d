import { type ChartRow, decode, encode, type StoredEvent, snapshotOf } from '@umbel/core'
import { Course, type Difference } from './course.ts'
import { Refold } from './refold.ts'
import type { WorkflowRegistry } from './workflow-registry.ts'

/** What became of one recorded run under the code as it is now. */
export interface ReplayedRun {
  readonly id: string
  /** Name of its machine, and the version that it is on. */
  readonly machine: string
  readonly version: string
  /**
   * `same`: it comes to where it was. `differs`: it does not, from `difference` on. `cannot`: it has not ended, and the code cannot go on
   * with it. `migrates`: its version is not given, and one that takes it over is. `incomplete`: the log does not have all of its history, but the
   * code knows the states that it stands in. `over`: it has ended, and its version is not given.
   */
  readonly verdict: 'same' | 'differs' | 'cannot' | 'migrates' | 'incomplete' | 'over'
  /** Recorded facts that moved it, as far as it was replayed: the start is the first. */
  readonly steps: number
  /** Where it first differs. */
  readonly difference?: Difference
  /** Why it was not replayed to its end; of one that differs what it fails with, where it does. */
  readonly why?: string
}

/** Replay what runs were told through the machines as they are now. */
export function replay(
  registry: WorkflowRegistry,
  runs: readonly ChartRow[],
  stored: readonly StoredEvent[],
): ReplayedRun[] {
  const events = stored.map(({ event }) => event)
  const refold = new Refold(registry, events)
  const courses = new Map(runs.map((row) => [row.id, new Course(row)]))
  const whole = stored[0] === undefined || stored[0].seq === 1
  const doubtful = new Set<string>()
  for (const event of events) {
    if (!whole && event.type === 'task-started' && event.key !== undefined && refold.get(event.key.id) === undefined)
      for (const id of refold.runsAround(event.id)) doubtful.add(refold.chart(id)?.root ?? id)
    const moved = new Set(refold.take(event))
    for (const id of new Set([...moved, ...refold.runsAround(event.id)])) {
      const now = refold.chart(id)
      if (now !== undefined) courses.get(id)?.follow(now, event, moved.has(id))
    }
  }
  return runs.map((row) => {
    const course = courses.get(row.id) as Course
    const { id, machine, version } = row
    return { id, machine, version, steps: course.steps, ...judge(registry, refold, row, course, doubtful) }
  })
}

type Judgement = Pick<ReplayedRun, 'verdict' | 'difference' | 'why'>

function judge(
  registry: WorkflowRegistry,
  refold: Refold,
  row: ChartRow,
  course: Course,
  doubtful: ReadonlySet<string>,
): Judgement {
  const { errors } = registry
  if (registry.find(row.machine, row.version) === undefined) return unregistered(registry, row)
  const now = refold.chart(row.id)
  if (now === undefined || doubtful.has(row.root)) {
    const invoked = row.parent !== undefined && refold.get(row.parent) !== undefined
    if (!invoked || doubtful.has(row.root)) return incomplete(registry, row)
    return { verdict: 'differs', why: `${row.parent}, which began it, does not begin it any more.` }
  }
  if (now.version !== row.version) return incomplete(registry, row, `It was migrated from version ${now.version}.`)
  const difference = course.atEnd(now, errors)
  if (difference === undefined) return { verdict: 'same' }
  const why = now.error === undefined ? {} : { why: `${now.error.name}: ${now.error.message}` }
  return { verdict: 'differs', difference, ...why }
}

function unregistered(registry: WorkflowRegistry, row: ChartRow): Judgement {
  const { machine, version, endedAt } = row
  const gone = `No machine ${machine} of version ${version} is given`
  if (endedAt !== undefined) return { verdict: 'over', why: `${gone}.` }
  const successor = registry.successor(machine, version)
  if (successor === undefined) return { verdict: 'cannot', why: `${gone}, nor one that migrates it.` }
  try {
    const { value, context } = successor.migrate({ value: row.value, context: decode(row.context, registry.errors) })
    const text = encode(context, { maxBytes: registry.maxBytes, path: 'context' })
    snapshotOf(successor.chart.machine, { ...row, value, context: text }, registry.errors) // throws for states that are not there
    return { verdict: 'migrates', why: `${gone}: version ${successor.version} takes it over.` }
  } catch (error) {
    return { verdict: 'cannot', why: `${gone}, and to migrate it to ${successor.version} fails: ${messageOf(error)}` }
  }
}

function incomplete(
  registry: WorkflowRegistry,
  row: ChartRow,
  why = 'The log does not go back to all that it was told.',
): Judgement {
  const chart = registry.find(row.machine, row.version)
  if (row.endedAt === undefined && chart !== undefined)
    try {
      snapshotOf(chart.machine, row, registry.errors) // throws for states that are not there
    } catch (error) {
      return { verdict: 'cannot', why: `It stands in ${JSON.stringify(row.value)}: ${messageOf(error)}` }
    }
  return { verdict: 'incomplete', why }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
