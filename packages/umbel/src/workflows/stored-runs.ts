import type { AnyStateMachine, OutputFrom } from 'xstate'
import { AsyncResult } from '../async-result.ts'
import type { Cell } from '../cell.ts'
import type { Life } from '../life.ts'
import type { AppResultSource } from '../result-source.ts'
import type { Results } from '../results.ts'
import { Run } from './run.ts'
import type { Runs } from './runs.ts'
import type { Workflow } from './workflow.ts'
import { WorkflowRuns } from './workflow-runs.ts'

/** What handles of stored runs are made with. */
interface StoredRunsParts {
  readonly life: Life
  readonly runs: Runs
  readonly source: AppResultSource
  readonly results: Results
}

/** The runs of a machine that a store has: of its owner, or of a sender. */
export function storedRuns<M extends AnyStateMachine>(
  workflow: Workflow<M>,
  { life, runs, source, results }: StoredRunsParts,
): WorkflowRuns<M> {
  const handle = (id: string): Run<M> =>
    new Run<M>(results.cell(id), runs, source.handle(id, undefined, -1) as AsyncResult<OutputFrom<M>>)
  const refused = (cell: Cell) => new AsyncResult<OutputFrom<M>>(cell.id, source, undefined, -1, cell)
  return new WorkflowRuns<M>({
    open: () => life.wake(),
    ready: () => life.ready(),
    start: (id, input) => {
      const cell = runs.start(workflow, id, input)
      return cell.refused === undefined ? handle(cell.id) : new Run<M>(cell, runs, refused(cell))
    },
    find: async (id) => ((await runs.find(id))?.machine === workflow.name ? handle(id) : undefined),
  })
}
