// Builds the package it is started in. Its modules become one file for each entry and one for what entries share: a script that
// imports the package opens a handful of files and not hundreds, which takes several times as long. `tsc` emits the types and their maps.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { basename, isAbsolute, resolve } from 'node:path'
import { type PluginContext, rolldown } from 'rolldown'

/** What modules of tasks import. */
const TASKS = 'src/tasks.ts'

/** What threads start with, where the package has threads: beside all else in dist, where the code that starts them looks. */
const THREAD = {
  entries: ['src/lanes/worker.js', 'src/stores/sqlite/checkpoint-thread.js', 'src/stores/sqlite/sync-thread.js'],
  runtime: 'src/lanes/thread-runtime.ts',
  journal: 'src/stores/sqlite/journal-thread.ts',
}

rmSync('dist', { recursive: true, force: true })
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json', '--emitDeclarationOnly'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

const hasThreads = existsSync(THREAD.runtime)
const inThreads = new Set<string>()
const bundle = await rolldown({
  input: hasThreads ? [...sourcesOfExports(), THREAD.runtime, THREAD.journal] : sourcesOfExports(),
  external: /^[^./]/,
  platform: 'node',
  plugins: [{ name: 'what-threads-load', buildEnd: findLoadedInThreads }],
  onLog(level, log) {
    throw new Error(`rolldown, ${level}: ${log.message}`)
  },
})
// what comments say of the API is in the types; here they would be read each time a process or a thread starts, a fifth of all text
await bundle.write({
  dir: 'dist',
  format: 'esm',
  chunkFileNames: '[name].js',
  comments: { jsdoc: false },
  codeSplitting: { groups: [{ name: 'in-threads', test: (id) => inThreads.has(id) }] },
})
await bundle.close()
// these run as they were written
if (hasThreads) for (const entry of THREAD.entries) copyFileSync(entry, `dist/${basename(entry)}`)

/** Find what threads load, by way of modules of tasks or of their runtime: it becomes one file, as each thread opens it anew. */
function findLoadedInThreads(this: PluginContext): void {
  const left = [TASKS, THREAD.runtime].map((entry) => resolve(entry))
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    for (const imported of this.getModuleInfo(id)?.importedIds ?? []) {
      if (!isAbsolute(imported) || inThreads.has(imported)) continue
      inThreads.add(imported)
      left.push(imported)
    }
  }
}

function sourcesOfExports(): string[] {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> }
  return Object.values(exports).flatMap((entry) => {
    const source = (entry as { readonly '@umbel/source'?: string })['@umbel/source']
    return source === undefined ? [] : [source]
  })
}
