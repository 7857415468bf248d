import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readManifest } from './house/project.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Build every package and pack the ones that are published; the tarballs' paths by package name. */
export function packAll(folder: string): Map<string, string> {
  mkdirSync(folder, { recursive: true })
  runTool('turbo', ['run', 'build', '--output-logs=errors-only'])
  const tarballs = new Map<string, string>()
  for (const path of globSync('packages/*/package.json', { cwd: root }).sort()) {
    const manifest = readManifest(join(root, path))
    if (manifest.private) continue
    const args = ['pack', '--json', '--pack-destination', folder, `./${dirname(path)}`]
    const [packed] = parsePacked(
      execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    )
    if (packed) tarballs.set(manifest.name, join(folder, packed.filename))
  }
  return tarballs
}

/** Run a tool of node_modules/.bin at the root; throw when it fails. */
export function runTool(name: string, args: readonly string[]): void {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' }
  execFileSync(join(root, 'node_modules/.bin', name), args, { cwd: root, env, stdio: 'inherit' })
}

/** npm before 12 prints a list, later ones an object by package name. */
function parsePacked(json: string): { filename: string }[] {
  return Object.values(JSON.parse(json) as Record<string, { filename: string }>)
}
