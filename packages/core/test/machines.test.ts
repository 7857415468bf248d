import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AnyMachineSnapshot, type AnyStateMachine, initialTransition, transition } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { MACHINES } from '../src/machines.ts'
import { taskFacts, taskMachine } from '../src/task-machine.ts'
import { stateName, type TransitionTable, transitionTable } from '../src/transition-table.ts'
import { WORKFLOW_FACTS, workflowMachine } from '../src/workflow-machine.ts'

const CUSTOM = ['VALIDATING', 'PROCESSING']
const charts: [string, AnyStateMachine, readonly string[], TransitionTable<string>][] = [
  ['task', taskMachine([]), taskFacts([]), MACHINES.task([])],
  ['task with custom states', taskMachine(CUSTOM), taskFacts(CUSTOM), MACHINES.task(CUSTOM)],
  ['workflow', workflowMachine, WORKFLOW_FACTS, MACHINES.workflow],
]

/** What XState itself makes of one fact. */
function ask(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  type: string,
): { state: string; actions: string[]; snapshot: AnyMachineSnapshot } {
  const [next, actions] = transition(machine, snapshot, { type })
  return {
    state: stateName(next as AnyMachineSnapshot),
    actions: actions.map((action) => action.type),
    snapshot: next as AnyMachineSnapshot,
  }
}

describe.each(charts)('the table of the %s machine', (_, machine, facts, table) => {
  test("equals XState's own transition over every state that can be reached", () => {
    const map = getAdjacencyMap(machine, { events: facts.map((type) => ({ type })) })
    expect(Object.keys(map).length).toBe(table.size)
    for (const { state: snapshot } of Object.values(map)) {
      for (const type of facts) {
        const asked = ask(machine, snapshot as AnyMachineSnapshot, type)
        const move = table.get(stateName(snapshot as AnyMachineSnapshot))?.get(type)
        expect({
          type,
          state: move?.state ?? stateName(snapshot as AnyMachineSnapshot),
          actions: move?.actions ?? [],
        }).toEqual({
          type,
          state: asked.state,
          actions: asked.actions,
        })
      }
    }
  })

  test("equals XState's own transition over random lists of facts", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...facts), { maxLength: 30 }), (list) => {
        let [snapshot] = initialTransition(machine) as unknown as [AnyMachineSnapshot]
        let state = stateName(snapshot)
        for (const type of list) {
          const asked = ask(machine, snapshot, type)
          const move = table.get(state)?.get(type)
          expect(move?.actions ?? []).toEqual(asked.actions)
          state = move?.state ?? state
          expect(state).toBe(asked.state)
          snapshot = asked.snapshot
        }
      }),
      { numRuns: 300 },
    )
  })

  test('knows no fact that leads nowhere', () => {
    expect(transitionTable(machine, [...facts, 'no-such-fact'])).toEqual(table)
  })
})
