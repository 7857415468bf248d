import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { readProject } from '../../scripts/house/project.ts'
import { rules } from '../../scripts/house/rules.ts'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What a command said and whether it was content. */
export interface Verdict {
  readonly code: number | null
  readonly output: string
}

/** Write a small project into a temporary folder that is removed after the test; the tools of the repository are linked in. */
export function projectOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'umbel-house-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, text] of Object.entries({ ...skeleton, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

/** Make the tools and types of the repository's node_modules reachable from a fixture. */
export function linkTools(root: string): void {
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
}

/** What one house rule finds in a fixture. */
export function house(rule: string, files: Readonly<Record<string, string>>): string[] {
  const project = readProject(projectOf(files))
  const check = rules[rule]
  if (!check) throw new Error(`There is no house rule "${rule}"`)
  return check(project).map(({ file, says }) => `${file} ${says}`)
}

/** Run one house rule on a fixture as `npm run check` does. */
export function houseCommand(rule: string, files: Readonly<Record<string, string>>): Verdict {
  return run(process.execPath, [join(repository, 'scripts/house.ts'), rule, '--root', projectOf(files)], repository)
}

/** Run a tool of node_modules/.bin in a folder. */
export function tool(name: string, args: readonly string[], cwd: string): Verdict {
  return run(join(repository, 'node_modules/.bin', name), args, cwd)
}

function run(command: string, args: readonly string[], cwd: string): Verdict {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  return { code: status, output: stdout + stderr }
}

/** A package.json as the house wants it, with changes. */
export function manifest(name: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const exports = {
    '.': { '@umbel/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
  }
  const common = { name, version: '0.1.0', type: 'module', license: 'MIT', engines: { node: '>=22.18' } }
  return JSON.stringify({ ...common, exports, files: ['dist'], ...changes })
}

const skeleton: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'root', private: true, workspaces: ['packages/*', 'apps/*'] }),
  'packages/core/package.json': manifest('@umbel/core', { dependencies: { xstate: '^5.0.0', 'p-queue': '^10.0.0' } }),
  'packages/core/src/index.ts': "export { add } from './add.ts'\n",
  'packages/core/src/add.ts':
    '/** Add two numbers and return the sum. */\nexport const add = (a: number, b: number): number => a + b\n',
  'packages/umbel/package.json': manifest('umbel', { dependencies: { '@umbel/core': '0.1.0', 'p-queue': '^10.0.0' } }),
  'packages/umbel/src/index.ts': "export { add } from '@umbel/core'\n",
  'apps/demo/package.json': manifest('@umbel-apps/demo', {
    private: true,
    exports: {},
    dependencies: { umbel: '0.1.0' },
  }),
  'apps/demo/src/main.ts': "import { add } from 'umbel'\n\nconsole.log(add(1, 2))\n",
}
