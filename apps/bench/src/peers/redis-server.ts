import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Redis of its own, on this machine. */
export interface RedisServer {
  readonly port: number
  close(): Promise<void>
}

/** Start a redis-server in a folder of its own; `undefined` where none is installed. Settings that are not named are Redis's own. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer | undefined> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-redis-'))
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, ...settings]
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const gone = new Promise<void>((resolve) => server.once('close', () => resolve()).once('error', () => resolve()))
  if (!(await isReady(server))) {
    rmSync(folder, { recursive: true, force: true })
    return undefined
  }
  return {
    port,
    async close() {
      server.kill('SIGKILL')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isReady(server: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false)).once('exit', () => resolve(false))
    server.stdout?.on('data', (said: Buffer) => {
      if (said.includes('Ready to accept connections')) resolve(true)
    })
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
