import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { startRedis } from './redis-server.ts'

/** What Celery is told to do. */
export type CeleryShape = 'tasks' | 'chain' | 'chord'

/** Celery in processes of its own, with two that run tasks; or in its eager mode, which runs them where they are sent. */
export interface Celery {
  readonly version: string
  /** Do something of so many tasks, and wait for its result. */
  run(shape: CeleryShape, tasks: number): Promise<void>
  close(): Promise<void>
}

/** Which of its modes. */
export type CeleryMode = 'worker' | 'eager'

const PYTHONS = ['python3', '/usr/bin/python3']

/** Start Celery on a Redis of its own; `undefined` where either is not installed. */
export async function startCelery(mode: CeleryMode): Promise<Celery | undefined> {
  const [python, version] = PYTHONS.map((name) => [name, versionIn(name)] as const).find(([, found]) => found) ?? []
  if (python === undefined || version === undefined) return undefined
  const redis = await startRedis()
  if (redis === undefined) return undefined
  const env = { ...process.env, BENCH_REDIS: `redis://127.0.0.1:${redis.port}/0`, PYTHONDONTWRITEBYTECODE: '1' }
  const options = { cwd: import.meta.dirname, env: mode === 'eager' ? { ...env, BENCH_EAGER: '1' } : env }
  const sender = spawn(python, ['celery_side.py'], { ...options, stdio: ['pipe', 'pipe', 'inherit'] })
  const line = ['-m', 'celery', '-A', 'celery_side', 'worker', '-P', 'prefork', '-c', '2', '--loglevel', 'ERROR']
  const worker = mode === 'eager' ? undefined : spawn(python, line, { ...options, stdio: 'ignore' })
  const said = createInterface(sender.stdout)[Symbol.asyncIterator]()
  await said.next()
  return {
    version,
    async run(shape, tasks) {
      sender.stdin.write(`${shape} ${tasks}\n`)
      if ((await said.next()).value !== 'done') throw new Error(`Celery has not done ${shape} ${tasks}.`)
    },
    async close() {
      sender.stdin.end()
      await ended(sender)
      worker?.kill('SIGTERM')
      if (worker !== undefined) await ended(worker)
      await redis.close()
    },
  }
}

function versionIn(python: string): string | undefined {
  try {
    const asked = ['-c', 'from importlib.metadata import version; version("redis"); print(version("celery"))']
    return execFileSync(python, asked, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}
