// Builds the package it is started in: `tsc` emits JavaScript, types and maps into dist; plain JavaScript is copied untouched.
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'

rmSync('dist', { recursive: true, force: true })
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

// The thread's entry file runs as it was written: tsc would wrap its `import(url)`.
for (const path of globSync('**/*.js', { cwd: 'src' })) {
  mkdirSync(dirname(`dist/${path}`), { recursive: true })
  copyFileSync(`src/${path}`, `dist/${path}`)
}
