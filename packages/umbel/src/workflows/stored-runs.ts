import type { AnyStateMachine, OutputFrom } from 'xstate'
import type { AsyncResult } from '../async-result.ts'
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
  return new WorkflowRuns<M>({
    open: () => life.wake(),
    ready: () => life.ready(),
    start: (id, input) => handle(runs.start(workflow, id, input)),
    find: async (id) => ((await runs.find(id))?.machine === workflow.name ? handle(id) : undefined),
  })
}
