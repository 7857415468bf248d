// What users would install: builds, packs, and asks publint and attw about each tarball.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll, runTool } from './pack.ts'

const folder = mkdtempSync(join(tmpdir(), 'umbel-pack-'))
try {
  for (const tarball of packAll(folder).values()) {
    runTool('publint', ['run', tarball, '--strict'])
    runTool('attw', [tarball, '--profile', 'esm-only', '--no-emoji'])
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
