import { importsOf } from './imports.ts'
import { type Finding, type Project, shippedSources } from './project.ts'

/** No file reaches itself over its imports; type imports count, since a reader follows them too. */
export function checkCircles(project: Project): Finding[] {
  const graph = new Map<string, string[]>()
  for (const file of shippedSources(project)) {
    const targets = importsOf(project, file).flatMap((edge) => edge.target ?? [])
    graph.set(file.path, [...new Set(targets)])
  }
  const findings: Finding[] = []
  const reported = new Set<string>()
  for (const start of graph.keys()) {
    if (reported.has(start)) continue
    const circle = shortestCircle(graph, start)
    if (!circle) continue
    for (const path of circle) reported.add(path)
    findings.push({ file: start, says: `imports itself in a circle: ${[...circle, start].join(' -> ')}` })
  }
  return findings
}

function shortestCircle(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const at of queue) {
    for (const next of graph.get(at) ?? []) {
      if (next === start) return pathTo(cameFrom, start, at)
      if (cameFrom.has(next) || !graph.has(next)) continue
      cameFrom.set(next, at)
      queue.push(next)
    }
  }
  return undefined
}

function pathTo(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const path = [end]
  for (let at = end; at !== start; path.unshift(at)) at = cameFrom.get(at) ?? start
  return path
}
