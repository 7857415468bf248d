// A script that starts: how long it takes until its first task has run on a thread, and what it costs while it idles.
// `node child.js umbel|umbel-sqlite|piscina MILLISECONDS` prints one line of JSON. Plain JavaScript, so that no types have to be stripped.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'

const [side = '', idle = '0'] = process.argv.slice(2)
/** What a loop that has just worked does yet, such as collecting garbage and compiling. */
const SETTLING = Math.min(1_000, Number(idle))

const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
const { imported, firstTask, stop } = side === 'piscina' ? await piscina() : await umbel()
await after(SETTLING)
const before = process.cpuUsage()
const began = performance.now()
await after(Number(idle))
const { user, system } = process.cpuUsage(before)
const idleCpu = (user + system) / (performance.now() - began)
await stop()
rmSync(folder, { recursive: true })
console.log(JSON.stringify({ imported, firstTask, idleCpu }))

async function umbel() {
  const beginning = performance.now()
  const { createApp } = await import('umbel')
  const imported = performance.now() - beginning
  const { start } = await import('./tasks.js')
  const sqlite = side === 'umbel-sqlite' ? await import('umbel/sqlite') : undefined
  const starting = performance.now()
  const store = sqlite?.sqliteStore(join(folder, 'work.db'))
  const app = createApp({ name: 'start', tasks: [start], lanes: { default: { threads: 1 } }, ...(store && { store }) })
  await app.start()
  await start.noop.delay(1).get()
  return { imported, firstTask: performance.now() - starting, stop: () => app.stop() }
}

async function piscina() {
  const beginning = performance.now()
  const { Piscina } = await import('piscina')
  const imported = performance.now() - beginning
  const starting = performance.now()
  const threads = { minThreads: 1, maxThreads: 1 }
  const pool = new Piscina({ filename: new URL('../noop.js', import.meta.url).href, ...threads, atomics: 'async' })
  await pool.run(1)
  return { imported, firstTask: performance.now() - starting, stop: () => pool.destroy() }
}
