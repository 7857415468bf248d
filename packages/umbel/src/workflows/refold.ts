import {
  advance,
  type ChartRow,
  type EngineEvent,
  MACHINES,
  type Machines,
  type Row,
  type RowReader,
} from '@umbel/core'
import type { WorkflowRegistry } from './workflow-registry.ts'

/** Rows made anew from a log of events, by the machines as they are now. Nothing of what is to be done about them is done. */
export class Refold implements RowReader {
  readonly #rows = new Map<string, Row>()
  readonly #followers = new Map<string, Set<string>>()
  readonly #machines: Machines
  /** How often each run is still to be told in the log that something is due. */
  readonly #dues = new Map<string, number>()

  constructor(registry: WorkflowRegistry, events: readonly EngineEvent[]) {
    this.#machines = MACHINES.withCharts(registry)
    for (const { type, id } of events) if (type === 'chart-due') this.#dues.set(id, (this.#dues.get(id) ?? 0) + 1)
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id)
  }

  following(id: string): Iterable<string> {
    return this.#followers.get(id) ?? []
  }

  chart(id: string): ChartRow | undefined {
    const row = this.#rows.get(id)
    return row?.kind === 'chart' ? row : undefined
  }

  /** Take in the next event of the log. Returns the ids of the runs that it changed. */
  take(recorded: EngineEvent): readonly string[] {
    const changed = new Set<string>()
    const event = { ...recorded, id: this.#renamed(recorded.id) } as EngineEvent
    for (const id of this.runsAround(event.id)) this.#tellDue(id, event.at, changed)
    // all that is asked for by now has been done by then: the machine may have asked for more than it did
    this.#advance(event.type === 'chart-acted' ? { ...event, n: Number.MAX_SAFE_INTEGER } : event, changed)
    if (event.type === 'chart-due') this.#dues.set(recorded.id, (this.#dues.get(recorded.id) ?? 1) - 1)
    return [...changed]
  }

  /** What is due by now where the log never says so: the machine did not schedule it then, or for later. */
  #tellDue(id: string, at: number, changed: Set<string>): void {
    if ((this.#dues.get(id) ?? 0) > 0) return
    const due = this.chart(id)?.timers.reduce((least, timer) => Math.min(least, timer.due), at) ?? at
    if (due < at) this.#advance({ type: 'chart-due', id, at: due }, changed)
  }

  #advance(event: EngineEvent, changed: Set<string>): void {
    for (const row of advance(this, [event], this.#machines).rows) {
      this.#rows.set(row.id, row)
      if (row.kind === 'chart') changed.add(row.id)
      if (row.kind !== 'task' || row.follows === undefined) continue
      const followers = this.#followers.get(row.follows) ?? new Set()
      this.#followers.set(row.follows, followers.add(row.id))
    }
  }

  /** The runs that a fact's id is made of, from the outermost. */
  runsAround(id: string): readonly string[] {
    const runs: string[] = []
    for (let end = id.indexOf('/'); end > 0; end = id.indexOf('/', end + 1))
      if (this.chart(id.slice(0, end)) !== undefined) runs.push(id.slice(0, end))
    return this.chart(id) === undefined ? runs : [...runs, id]
  }

  /** The id by which a child is known here: the number in it counts what its run began, which the machine as it is now may count otherwise. */
  #renamed(id: string): string {
    if (this.#rows.has(id)) return id
    let renamed = id
    for (let end = id.indexOf('/'); end > 0; end = renamed.indexOf('/', end + 1)) {
      const run = this.chart(renamed.slice(0, end))
      const children = run?.children ?? {}
      if (run?.compensating !== undefined) return compensationId(run, renamed)
      const [, key, rest] = /^(.*?)\.\d+((?:[/.].*)?)$/s.exec(renamed.slice(end + 1)) ?? []
      const child = key === undefined || !Object.hasOwn(children, key) ? undefined : children[key]
      if (child !== undefined && child.ended !== true) renamed = child.id + rest
    }
    return renamed
  }
}

/** The same for the compensation under way, whose id is made of that of what it takes back. */
function compensationId({ children }: ChartRow, id: string): string {
  const [, own = '', rest = ''] = /^(.*?\.c\d+)([/.].*)?$/s.exec(id) ?? []
  const child = Object.values(children).find((one) => withoutNumbers(one.id) === withoutNumbers(own))
  return child === undefined ? id : child.id + rest
}

const withoutNumbers = (id: string): string => id.replace(/\.\d+(?=[/.]|$)/g, '')
