import { setup } from 'xstate'

/** The states of a workflow that is a canvas. They map to task states by `workflowTaskState`. */
export type WorkflowState = 'ACTIVE' | 'CANCELLING' | 'SUCCESS' | 'FAILURE' | 'REVOKED'

/** What has happened to a workflow, as its machine sees it. */
export type WorkflowFact =
  | 'workflow-revoked'
  | 'workflow-succeeded'
  | 'workflow-failed'
  /** What its last node waited for was revoked. */
  | 'workflow-dropped'

/** What the machine asks for when it moves. */
export type WorkflowAction = 'revokeNodes' | 'settle'

const noop = (): void => {}

/**
 * The statechart of a workflow's life. The canvas itself is no chart: its shape is data (the plan), walked by `walk.ts`,
 * so that 100,000 members cost no more states than one.
 */
export const workflowMachine = setup({
  types: {} as { events: { type: WorkflowFact } },
  actions: { revokeNodes: noop, settle: noop },
}).createMachine({
  id: 'workflow',
  initial: 'ACTIVE',
  states: {
    ACTIVE: {
      on: {
        'workflow-revoked': { target: 'CANCELLING', actions: 'revokeNodes' },
        'workflow-succeeded': { target: 'SUCCESS', actions: 'settle' },
        'workflow-failed': { target: 'FAILURE', actions: 'settle' },
        'workflow-dropped': { target: 'REVOKED', actions: 'settle' },
      },
    },
    CANCELLING: {
      on: {
        'workflow-succeeded': { target: 'REVOKED', actions: 'settle' },
        'workflow-failed': { target: 'REVOKED', actions: 'settle' },
        'workflow-dropped': { target: 'REVOKED', actions: 'settle' },
      },
    },
    SUCCESS: { type: 'final' },
    FAILURE: { type: 'final' },
    REVOKED: { type: 'final' },
  },
})

/** All facts a workflow can meet. */
export const WORKFLOW_FACTS: readonly WorkflowFact[] = [
  'workflow-revoked',
  'workflow-succeeded',
  'workflow-failed',
  'workflow-dropped',
]
