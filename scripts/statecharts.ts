import { readFileSync, writeFileSync } from 'node:fs'
import { taskMachine, workflowMachine } from '@umbel/core'
import type { AnyStateMachine } from 'xstate'

const PAGE = new URL('../ARCHITECTURE.md', import.meta.url)
const START = '<!-- statecharts: written by `npm run docs:statecharts` -->'
const STOP = '<!-- end of statecharts -->'

type Node = AnyStateMachine['root']

/** Draw a machine as a Mermaid state diagram: its states, and for each way between two of them the facts that lead there. */
export function mermaidOf(machine: AnyStateMachine): string {
  const lines = ['stateDiagram-v2']
  const indent = (depth: number): string => '  '.repeat(depth + 1)
  const draw = (node: Node, depth: number): void => {
    if (node.initial?.target[0] !== undefined) lines.push(`${indent(depth)}[*] --> ${node.initial.target[0].key}`)
    for (const child of Object.values(node.states)) {
      if (Object.keys(child.states).length === 0) {
        if (depth > 0) lines.push(`${indent(depth)}${child.key}`)
        continue
      }
      lines.push(`${indent(depth)}state ${child.key} {`)
      draw(child, depth + 1)
      lines.push(`${indent(depth)}}`)
    }
  }
  draw(machine.root, 0)
  for (const [way, facts] of ways(machine)) lines.push(`${indent(0)}${way}: ${facts.join(', ')}`)
  for (const node of leaves(machine.root)) if (node.type === 'final') lines.push(`${indent(0)}${node.key} --> [*]`)
  return lines.join('\n')
}

function ways(machine: AnyStateMachine): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const walk = (node: Node): void => {
    for (const [fact, transitions] of node.transitions) {
      for (const transition of transitions) {
        const way = `${node.key} --> ${transition.target?.[0]?.key ?? node.key}`
        found.set(way, [...(found.get(way) ?? []), fact.replace(/^(task|workflow)-/, '')])
      }
    }
    for (const child of Object.values(node.states)) walk(child)
  }
  walk(machine.root)
  return found
}

function leaves(node: Node): Node[] {
  const children = Object.values(node.states)
  return children.length === 0 ? [node] : children.flatMap(leaves)
}

/** The page with its statecharts as the machines are now. */
export function withStatecharts(page: string): string {
  const start = page.indexOf(START)
  const stop = page.indexOf(STOP)
  if (start < 0 || stop < start) throw new Error(`ARCHITECTURE.md lacks the lines ${START} and ${STOP}.`)
  const charts: [string, AnyStateMachine][] = [
    ['A task, here with one state of its own, `VALIDATING`:', taskMachine(['VALIDATING'])],
    ['A workflow that is a canvas:', workflowMachine],
  ]
  const text = charts.map(([title, machine]) => `${title}\n\n\`\`\`mermaid\n${mermaidOf(machine)}\n\`\`\`\n`).join('\n')
  return `${page.slice(0, start)}${START}\n\n${text}\n${page.slice(stop)}`
}

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, withStatecharts(readFileSync(PAGE, 'utf8')))
