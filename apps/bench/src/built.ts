import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Size } from './measure.ts'

/** Build the packages as they are published: with types that have to be stripped first, a start would be another measure. */
export function buildPackages(): void {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' })
}

/** What Node is told so that it takes the packages that were built, or, where figures say nothing, their sources. */
export function conditionsOf(size: Size): readonly string[] {
  return size === 'full' ? [] : ['--conditions=@umbel/source']
}
