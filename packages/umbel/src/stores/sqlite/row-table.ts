import type { DatabaseSync } from 'node:sqlite'
import {
  type JoinRow,
  nodeId,
  type Plan,
  type Row,
  type StreamRow,
  type TaskRow,
  type TaskSpec,
  type WorkflowRow,
} from '@umbel/core'
import { SteadyMap } from '../../steady-map.ts'
import { LARGE } from './backlog.ts'
import type { EffectTable } from './effect-table.ts'
import type { JournalEntry, Value } from './journal-entry.ts'
import { type Packed, packedSize } from './pack.ts'
import { PlanTable } from './plan-table.ts'
import {
  changing,
  fixedRecord,
  isSameFixed,
  type RowRecord,
  readRow,
  type Shared,
  type TableRow,
} from './row-record.ts'
import { prepareRows, type RowStatements } from './row-statements.ts'
import { SpecTable } from './spec-table.ts'

/** A task outside of workflows, a workflow or a run: what is kept or dropped as a whole. */
export interface Root {
  readonly n: number
  readonly id: string
  readonly state: string
  readonly size: number
  readonly plan: number | null
  /** 0 where nothing of it stands in the table `large`. */
  readonly large?: number
}

/** What is known of a row that may change again. */
interface Live {
  readonly n: number
  readonly row: TableRow
  readonly plan: number | null
}

/** SQLite's word for a row whose id is there already. */
const SQLITE_CONSTRAINT_UNIQUE = 2067

/** Puts rows into their table and reads them. All within the transactions of the store; it tells `committed` or `rolledBack`. */
export class RowTable implements Shared {
  readonly #plans: PlanTable
  readonly #specs: SpecTable
  readonly #effects: EffectTable | undefined
  readonly #live = new SteadyMap<Live>()
  /** What the transaction that is open has changed in `#live`, and how it was before. */
  #undo: [string, Live | undefined][] = []
  /** Workflows that have ended in it. */
  #ended: WorkflowRow[] = []
  #last: number
  readonly #statements: RowStatements['of']
  readonly #open: RowStatements['open']
  readonly #drops: RowStatements['drops']

  /** `effects`: what goes with rows that are dropped; of none where it is only read. */
  constructor(database: DatabaseSync, effects?: EffectTable) {
    this.#effects = effects
    this.#plans = new PlanTable(database)
    this.#specs = new SpecTable(database)
    const { of, open, drops } = prepareRows(database)
    this.#statements = of
    this.#open = open
    this.#drops = drops
    this.#last = Number(of.last.get()?.last ?? 0)
  }

  /** Put a row in the place of the one of its id. Returns the root that has ended with it, if one has. */
  put(row: TableRow): Root | undefined {
    const known = this.#live.get(row.id)
    const { state, ended_at, body } = changing(row)
    let live: Live
    if (known !== undefined && isSameFixed(known.row, row)) {
      this.#statements.update.get(state, ended_at, body, known.n) // `run` makes an object of what nobody asks for
      live = { n: known.n, row, plan: known.plan }
    } else {
      live = this.#insert(row, known, state, ended_at, body)
    }
    return this.#now(live, known)
  }

  /**
   * What it comes to to put tasks that stand outside of workflows: for the journal. `undefined` where there is more to it. `sent`: whether one is new.
   * @returns with it the roots that have ended
   */
  puts(
    rows: readonly Row[],
    sent: (id: string) => boolean,
  ): (Pick<JournalEntry, 'sent' | 'changed'> & { readonly ended: readonly Root[] }) | undefined {
    const fresh: Value[] = []
    const changed: Value[] = []
    const ended: Root[] = []
    for (const row of rows) {
      const root = this.#puts(row as TaskRow, sent, fresh, changed)
      if (root === undefined) {
        this.rolledBack()
        return undefined
      }
      if (root !== null) ended.push(root)
    }
    return { sent: fresh, changed, ended }
  }

  /** `null`: nothing has ended. */
  #puts(row: TaskRow, sent: (id: string) => boolean, fresh: Value[], changed: Value[]): Root | null | undefined {
    const isNew = sent(row.id)
    const known = isNew ? undefined : this.#live.get(row.id)
    const { state, ended_at, body } = changing(row)
    if (known !== undefined) {
      if (!isSameFixed(known.row, row)) return undefined
      changed.push(known.n, state, ended_at, body)
      return this.#now({ n: known.n, row, plan: null }, known) ?? null
    }
    if (this.knownSpec(row.spec) === undefined || !isNew) return undefined
    const { task, parent, sent_at, spec, fixed } = fixedRecord(row, this, null)
    this.#last += 1
    fresh.push(this.#last, row.id, state, task, parent, sent_at, ended_at, spec, fixed, body)
    return this.#now({ n: this.#last, row, plan: null }, undefined) ?? null
  }

  /** A row is as it is now, within what is being stored. Returns the root that has ended with it, if one has. */
  #now(live: Live, known: Live | undefined): Root | undefined {
    const { row } = live
    this.#undo.push([row.id, known])
    const hasEnded = isEndedRoot(row)
    if (hasEnded && row.kind !== 'workflow')
      this.#live.delete(row.id) // it changes no more
    else if (known === undefined) this.#live.add(row.id, live)
    else this.#live.set(row.id, live)
    if (!hasEnded || (known !== undefined && isEndedRoot(known.row))) return undefined
    if (row.kind === 'workflow') this.#ended.push(row)
    const size = row.kind === 'workflow' ? row.plan.nodes.length + 1 : 1
    return { n: live.n, id: row.id, state: row.state, size, plan: live.plan }
  }

  #insert(row: TableRow, known: Live | undefined, state: string | null, endedAt: number | null, body: Packed): Live {
    let plan: number | null = null
    if (row.kind === 'workflow') plan = this.#numberFor(row, known)
    const record = fixedRecord(row, this, plan)
    let fixed: Packed | number | null = record.fixed
    if (record.fixed !== null && packedSize(record.fixed) >= LARGE) {
      this.#statements.large.run(row.id, record.fixed)
      fixed = 0
    }
    this.#last += 1
    const { id, kind, task, workflow, parent, sent_at, size, spec } = record
    const given = [
      this.#last,
      id,
      kind,
      state,
      task,
      workflow,
      parent,
      sent_at,
      endedAt,
      size,
      spec,
      record.plan,
      fixed,
      body,
    ]
    if (this.#inserted(given)) return { n: this.#last, row, plan }
    this.#statements.put.run(...given)
    return { n: this.#statements.numberOf.get(id)?.n as number, row, plan }
  }

  /** Insert a row, unless there is one of its id: few are, so that they are found by being refused. */
  #inserted(given: readonly (Packed | number | null)[]): boolean {
    try {
      this.#statements.insert.get(...given)
      return true
    } catch (error) {
      if ((error as { readonly errcode?: unknown }).errcode === SQLITE_CONSTRAINT_UNIQUE) return false
      throw error
    }
  }

  /** The number of a workflow's plan. One that was changed gets a new one; nodes that were stored with the old one still need that. */
  #numberFor(row: WorkflowRow, known: Live | undefined): number {
    if (known?.row.kind === 'workflow' && known.row.plan === row.plan && known.plan !== null) return known.plan
    const n = this.#plans.add(row.plan)
    if (known != null && known.plan !== null && this.#statements.needs.get(row.id, known.plan) === undefined)
      this.#plans.drop(known.plan)
    return n
  }

  get(id: string): TableRow | undefined {
    const record = this.record(id)
    return record === undefined ? undefined : this.read(record)
  }

  record(id: string): RowRecord | undefined {
    return this.#statements.byId.get(id) as unknown as RowRecord | undefined
  }

  /** Make the row of a record. @throws where it is damaged */
  read(record: RowRecord): TableRow {
    return readRow(record, this)
  }

  /** Forget what is known of a row: the next one in its place is put as one that may be there already. */
  rest(id: string): void {
    this.#live.delete(id)
  }

  /** What is dropped with a row. */
  root(id: string): Root | undefined {
    return this.#statements.root.get(id) as unknown as Root | undefined
  }

  children(id: string): string[] {
    return this.#statements.children.all(id).map((row) => row.id as string)
  }

  /** Rows of what has not ended, and of all nodes of workflows that have not. */
  *unfinished(): Generator<TableRow> {
    for (const { n } of this.#open.roots.all()) {
      const root = this.#read(n as number)
      if (root === undefined) continue
      yield root
      if (root.kind !== 'workflow') continue
      for (const node of this.#open.nodes.all(root.id)) yield this.#read(node.n as number) as TableRow
    }
    for (const { n } of this.#open.orphans.all()) yield this.#read(n as number) as TableRow
  }

  /** Every record there is, in the order they came to be. */
  records(): Iterable<RowRecord> {
    return this.#statements.all.iterate() as Iterable<unknown> as Iterable<RowRecord>
  }

  /** Read a row that may change again. */
  #read(n: number): TableRow | undefined {
    const record = this.#statements.byNumber.get(n) as unknown as RowRecord | undefined
    if (record === undefined) return undefined
    const row = readRow(record, this)
    this.#live.set(row.id, { n, row, plan: row.kind === 'workflow' ? record.plan : null })
    return row
  }

  /** Drop a root with its nodes. */
  drop({ n, id, plan, large }: Omit<Root, 'state' | 'size'>): void {
    if (plan !== null) {
      for (const row of this.#statements.plansOf.all(id)) this.#plans.drop(row.plan as number)
      this.#drops.nodesLarge.run(id)
      this.#drops.nodes.run(id)
      this.#plans.drop(plan)
    }
    if (large !== 0) this.#drops.large.run(id)
    this.#drops.row.get(n)
    this.#effects?.drop(id)
  }

  /** The number of a plan whose workflow is being stored or may change again. */
  numberOfPlan(workflow: string): number | undefined {
    return this.#live.get(workflow)?.plan ?? undefined
  }

  knownSpec(spec: TaskSpec): number | undefined {
    return this.#specs.known(spec)
  }

  planOf(workflow: string): { readonly n: number; readonly plan: Plan } | undefined {
    const live = this.#live.get(workflow)
    if (live?.row.kind === 'workflow' && live.plan !== null) return { n: live.plan, plan: live.row.plan }
    const n = this.#statements.planOf.get(workflow)?.plan as number | null | undefined
    const plan = n == null ? undefined : this.#plans.get(n)
    return n == null || plan === undefined ? undefined : { n, plan }
  }

  plan(n: number): Plan | undefined {
    return this.#plans.get(n)
  }

  specNumber(spec: TaskSpec): number | undefined {
    return this.#specs.numberOf(spec)
  }

  spec(n: number): TaskSpec | undefined {
    return this.#specs.get(n)
  }

  /** What was put is stored: workflows that have ended with it change no more. */
  committed(): void {
    for (const { id, plan } of this.#ended) {
      this.#live.delete(id)
      for (const node of plan.nodes.keys()) this.#live.delete(nodeId(id, node))
    }
    this.#forgetUndo()
    this.#specs.committed()
  }

  /** What was put since `committed` is not stored. */
  rolledBack(): void {
    for (const [id, before] of this.#undo.reverse()) {
      if (before === undefined) this.#live.delete(id)
      else this.#live.set(id, before)
    }
    this.#forgetUndo()
    this.#specs.rolledBack()
  }

  #forgetUndo(): void {
    this.#undo = []
    this.#ended = []
  }
}

const isEndedRoot = (row: TableRow): row is Exclude<TableRow, JoinRow | StreamRow> =>
  (row.kind === 'workflow' || row.kind === 'chart' || (row.kind === 'task' && row.workflow === undefined)) &&
  row.endedAt !== undefined
