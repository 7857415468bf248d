import { type ImportEdge, importsOf } from './imports.ts'
import { type Finding, lineAt, type Project, type SourceFile, type Workspace, workspaceOf } from './project.ts'

/**
 * Lower layers never import higher ones: core sees XState alone, umbel sees core, every other package sees those two and
 * never its siblings, apps see what users see, and nothing sees an app. Type imports count.
 */
export function checkLayers(project: Project): Finding[] {
  const findings: Finding[] = []
  for (const file of project.files.values()) {
    const workspace = workspaceOf(project, file.path)
    for (const edge of importsOf(project, file)) {
      const says = offence(project, file, workspace, edge)
      if (says) findings.push({ file: file.path, line: lineAt(file, edge.offset), says })
    }
  }
  return findings
}

function offence(
  project: Project,
  file: SourceFile,
  workspace: Workspace | undefined,
  edge: ImportEdge,
): string | undefined {
  const { specifier, target } = edge
  if (target?.startsWith('apps/') && !(workspace?.kind === 'app' && target.startsWith(`${workspace.dir}/`)))
    return `imports ${specifier}: nothing imports from an app`
  if (!workspace || !file.path.startsWith(`${workspace.dir}/src/`)) return undefined

  if (specifier.startsWith('.')) {
    if (!target?.startsWith(`${workspace.dir}/src/`)) return `imports ${specifier}, which is outside of its own src`
    if (edge.form !== 're-export' && workspace.entries.get(workspace.manifest.name) === target)
      return `imports its own package's index: import the file that holds the thing`
  } else {
    const says = foreignOffence(project, workspace, specifier)
    if (says) return says
  }
  if (file.path.startsWith('packages/core/src/ports/') && !edge.typeOnly)
    return `imports ${specifier} at run time: a port imports nothing but types (use \`import type\`)`
  if (edge.form === 're-export' && workspace.kind === 'package' && ![...workspace.entries.values()].includes(file.path))
    return `re-exports ${specifier}: the only barrel of a package is its index.ts`
  return undefined
}

function foreignOffence(project: Project, workspace: Workspace, specifier: string): string | undefined {
  const { dir, manifest } = workspace
  if (specifier.startsWith('node:')) return dir === 'packages/core' ? `imports ${specifier}: core is pure` : undefined

  const name = packageName(specifier)
  if (name === manifest.name) return `imports its own package by name (${specifier}): use a relative path`
  const imported = project.workspaces.find((other) => other.manifest.name === name)
  if (imported && !imported.entries.has(specifier)) return `imports ${specifier}, which ${name} does not export`
  if (!allowedNames(project, workspace).has(name)) return `imports ${specifier}: ${allowance(dir)}`
  return undefined
}

function allowedNames(project: Project, { dir, kind, manifest }: Workspace): Set<string> {
  if (dir === 'packages/core') return new Set(['xstate'])
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
  const own = new Map(project.workspaces.map((other) => [other.manifest.name, other.dir]))
  const lower = dir === 'packages/umbel' ? ['packages/core'] : ['packages/core', 'packages/umbel']
  return new Set(
    Object.keys(declared).filter((name) => {
      const home = own.get(name)
      return home === undefined || (kind === 'app' ? home.startsWith('packages/') : lower.includes(home))
    }),
  )
}

function allowance(dir: string): string {
  if (dir === 'packages/core') return 'core imports xstate and itself, nothing else'
  if (dir === 'packages/umbel') return 'umbel imports @umbel/core, node: and the dependencies its package.json declares'
  if (dir.startsWith('packages/')) return 'it is not a declared dependency, or a sibling package: none knows another'
  return 'an app imports packages and the dependencies its package.json declares'
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
