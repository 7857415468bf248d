import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp, group } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { bench } from './tasks.ts'

/** Bytes written to the store's files for each member of a group. */
export interface WrittenResult {
  readonly members: number
  readonly bytesPerMember: number
}

/**
 * Run a group of so many no-op tasks on a store of its own, and count what is written until all of it is in the file: a small group is still
 * in SQLite's log when it ends. `undefined` where the system does not tell.
 */
export async function writtenFor(members: number): Promise<WrittenResult | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
  const lanes = { default: { threads: 0, inline: 100 } }
  const app = createApp({ name: 'written', tasks: [bench], lanes, store: sqliteStore(join(folder, 'work.db')) })
  try {
    await app.start()
    const before = bytesWritten()
    const calls = Array.from({ length: members }, (_, index) => bench.inlineNoop.s(index))
    await app.delay(group(calls)).get()
    await app.stop()
    const after = bytesWritten()
    return before === undefined || after === undefined
      ? undefined
      : { members, bytesPerMember: (after - before) / members }
  } finally {
    await app.stop()
    rmSync(folder, { recursive: true })
  }
}

/** What this process has handed to the system to be written, since it began: Linux counts it. */
function bytesWritten(): number | undefined {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
  } catch {
    return undefined
  }
}
