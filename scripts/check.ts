// Runs every `check:*` script of package.json side by side; `check:package` has a command of its own, since it builds.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

const root = `${import.meta.dirname}/..`
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> }
const parts = Object.keys(scripts).filter((name) => name.startsWith('check:') && name !== 'check:package')

const outcomes = await Promise.all(parts.map(run))
for (const { name, code, seconds, output } of outcomes) {
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`)
  if (code !== 0) console.log(output.trimEnd().replaceAll(/^/gm, '     '))
}
if (outcomes.some(({ code }) => code !== 0)) process.exitCode = 1

function run(name: string): Promise<{ name: string; code: number; seconds: number; output: string }> {
  return new Promise((resolve) => {
    const started = performance.now()
    const child = spawn(scripts[name] ?? '', { cwd: root, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('close', (code) =>
      resolve({ name, code: code ?? 1, seconds: (performance.now() - started) / 1000, output }),
    )
  })
}
