import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { UmbelError } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { event, task } from '../conformance/store-rows.ts'
import { examine } from './examine.ts'
import { randomOf } from './random.ts'

const filler = fileURLToPath(new URL('filler.ts', import.meta.url))

/** What came of files that might not grow. */
export interface FullReport {
  readonly disks: number
  /** Commits that were refused, with UMBEL_STORE_FULL, and those that were acknowledged; each of these was found again. */
  readonly refused: number
  readonly acknowledged: number
  /** Processes that went on writing once there was space. */
  readonly wentOn: number
  readonly wrong: readonly string[]
}

/** Let processes write to files that may not grow beyond random sizes, give them space again, kill them, and look at what is there. */
export async function fillDisks(disks: number, seed: number): Promise<FullReport> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-full-'))
  const random = randomOf(seed)
  const all = { refused: 0, acknowledged: 0, wentOn: 0, wrong: [] as string[] }
  try {
    for (let disk = 1; disk <= disks; disk += 1) {
      const file = join(folder, `${disk}.db`)
      const kilobytes = 200 + Math.floor(random() ** 2 * 8_000)
      const wrong = (says: string): void => void all.wrong.push(`${kilobytes} KiB: ${says}`)
      const { acknowledged, refusals, wentOn } = await fill(file, kilobytes)
      for (const code of refusals) if (code !== 'UMBEL_STORE_FULL') wrong(`refused with ${code}`)
      if (refusals.length === 0) wrong('nothing was refused')
      if (!wentOn) wrong('it did not go on once there was space')
      all.refused += refusals.length
      all.acknowledged += acknowledged.length
      all.wentOn += Number(wentOn)
      await judge(file, acknowledged, wrong)
    }
    return { disks, ...all }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill(file: string, kilobytes: number) {
  const script = `ulimit -S -f ${kilobytes}; exec "$0" --conditions=@umbel/source "$1" "$2" 100000`
  const child = spawn('bash', ['-c', script, process.execPath, filler, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const acknowledged: string[] = []
  const refusals: string[] = []
  let before: number | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, first, second] = JSON.parse(line) as [string, unknown, string]
    if (word === 'REFUSED') refusals.push(String(first))
    if (word === 'ACK') acknowledged.push(second)
    if (word !== 'FULL') continue
    before = acknowledged.length
    spawnSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
    child.stdin.write('go on\n')
  }
  await gone
  return { acknowledged, refusals, wentOn: before !== undefined && acknowledged.length === before + 5 }
}

/** All that was acknowledged is there, in its order and nothing besides; the file is sound, and takes more. */
async function judge(file: string, acknowledged: readonly string[], wrong: (says: string) => void): Promise<void> {
  const store = sqliteStore(file, { sync: 'off', onLoss: ({ first, last }) => wrong(`lost ${first} to ${last}`) })
  await store.open()
  const ids = (await store.events(1, 1_000_000)).map(({ event: { id } }) => id)
  if (ids.join() !== acknowledged.slice(-ids.length).join()) wrong('the log is not what was acknowledged')
  for (const id of acknowledged) if ((await store.get(id)) === undefined) wrong(`${id} is not there`)
  await store.commit({ rows: [task('more')], events: [event('more')] })
  await store.close()
  for (const says of examine(file)) wrong(says)
}

/** What came of files that were damaged, or are something else. */
export interface DamageReport {
  readonly points: number
  /** Refused with a typed error, and left as they were. */
  readonly left: number
  /** Damaged where SQLite has nothing to notice it by, or where nothing stands. */
  readonly opened: number
  readonly wrong: readonly string[]
}

/** Flip one bit of a store's file at random places, cut it, or put something else there: it opens, or is refused with a typed error and left as it is. */
export async function damageFiles(points: number, seed: number): Promise<DamageReport> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-damage-'))
  const random = randomOf(seed)
  const all = { left: 0, opened: 0, wrong: [] as string[] }
  try {
    const sound = await soundFile(join(folder, 'sound.db'))
    for (let point = 1; point <= points; point += 1) {
      const file = join(folder, `${point}.db`)
      const [kind, must] = damage(file, sound, point, random)
      const wrong = (says: string): void => void all.wrong.push(`${kind}: ${says}`)
      const before = hashOf(file)
      const code = await openedWith(file, wrong)
      if (code !== undefined) all.left += 1
      else all.opened += 1
      if (must !== undefined && code !== must) wrong(`${String(code)}, not ${must}`)
      if (code !== undefined && !code.startsWith('UMBEL_STORE_')) wrong(`refused with ${code}`)
      if (code !== undefined && hashOf(file) !== before) wrong('refused, and written to')
      for (const suffix of ['', '-wal', '-shm', '-mark']) rmSync(file + suffix, { force: true })
    }
    return { points, ...all }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function soundFile(file: string): Promise<Buffer> {
  const store = sqliteStore(file, { sync: 'off' })
  await store.open()
  for (let number = 1; number <= 200; number += 1)
    await store.commit({ rows: [task(`t${number}`)], events: [event(`t${number}`)] })
  await store.close()
  return readFileSync(file)
}

/** Put a file there that is no good, in one of several ways; tells which, and the code it must be refused with where that is certain. */
function damage(file: string, sound: Buffer, point: number, random: () => number): [kind: string, must?: string] {
  const at = Math.floor(random() * sound.byteLength)
  switch (point % 8) {
    case 0:
      writeFileSync(file, sound.subarray(0, at))
      return [`cut at ${at}`]
    case 1: {
      const other = new DatabaseSync(file)
      other.exec('CREATE TABLE theirs (a)')
      other.close()
      return ["another program's", 'UMBEL_STORE_FOREIGN']
    }
    case 2: {
      writeFileSync(file, sound)
      const newer = new DatabaseSync(file)
      newer.exec('PRAGMA user_version = 99')
      newer.close()
      return ['a newer one', 'UMBEL_STORE_NEWER']
    }
    case 3:
      writeFileSync(file, Buffer.from(`a text of ${at} words`.repeat(10)))
      return ['a text', 'UMBEL_STORE_FOREIGN']
    default: {
      const flipped = Uint8Array.from(sound)
      flipped[at] = (flipped[at] as number) ^ (1 << Math.floor(random() * 8))
      writeFileSync(file, flipped)
      return [`flipped at ${at}`]
    }
  }
}

/** The code that opening a file is refused with; of what opens, all must be read or refused with a typed error. */
async function openedWith(file: string, wrong: (says: string) => void): Promise<string | undefined> {
  const store = sqliteStore(file, { sync: 'off', onLoss: () => {} })
  try {
    await store.open()
  } catch (error) {
    return codeOf(error)
  }
  const reads = [
    () => store.events(1, 1_000),
    () => Array.fromAsync(store.unfinished()),
    () => store.letters('', 1_000),
    ...Array.from({ length: 200 }, (_, index) => () => store.get(`t${index + 1}`)),
  ]
  for (const read of reads)
    await read().catch((error: unknown) => {
      if (!codeOf(error).startsWith('UMBEL_STORE_')) wrong(`reading threw ${String(error)}`)
    })
  await store.close()
  return undefined
}

const codeOf = (error: unknown): string => (error instanceof UmbelError ? error.code : String(error))

const hashOf = (file: string): string =>
  existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'gone'
