import { readFileSync, writeFileSync } from 'node:fs'
import { type ChartGraph, graphOf, taskMachine, toMermaid, workflowMachine } from '@umbel/core'
import type { AnyStateMachine } from 'xstate'

const PAGE = new URL('../ARCHITECTURE.md', import.meta.url)
const START = '<!-- statecharts: written by `npm run docs:statecharts` -->'
const STOP = '<!-- end of statecharts -->'

/** The page with its statecharts as the machines are now. */
export function withStatecharts(page: string): string {
  const start = page.indexOf(START)
  const stop = page.indexOf(STOP)
  if (start < 0 || stop < start) throw new Error(`ARCHITECTURE.md lacks the lines ${START} and ${STOP}.`)
  const charts: [string, AnyStateMachine][] = [
    ['A task, here with one state of its own, `VALIDATING`:', taskMachine(['VALIDATING'])],
    ['A workflow that is a canvas:', workflowMachine],
  ]
  const text = charts.map(([title, machine]) => `${title}\n\n\`\`\`mermaid\n${drawn(machine)}\n\`\`\`\n`).join('\n')
  return `${page.slice(0, start)}${START}\n\n${text}\n${page.slice(stop)}`
}

const drawn = (machine: AnyStateMachine): string => toMermaid(shortened(graphOf(machine)))

/** Facts without the word that all of them begin with. */
const shortened = (graph: ChartGraph): ChartGraph => ({
  ...graph,
  edges: graph.edges.map(({ on, ...edge }) =>
    on.kind === 'event'
      ? { ...edge, on: { ...on, event: on.event.replace(/^(task|workflow)-/, '') } }
      : { ...edge, on },
  ),
})

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, withStatecharts(readFileSync(PAGE, 'utf8')))
