import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance } from '../src/advance.ts'
import { encode } from '../src/codec.ts'
import type { EngineEvent } from '../src/event.ts'
import type { TaskWrites } from '../src/ports/store.ts'
import type { Row } from '../src/rows.ts'
import { plan, sig } from './model.ts'

const lost = { name: 'UmbelError', code: 'UMBEL_WORKER_LOST', message: 'died' }
const failed = { name: 'RangeError', message: 'failed' }

/** What each of the runs of a task `t` comes to. */
const anyOutcomes = fc.array(fc.constantFrom('lost', 'retried', 'replaced', 'succeeded'), {
  minLength: 4,
  maxLength: 4,
})

/** Which fact is told of which run: its start, its outcome, or one that is of none. */
const anyTold = fc.record({ what: fc.constantFrom('started', 'outcome', 'due', 'revoked'), run: fc.nat(3) })

function factOf(what: string, run: number, outcome: string | undefined): EngineEvent {
  const own = { id: 't', run: run + 1, attempt: 1, at: 2 }
  const writes = encode([['INSERT', [run + 1]]])
  if (what === 'due') return { type: 'task-received', id: 't', at: 3 }
  if (what === 'revoked') return { type: 'task-revoked', id: 't', error: failed, at: 3 }
  if (what === 'started') return { type: 'task-started', ...own }
  if (outcome === 'lost') return { type: 'task-lost', ...own, error: lost }
  if (outcome === 'retried') return { type: 'task-retried', ...own, error: failed, delay: 0 }
  if (outcome === 'replaced') return { type: 'task-replaced', ...own, plan: plan(sig('next')), writes }
  return { type: 'task-succeeded', ...own, result: encode(run), writes }
}

test('what a handler wrote is to be carried out once, with the outcome that counts, whatever comes late, twice or in another order', () => {
  const sent: EngineEvent = {
    type: 'canvas-sent',
    id: 't',
    plan: plan(sig('a')),
    input: undefined,
    parent: undefined,
    root: undefined,
    settles: undefined,
    at: 1,
  }
  fc.assert(
    fc.property(anyOutcomes, fc.array(fc.array(anyTold, { maxLength: 4 }), { maxLength: 12 }), (outcomes, told) => {
      const batches = told.map((batch) => batch.map(({ what, run }) => factOf(what, run, outcomes[run])))
      const rows = new Map<string, Row>()
      const written: TaskWrites[] = []
      for (const batch of [[sent], ...batches]) {
        const step = advance(rows, batch)
        for (const row of step.rows) rows.set(row.id, row)
        written.push(...step.writes)
      }
      const row = rows.get('t')
      if (row?.kind !== 'task') throw new Error('no task')
      const counts = row.replacedBy !== undefined || row.state === 'SUCCESS'
      expect(written).toEqual(counts ? [{ id: 't', writes: encode([['INSERT', [row.runs]]]) }] : [])
    }),
    { numRuns: 5_000 },
  )
})
