import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'

/** How much there is to do on the machine: the mean of the last minute. */
export const load = (): string => loadavg()[0]?.toFixed(2) ?? ''

/** What figures depend on: versions of Node and of what ours are held against, cores, and the load before and after. */
export function machine(loadBefore: string): string[] {
  return [
    `node ${process.version}`,
    ...['piscina', 'p-queue', 'bullmq', 'graphile-worker', 'pg-boss'].map(version),
    `${cpus().length} cores`,
    `load ${loadBefore} before, ${load()} after`,
  ]
}

function version(name: string): string {
  const url = import.meta.resolve(name)
  const root = url.slice(0, url.lastIndexOf(`/${name}/`) + name.length + 2)
  return `${name} ${(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version}`
}
