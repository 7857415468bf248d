import type { CanvasGraph, CanvasNode } from './canvas-graph.ts'
import type { ChartGraph, EdgeTrigger, InvokeData, StateEdge, StateNodeData } from './chart-graph.ts'
import type { Graph } from './graph.ts'

/** Write a graph of `graphOf` as a Mermaid diagram: a machine as a state diagram, a canvas as a flowchart. */
export const toMermaid = (graph: Graph): string =>
  graph.kind === 'machine' ? new StateDiagram(graph).text() : flowchart(graph)

// canvases

function flowchart({ nodes, edges }: CanvasGraph): string {
  return [
    'flowchart LR',
    ...nodes.map((node) => `  n${node.id}${shapeOf(node)}`),
    ...edges.map(({ from, to }) => `  n${from} --> n${to}`),
  ].join('\n')
}

function shapeOf(node: CanvasNode): string {
  switch (node.kind) {
    case 'fork':
      return `{{"group of ${node.of}"}}`
    case 'join':
      return `{{"all of ${node.of}"}}`
    default: {
      const { task, kind, of, ended, lane } = node
      const many = ended !== undefined ? `, ${ended} of ${of}` : of > 1 ? ` × ${of}` : ''
      return `["${escaped(`${kind === 'task' ? '' : `${kind} of `}${task}${many}${lane === undefined ? '' : `, lane ${lane}`}`)}"]`
    }
  }
}

// machines

/** Words that begin a statement of Mermaid's, and are no names of states there. */
const RESERVED =
  /^(state|end|note|class|classDef|style|default|direction|accTitle|accDescr|as|hide|scale|left|right|of|root|click|href)$/i

class StateDiagram {
  readonly #graph: ChartGraph
  readonly #lines: string[] = ['stateDiagram-v2']
  readonly #children = new Map<string, StateNodeData[]>()
  readonly #names = new Map<string, string>()

  constructor(graph: ChartGraph) {
    this.#graph = graph
    const used = new Set<string>()
    for (const node of graph.nodes) {
      const siblings = this.#children.get(node.parent ?? '') ?? []
      this.#children.set(node.parent ?? '', [...siblings, node])
      this.#names.set(node.id, nameFor(node, used))
    }
  }

  text(): string {
    const root = this.#graph.nodes[0] as StateNodeData
    const around = root.type === 'parallel' || root.tags.length > 0 || root.invokes.length > 0 || this.#hasEdges(root)
    if (around) this.#state(root, 1)
    else this.#inside(root, 1)
    for (const [way, labels] of this.#ways()) this.#line(1, `${way}: ${labels.join(', ')}`)
    if (!around)
      for (const node of this.#of(root)) if (node.type === 'final') this.#line(1, `${this.#name(node.id)} --> [*]`)
    return this.#lines.join('\n')
  }

  #hasEdges(root: StateNodeData): boolean {
    return this.#graph.edges.some(({ from, to }) => from === root.id || to.includes(root.id))
  }

  #state(node: StateNodeData, depth: number): void {
    const name = this.#name(node.id)
    const inner = this.#of(node)
    const about = aboutOf(node)
    if (inner.length > 0) {
      const title = [node.key, ...about].join(' · ')
      this.#line(depth, title === name ? `state ${name} {` : `state "${escaped(title)}" as ${name} {`)
      this.#inside(node, depth + 1)
      this.#line(depth, '}')
      return
    }
    const label = node.type === 'history' ? (node.history === 'deep' ? 'H*' : 'H') : node.key
    if (label !== name) this.#line(depth, `state "${escaped(label)}" as ${name}`)
    else if (
      depth > 1 ||
      about.length > 0 ||
      !this.#graph.edges.some(({ from, to }) => from === node.id || to.includes(node.id))
    )
      this.#line(depth, name)
    for (const line of about) this.#line(depth, `${name}: ${escaped(line)}`)
  }

  #inside(node: StateNodeData, depth: number): void {
    if (node.initial !== undefined) this.#line(depth, `[*] --> ${this.#name(node.initial)}`)
    this.#of(node).forEach((child, index) => {
      if (node.type === 'parallel' && index > 0) this.#line(depth, '--')
      this.#state(child, depth)
      if (depth > 1 && child.type === 'final') this.#line(depth, `${this.#name(child.id)} --> [*]`)
    })
  }

  /** The arrows, each with all that leads along it. */
  #ways(): Map<string, string[]> {
    const ways = new Map<string, string[]>()
    for (const edge of this.#graph.edges) {
      for (const to of edge.to.length === 0 ? [edge.from] : edge.to) {
        const way = `${this.#name(edge.from)} --> ${this.#name(to)}`
        ways.set(way, [...(ways.get(way) ?? []), escaped(labelOf(edge))])
      }
    }
    return ways
  }

  #of(node: StateNodeData): readonly StateNodeData[] {
    return this.#children.get(node.id) ?? []
  }

  #name(id: string): string {
    return this.#names.get(id) as string
  }

  #line(depth: number, text: string): void {
    this.#lines.push(`${'  '.repeat(depth)}${text}`)
  }
}

/** The state's key where that is a name of Mermaid's and free, else one made of its id. */
function nameFor({ key, id }: StateNodeData, used: Set<string>): string {
  const isFree = /^[a-zA-Z_]\w*$/.test(key) && !RESERVED.test(key) && !used.has(key)
  const made = isFree ? key : id.replace(/\W+/g, '_').replace(/^(?![a-zA-Z_])|^(?=_*$)/, 's')
  let name = RESERVED.test(made) ? `s_${made}` : made
  for (let count = 2; used.has(name); count += 1) name = `${made}_${count}`
  used.add(name)
  return name
}

function aboutOf({ tags, invokes, description }: StateNodeData): readonly string[] {
  return [...tags, ...invokes.map(invokeText), ...(description === undefined ? [] : [description])]
}

function invokeText({ kind, name, compensate }: InvokeData): string {
  const runs = kind === 'task' ? `runs ${name}` : `runs ${kind} ${name}`
  return compensate === undefined ? runs : `${runs}, compensated by ${compensate}`
}

function labelOf({ on, guard, to }: StateEdge): string {
  const label = triggerText(on)
  const guarded = guard === undefined ? label : `${label === '' ? '' : `${label} `}[${guard}]`
  return guarded === '' ? (to.length === 0 ? 'acts' : 'at once') : guarded
}

function triggerText(on: EdgeTrigger): string {
  switch (on.kind) {
    case 'event':
      return on.event === '*' ? 'any event' : on.event
    case 'always':
      return ''
    case 'after':
      return typeof on.delay === 'number' ? `after ${on.delay} ms` : `after ${on.delay}`
    case 'done':
    case 'actor-done':
      return 'done'
    case 'actor-error':
      return 'failed'
    case 'actor-snapshot':
      return 'progress'
  }
}

/** Mermaid reads these as its own wherever they stand: it takes them by number. */
const escaped = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^$/, '?')
    .replace(/["#<>;`]|%(?=%)|^:|:$|:(?=:)|(?<=:):/g, (found) => `#${found.codePointAt(0)};`)
