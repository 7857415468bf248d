import type { AnyStateMachine } from 'xstate'
import { type TaskAction, taskFacts, taskMachine } from './task-machine.ts'
import { type TransitionTable, transitionTable } from './transition-table.ts'
import { WORKFLOW_FACTS, type WorkflowAction, workflowMachine } from './workflow-machine.ts'

/** The statecharts that `advance` moves everything by, compiled to tables. Nothing else decides where a fact leads. */
export class Machines {
  readonly workflow: TransitionTable<WorkflowAction>
  readonly #taskMachine: (states: readonly string[]) => AnyStateMachine
  readonly #byList = new WeakMap<readonly string[], TransitionTable<TaskAction>>()
  readonly #byNames = new Map<string, TransitionTable<TaskAction>>()

  constructor(task: (states: readonly string[]) => AnyStateMachine, workflow: AnyStateMachine) {
    this.#taskMachine = task
    this.workflow = transitionTable(workflow, WORKFLOW_FACTS)
  }

  /** The table of a task with these custom states. Made once for each set. */
  task(states: readonly string[]): TransitionTable<TaskAction> {
    let table = this.#byList.get(states)
    if (table === undefined) {
      table = this.#named(states)
      this.#byList.set(states, table)
    }
    return table
  }

  #named(states: readonly string[]): TransitionTable<TaskAction> {
    const names = states.join(' ')
    let table = this.#byNames.get(names)
    if (table === undefined) {
      table = transitionTable(this.#taskMachine(states), taskFacts(states))
      this.#byNames.set(names, table)
    }
    return table
  }
}

/** The statecharts that run. */
export const MACHINES = new Machines(taskMachine, workflowMachine)
