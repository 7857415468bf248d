import type { AnyStateMachine } from 'xstate'
import { type Charts, NO_CHARTS } from './chart/charts.ts'
import { type TaskAction, type TaskFact, taskFacts, taskMachine } from './task-machine.ts'
import { type Move, type TransitionTable, transitionTable } from './transition-table.ts'
import { WORKFLOW_FACTS, type WorkflowAction, workflowMachine } from './workflow-machine.ts'

/** How many moves are at hand. */
const LAST_MOVES = 4

/** A move that was asked for, and where it leads. */
interface LastMove {
  readonly states: readonly string[]
  readonly state: string
  readonly fact: TaskFact
  readonly move: Move<TaskAction> | undefined
}

/** The statecharts that `advance` moves everything by, compiled to tables as they are first needed. Nothing else decides where a fact leads. */
export class Machines {
  /** The machines that the user drew. */
  readonly charts: Charts
  readonly #taskMachine: (states: readonly string[]) => AnyStateMachine
  readonly #workflowMachine: AnyStateMachine
  #workflow: TransitionTable<WorkflowAction> | undefined
  readonly #byList = new WeakMap<readonly string[], TransitionTable<TaskAction>>()
  #lastList: readonly string[] | undefined
  #lastTable: TransitionTable<TaskAction> = new Map()
  readonly #lastMoves: LastMove[] = new Array(LAST_MOVES).fill({
    states: [],
    state: '',
    fact: 'task-started',
    move: undefined,
  })
  readonly #byNames = new Map<string, TransitionTable<TaskAction>>()

  constructor(
    task: (states: readonly string[]) => AnyStateMachine,
    workflow: AnyStateMachine,
    charts: Charts = NO_CHARTS,
  ) {
    this.#taskMachine = task
    this.charts = charts
    this.#workflowMachine = workflow
  }

  /** The table of a workflow. */
  get workflow(): TransitionTable<WorkflowAction> {
    this.#workflow ??= transitionTable(this.#workflowMachine, WORKFLOW_FACTS)
    return this.#workflow
  }

  /** The same, with other machines of the user's. */
  withCharts(charts: Charts): Machines {
    return new Machines(this.#taskMachine, this.#workflowMachine, charts)
  }

  /** The table of a task with these custom states. Made once for each set; that of the last set is at hand. */
  task(states: readonly string[]): TransitionTable<TaskAction> {
    if (states === this.#lastList) return this.#lastTable
    this.#lastTable = this.#tableOf(states)
    this.#lastList = states
    return this.#lastTable
  }

  /** Where a fact leads a task with these custom states that stands in a state. The last answers are at hand: tasks of one kind come one after another. */
  taskMove(states: readonly string[], state: string, fact: TaskFact): Move<TaskAction> | undefined {
    const place = fact.length % LAST_MOVES // the facts of a plain task differ in that
    const last = this.#lastMoves[place] as LastMove
    if (last.states === states && last.state === state && last.fact === fact) return last.move
    const move = this.task(states).get(state)?.get(fact)
    this.#lastMoves[place] = { states, state, fact, move }
    return move
  }

  #tableOf(states: readonly string[]): TransitionTable<TaskAction> {
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
