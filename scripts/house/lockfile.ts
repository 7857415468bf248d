import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding, Project } from './project.ts'

/** Packages with an install script that never runs here, and why they may stand in the lockfile. */
const neverInstalled: Readonly<Record<string, string>> = {
  'node_modules/fsevents': 'optional, macOS only, asked for by vite, which works without it',
}

const installScripts = ['preinstall', 'install', 'postinstall'] as const

interface LockedPackage {
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Nothing that is installed runs a script when it is, and the lockfile says what is installed but not from where. */
export function checkLockfile(project: Project): Finding[] {
  const file = 'package-lock.json'
  const path = join(project.root, file)
  if (!existsSync(path)) return [{ file, says: 'does not exist: run `npm install`' }]
  const { packages = {} } = JSON.parse(readFileSync(path, 'utf8')) as { packages?: Record<string, LockedPackage> }
  const findings: Finding[] = []
  for (const [at, locked] of Object.entries(packages)) {
    if (locked.hasInstallScript && !(at in neverInstalled))
      findings.push({ file, says: `${at} has an install script: choose a dependency that needs none` })
    if (locked.resolved && !locked.link)
      findings.push({
        file,
        says: `${at} holds a download address: keep omit-lockfile-registry-resolved=true in .npmrc`,
      })
    if (at.includes('node_modules/') && !locked.link && !locked.integrity)
      findings.push({ file, says: `${at} has no integrity hash` })
    for (const name of Object.keys(locked.optionalDependencies ?? {}))
      if (!isLocked(packages, at, name))
        findings.push({
          file,
          says: `${at} wants ${name}, which is not locked: \`npm ci\` would refuse; pin a version whose parts all exist`,
        })
  }
  return [...findings, ...installedScripts(project.root)]
}

/** npm leaves an optional part that it cannot find out of the lockfile without a word. */
function isLocked(packages: Readonly<Record<string, LockedPackage>>, from: string, name: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (`${at ? `${at}/` : ''}node_modules/${name}` in packages) return true
    if (at === '') return false
  }
}

/** The lockfile repeats what the registry says; this looks at what came. A binding.gyp is an install script in disguise. */
function installedScripts(root: string): Finding[] {
  const manifests = globSync(['node_modules/*/package.json', 'node_modules/@*/*/package.json'], { cwd: root })
  return manifests.flatMap((path) => {
    const dir = path.replace(/[\\/]package\.json$/, '')
    const { scripts = {} } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { scripts?: Record<string, string> }
    const script = installScripts.find((name) => name in scripts)
    const native = existsSync(join(root, dir, 'binding.gyp'))
    if ((!script && !native) || dir in neverInstalled || isWorkspace(root, dir)) return []
    return [
      {
        file: path,
        says: script ? `runs a script when installed (${script})` : 'is built when installed (binding.gyp)',
      },
    ]
  })
}

function isWorkspace(root: string, dir: string): boolean {
  return existsSync(join(root, dir, 'src')) && existsSync(join(root, dir, 'tsconfig.build.json'))
}
