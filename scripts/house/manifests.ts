import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, type Project, sourceCondition, type Workspace } from './project.ts'

/** Each workspace's package.json says what the house promises: versions that agree, ESM, exports in the right order, no src published. */
export function checkManifests(project: Project): Finding[] {
  return project.workspaces.flatMap((workspace) => {
    const file = `${workspace.dir}/package.json`
    const says = [...siblingVersions(project, workspace)]
    if (workspace.manifest.type !== 'module') says.push('is not "type": "module"')
    if (workspace.manifest.license !== 'MIT') says.push('is not "license": "MIT"')
    if (!workspace.manifest.engines?.node) says.push('has no engines.node')
    if (workspace.kind === 'app' && !workspace.manifest.private) says.push('is an app and must be private')
    if (workspace.kind === 'package' && !workspace.manifest.private) says.push(...publishing(project, workspace))
    return says.map((text) => ({ file, says: text }))
  })
}

/** npm links a workspace silently where the range fits and fetches the published one where it does not. */
function siblingVersions(project: Project, { manifest }: Workspace): string[] {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies }
  return project.workspaces.flatMap((other) => {
    const range = all[other.manifest.name]
    if (range === undefined || range === other.manifest.version) return []
    return [`asks for ${other.manifest.name} ${range}, whose version here is ${other.manifest.version}`]
  })
}

function publishing(project: Project, { dir, manifest }: Workspace): string[] {
  const says: string[] = []
  if (manifest.files?.join() !== 'dist') says.push('must publish "files": ["dist"] alone')
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    if (typeof target === 'string') continue
    const conditions = Object.keys(target).join()
    if (conditions !== `${sourceCondition},types,default`)
      says.push(`exports "${subpath}" with ${conditions}: it must be ${sourceCondition}, types, default, in this order`)
    const source = target[sourceCondition] ?? ''
    const stem = source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '')
    if (target.types !== `${stem}.d.ts` || target.default !== `${stem}.js`)
      says.push(`exports "${subpath}": types and default must be ${stem}.d.ts and ${stem}.js`)
    if (!existsSync(join(project.root, dir, source))) says.push(`exports "${subpath}": ${source} does not exist`)
  }
  return says
}
