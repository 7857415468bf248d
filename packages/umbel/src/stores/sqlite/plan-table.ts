import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Plan, PlanNode, TaskSpec } from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'

/** Nodes of a plan that stand together in one part, and the size at which a part ends earlier. */
const NODES_A_PART = 1_000
const PART_SIZE = 65_536

/** Plans of workflows that have ended and are kept in memory once they were read. */
const CACHED = 16

/** A node as it is stored: its spec is one of the list in front of the nodes. */
type StoredNode = Omit<PlanNode, 'spec'> & { readonly spec?: number }

/** What stands in part 0. */
interface Head extends Omit<Plan, 'nodes'> {
  readonly specs: readonly TaskSpec[]
}

/** Keeps the plan of each workflow once, in parts; rows of its nodes refer to it. */
export class PlanTable {
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #delete: StatementSync
  readonly #cache = new Map<number, Plan>()
  #last: number

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO plans (n, part, body) VALUES (?, ?, ?)')
    this.#select = database.prepare('SELECT body FROM plans WHERE n = ? ORDER BY part')
    this.#delete = database.prepare('DELETE FROM plans WHERE n = ?')
    this.#last = Number(database.prepare('SELECT max(n) AS last FROM plans').get()?.last ?? 0)
  }

  /** Store a plan under a number of its own. */
  add({ nodes, ...rest }: Plan): number {
    this.#last += 1
    const specs = new SpecList()
    let part = 0
    let size = 0
    let open: StoredNode[] = []
    const end = (): void => {
      part += 1
      const packed = pack(open)
      this.#insert.run(this.#last, part, packed)
      open = []
      size = 0
    }
    for (const node of nodes) {
      const stored = node.kind === 'task' ? { ...node, spec: specs.indexOf(node.spec) } : node
      open.push(stored as StoredNode)
      size += node.kind === 'task' ? sizeOf(node.args) + sizeOf(node.kwargs ?? '') : 0
      if (open.length === NODES_A_PART || size >= PART_SIZE) end()
    }
    if (open.length > 0) end()
    this.#insert.run(this.#last, 0, pack({ ...rest, specs: specs.all } satisfies Head))
    return this.#last
  }

  /** The plan of a number; `undefined` when it was dropped. */
  get(n: number): Plan | undefined {
    const known = this.#cache.get(n)
    if (known !== undefined) return known
    const plan = this.#read(n)
    if (plan === undefined) return undefined
    this.#cache.set(n, plan)
    if (this.#cache.size > CACHED) this.#cache.delete(this.#cache.keys().next().value as number)
    return plan
  }

  drop(n: number): void {
    this.#cache.delete(n)
    this.#delete.run(n)
  }

  #read(n: number): Plan | undefined {
    const [head, ...parts] = this.#select.all(n).map((row) => unpack(row.body as Packed))
    if (head === undefined) return undefined
    const { specs, ...rest } = head as Head
    const nodes = (parts as StoredNode[][]).flat().map((node) => {
      if (node.kind !== 'task') return node as PlanNode
      return { ...node, spec: specs[node.spec as number] } as PlanNode
    })
    return { ...rest, nodes }
  }
}

const sizeOf = (value: string | { text: string; bytes: readonly Uint8Array[] }): number =>
  typeof value === 'string' ? value.length : value.bytes.reduce((sum, part) => sum + part.byteLength, value.text.length)

/** Specs of one plan, each once: calls with the same options have specs that are equal, if not the same. */
class SpecList {
  readonly all: TaskSpec[] = []
  readonly #byObject = new Map<TaskSpec, number>()
  readonly #byText = new Map<Packed, number>()

  indexOf(spec: TaskSpec): number {
    let index = this.#byObject.get(spec)
    if (index !== undefined) return index
    const packed = pack(spec)
    index = this.#byText.get(packed)
    if (index === undefined) {
      index = this.all.push(spec) - 1
      this.#byText.set(packed, index)
    }
    this.#byObject.set(spec, index)
    return index
  }
}
