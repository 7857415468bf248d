import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, type Step } from '../src/advance.ts'
import type { Command } from '../src/command.ts'
import type { EngineEvent } from '../src/event.ts'
import { MACHINES, Machines } from '../src/machines.ts'
import type { Row, RowReader, Seat } from '../src/rows.ts'
import { taskMachine } from '../src/task-machine.ts'
import { workflowMachine } from '../src/workflow-machine.ts'
import { anyCanvas, Desk, plan, sig } from './model.ts'

const REVOKED = { name: 'UmbelError', code: 'UMBEL_REVOKED', message: 'v was revoked.' }

type Picks = () => number
const picks = fc.infiniteStream(fc.nat(1_000_000)).map((stream) => () => stream.next().value as number)

/** Rows as an engine has them: some in seats, with room for some that are to come, and others not. */
class SeatedRows implements RowReader {
  readonly seats = new Map<string, Seat>()
  readonly #without = new Set<string>()
  readonly #rows: ReadonlyMap<string, Row>
  readonly #pick: Picks

  constructor(rows: ReadonlyMap<string, Row>, pick: Picks) {
    this.#rows = rows
    this.#pick = pick
    for (const [id, row] of rows) if (pick() % 2 === 0) this.seats.set(id, { row, next: undefined })
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id)
  }

  seat(id: string): Seat | undefined {
    const seat = this.seats.get(id)
    // whoever has said once that there is none keeps to it
    if (seat !== undefined || this.#rows.has(id) || this.#without.has(id)) return seat
    if (this.#pick() % 3 > 0) return void this.#without.add(id)
    const empty = { row: undefined, next: undefined }
    this.seats.set(id, empty)
    return empty
  }
}

/** Rows that are all in seats, found by their ids, and those of nodes by their numbers, too. */
class AllSeated implements RowReader {
  readonly seats = new Map<string, Seat>()
  readonly made = new Set<string>()

  constructor(rows: ReadonlyMap<string, Row>) {
    for (const [id, row] of rows) this.seats.set(id, { row, next: undefined })
  }

  get(id: string): Row | undefined {
    return this.seats.get(id)?.row
  }

  seat(id: string, known?: Seat): Seat | undefined {
    const seat = this.seats.get(id)
    return seat !== undefined && known === seat ? known : seat
  }

  /** What was found before for facts: the seat that is there, one that was given up, or none. */
  known(events: readonly EngineEvent[], pick: Picks): (Seat | undefined)[] {
    const found = (id: string): (Seat | undefined)[] => [
      this.seats.get(id),
      { row: undefined, next: undefined },
      undefined,
    ]
    return events.map(({ id }) => found(id)[pick() % 3])
  }

  make(id: string): Seat {
    expect(this.seats.has(id)).toBe(false)
    const seat = { row: undefined, next: undefined }
    this.seats.set(id, seat)
    this.made.add(id)
    return seat
  }

  unmake(id: string): void {
    this.seats.delete(id)
    this.made.delete(id)
  }

  node(workflow: string, node: number): Seat | undefined {
    return this.seats.get(`${workflow}/${node}`)
  }
}

/** Has each batch worked out thrice: over rows that are just rows, over some that are in seats, and over rows that all are. */
class SeatedDesk extends Desk {
  readonly #pick: Picks

  constructor(pick: Picks) {
    super()
    this.#pick = pick
  }

  override accept(...events: EngineEvent[]): readonly Command[] {
    const seated = new SeatedRows(this.rows, this.#pick)
    const before = new Map([...seated.seats].map(([id, { row }]) => [id, row]))
    const step: Step = advance(seated, events)
    expect(step).toEqual(advance(this.rows, events))
    for (const [id, { row, next }] of seated.seats) expect([row, next]).toEqual([before.get(id), undefined])
    const all = new AllSeated(this.rows)
    const { seats, ...whole } = advance(all, events, MACHINES, all.known(events, this.#pick))
    expect({ ...whole, seats: undefined }).toEqual(step)
    expect(seats).toEqual(whole.rows.map(({ id }) => all.seats.get(id)))
    for (const [id, { row, next }] of all.seats) expect([row, next]).toEqual([this.rows.get(id), undefined])
    expect([...all.made].filter((id) => !whole.rows.some((row) => row.id === id))).toEqual([])
    return super.accept(...events)
  }
}

test('a batch comes to the same whether rows are in seats or not, and leaves the seats as they were', () => {
  fc.assert(
    fc.property(anyCanvas, picks, (canvas, pick) => {
      const desk = new SeatedDesk(pick)
      // two, so that facts of a batch are about both in turn
      for (const id of ['w', 'v']) desk.send(canvas, id)
      let batch: EngineEvent[] = []
      while (desk.runnable.length > 0) {
        const id = desk.runnable.splice(pick() % desk.runnable.length, 1)[0] as string
        batch.push({ type: 'task-started', id, attempt: 1, run: 1, at: 2 }, {
          ...desk.outcome(id),
          attempt: 1,
          run: 1,
        } as EngineEvent)
        if (pick() % 40 === 0) batch.push({ type: 'workflow-revoked', id: 'v', error: REVOKED, at: 3 })
        if (desk.runnable.length > 0 && pick() % 3 > 0) continue
        desk.accept(...batch)
        batch = []
      }
    }),
    { numRuns: 300 },
  )
})

test('a batch that cannot be taken in leaves nothing in the seats', () => {
  fc.assert(
    fc.property(fc.nat(8), fc.integer({ min: 1, max: 5 }), (after, count) => {
      let asked = 0
      class Failing extends Machines {
        override taskMove(...what: Parameters<Machines['taskMove']>) {
          if (asked++ >= after) throw new Error('no machine')
          return MACHINES.taskMove(...what)
        }
      }
      const seats = new Map<string, Seat>()
      const rows: RowReader = { get: () => undefined, seat: (id) => seats.get(id) }
      const events = Array.from({ length: count }, (_, n): EngineEvent[] => {
        const id = `t${n}`
        seats.set(id, { row: undefined, next: undefined })
        const sent = { input: undefined, parent: undefined, root: undefined, settles: undefined, at: 1 }
        return [
          { type: 'canvas-sent', id, plan: plan(sig('id', [1])), ...sent },
          { type: 'task-started', id, attempt: 1, run: 1, at: 2 },
        ]
      }).flat()
      const take = (): Step => advance(rows, events, new Failing(taskMachine, workflowMachine))
      if (after < events.length) expect(take).toThrow('no machine')
      else expect(take().rows).toHaveLength(count)
      for (const { row, next } of seats.values()) expect([row, next]).toEqual([undefined, undefined])
    }),
  )
})
