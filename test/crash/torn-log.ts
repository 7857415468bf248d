import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UmbelError } from 'umbel'
import { type Loss, sqliteStore } from 'umbel/sqlite'
import { examine } from './examine.ts'
import { randomOf } from './random.ts'

const writer = fileURLToPath(new URL('log-writer.ts', import.meta.url))

/** What came of damage to SQLite's write-ahead log. */
export interface TornReport {
  readonly points: number
  /** Opened with all that was committed, and with less: what stood before the damage. */
  readonly whole: number
  readonly shorter: number
  /** Refused with a typed error. */
  readonly refused: number
  /** Of the shorter ones, those whose loss was told, from where to where it goes. */
  readonly told: number
  /** What was found in a file that opened and is no prefix of what was committed, or is not sound. */
  readonly wrong: readonly string[]
}

/** Cut a log, or flip one bit of it, at random places, and look at what a store that opens it finds: a prefix of what was committed. */
export async function tearLog(points: number, seed: number, batches = 40): Promise<TornReport> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-torn-'))
  try {
    const file = join(folder, 'work.db')
    spawnSync(process.execPath, ['--conditions=@umbel/source', writer, file, String(batches)], { stdio: 'inherit' })
    const [database, log, mark] = ['', '-wal', '-mark'].map((suffix) => readFileSync(file + suffix)) as [
      Buffer,
      Buffer,
      Buffer,
    ]
    const random = randomOf(seed)
    const found = { whole: 0, shorter: 0, refused: 0, told: 0, wrong: [] as string[] }
    for (let point = 1; point <= points; point += 1) {
      const at = Math.floor(random() * log.byteLength)
      const torn = point % 2 === 0 ? log.subarray(0, at) : flipped(log, at, Math.floor(random() * 8))
      const copy = join(folder, `${point}.db`)
      writeFileSync(copy, database)
      writeFileSync(`${copy}-wal`, torn)
      writeFileSync(`${copy}-mark`, mark)
      let first: number | undefined
      const here = `${point % 2 === 0 ? 'cut' : 'flipped'} at ${at}`
      const tell = ({ first: from, last }: Loss): void => {
        if (last === batches) first = from
      }
      const count = await opened(copy, tell, (says) => found.wrong.push(`${here}: ${says}`))
      if (count !== undefined && first === count + 1) found.told += 1
      if (count === undefined) found.refused += 1
      else if (count === batches) found.whole += 1
      else found.shorter += 1
      for (const suffix of ['', '-wal', '-shm', '-mark']) rmSync(copy + suffix, { force: true })
    }
    return { points, ...found }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function flipped(log: Uint8Array, at: number, bit: number): Uint8Array {
  const torn = Uint8Array.from(log)
  torn[at] = (torn[at] as number) ^ (1 << bit)
  return torn
}

/** How many batches a store finds; `undefined` where it refuses the file. */
async function opened(
  file: string,
  onLoss: (loss: Loss) => void,
  wrong: (says: string) => void,
): Promise<number | undefined> {
  const store = sqliteStore(file, { sync: 'off', onLoss })
  try {
    await store.open()
  } catch (error) {
    if (!(error instanceof UmbelError)) wrong(`opening threw ${String(error)}`)
    return undefined
  }
  try {
    const events = await store.events(1, 10_000)
    for (const [index, { seq, event }] of events.entries()) {
      if (seq !== index + 1 || event.id !== `t${seq}`) wrong(`event ${seq} is that of ${event.id}`)
      if ((await store.get(event.id)) === undefined) wrong(`event ${seq} is there without its row`)
    }
    if ((await store.get(`t${events.length + 1}`)) !== undefined)
      wrong(`a row is there without event ${events.length + 1}`)
    for (const says of examine(file)) wrong(says)
    return events.length
  } finally {
    await store.close()
  }
}
