import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sqliteStore } from 'umbel/sqlite'
import { examine } from './examine.ts'
import { randomOf } from './random.ts'

const program = fileURLToPath(new URL('contender.ts', import.meta.url))

/** Processes that race for one file. */
const CONTENDERS = 3

/** Milliseconds after which nobody is thought to come any more. */
const NOBODY = 15_000

/** What becomes of the one that was first: it ends in order, is killed, or is stopped and comes back after another has followed. */
const FATES = ['SIGTERM', 'SIGKILL', 'SIGSTOP'] as const

/** What came of the races. */
export interface RaceReport {
  readonly races: number
  /** How often one became the owner. */
  readonly owners: number
  /** Owners that were stopped, came back when another had followed, and were told so. */
  readonly fenced: number
  /** Commits that were acknowledged; each was found in the log under its number. */
  readonly acknowledged: number
  /** From the end of an owner to the start of the next, in milliseconds; of those that were stopped a lease of one second is a part. */
  readonly followMs: { readonly ended: number; readonly killed: number; readonly stopped: number }
  /** What must not be: two owners that write in turns, one that is not told, a commit that is lost, what the doctor finds. */
  readonly wrong: readonly string[]
}

/** Let processes race for the lease of a file, take it from the one that was first, and look at who has written when. */
export async function raceForLease(
  races: number,
  seed: number,
  tell: (line: string) => void = () => {},
): Promise<RaceReport> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-lock-'))
  const random = randomOf(seed)
  const all = { owners: 0, fenced: 0, acknowledged: 0, wrong: [] as string[] }
  const follow = { SIGTERM: [0], SIGKILL: [0], SIGSTOP: [0] }
  try {
    for (let number = 1; number <= races; number += 1) {
      const fate = FATES[number % FATES.length] as (typeof FATES)[number]
      const race = new Race(join(folder, `${number}.db`))
      follow[fate].push(await race.run(fate, random() * 150))
      all.owners += race.owners.length
      all.fenced += race.fenced
      all.acknowledged += race.acknowledged.size
      all.wrong.push(...(await race.judge()).map((says) => `race ${number}, ${fate}: ${says}`))
      if (number % 10 === 0) tell(`${number} races, ${all.wrong.length} of them wrong`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const worst = (millis: readonly number[]): number => Math.round(Math.max(...millis))
  const { SIGTERM, SIGKILL, SIGSTOP } = follow
  return { races, ...all, followMs: { ended: worst(SIGTERM), killed: worst(SIGKILL), stopped: worst(SIGSTOP) } }
}

/** One race: who became the owner, and what was acknowledged. */
class Race {
  /** Names, in the order in which they told. */
  readonly owners: string[] = []
  readonly acknowledged = new Map<number, string>()
  fenced = 0
  readonly #file: string
  readonly #wrong: string[] = []
  readonly #ends = new Map<string, string>()
  readonly #children: ReadonlyMap<string, ChildProcess>
  readonly #gone: Promise<unknown>[] = []
  #ready = 0

  constructor(file: string) {
    this.#file = file
    this.#children = new Map(Array.from({ length: CONTENDERS }, (_, index) => [`p${index}`, this.#start(`p${index}`)]))
  }

  /** Resolves with how long nobody owned the file, in milliseconds. */
  async run(fate: (typeof FATES)[number], millis: number): Promise<number> {
    try {
      await this.#until(() => this.#ready === CONTENDERS, 'not all are ready')
      for (const child of this.#children.values()) child.stdin?.write('go\n')
      await this.#until(() => this.acknowledged.size > 0, 'nobody became the owner')
      await new Promise((resolve) => setTimeout(resolve, millis))
      const first = this.owners.at(-1) ?? ''
      const before = this.owners.length
      const since = performance.now()
      this.#children.get(first)?.kill(fate)
      if (!(await this.#followed(before, fate === 'SIGSTOP' ? 5_000 : NOBODY))) {
        // stopped within a transaction it keeps the file locked: the others cannot even look
        if (fate !== 'SIGSTOP') this.#wrong.push('nobody followed')
        return 0
      }
      const took = performance.now() - since
      if (fate === 'SIGSTOP') await this.#comeBack(first)
      return took
    } finally {
      for (const child of this.#children.values()) child.kill('SIGKILL')
      await Promise.all(this.#gone)
    }
  }

  /** What is wrong with what is left. */
  async judge(): Promise<string[]> {
    const store = sqliteStore(this.#file, { keepEvents: 1_000_000 })
    await store.open()
    const events = await store.events(1, 1_000_000)
    await store.close()
    const writers = events.map(({ event }) => event.id.slice(0, event.id.indexOf('-')))
    const turns = writers.filter((writer, index) => writer !== writers[index - 1])
    if (new Set(turns).size !== turns.length) this.#wrong.push(`they wrote in turns: ${turns.join(' ')}`)
    for (const [seq, id] of this.acknowledged)
      if (events[seq - 1]?.event.id !== id) this.#wrong.push(`${id} was acknowledged as ${seq} and is not there`)
    return [...this.#wrong, ...examine(this.#file)]
  }

  async #comeBack(name: string): Promise<void> {
    const stored = this.acknowledged.size
    this.#children.get(name)?.kill('SIGCONT')
    await this.#until(() => this.#ends.has(name), `${name} came back and goes on`)
    if (this.#ends.get(name) === 'UMBEL_STORE_FENCED') this.fenced += 1
    else this.#wrong.push(`${name} came back and ended with ${String(this.#ends.get(name))}`)
    await this.#until(() => this.acknowledged.size > stored, 'the new owner does not go on')
  }

  async #followed(before: number, millis: number): Promise<boolean> {
    const late = performance.now() + millis
    while (this.owners.length === before && performance.now() < late)
      await new Promise((resolve) => setTimeout(resolve, 5))
    return this.owners.length > before
  }

  async #until(holds: () => boolean, otherwise: string): Promise<void> {
    const late = performance.now() + NOBODY
    while (!holds()) {
      if (performance.now() > late) return void this.#wrong.push(otherwise)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  #start(name: string): ChildProcess {
    const child = spawn(process.execPath, ['--conditions=@umbel/source', program, this.#file, name], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    // one that ended does not read what it is told
    child.stdin.on('error', () => {})
    this.#gone.push(once(child, 'close'))
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(name, line))
    return child
  }

  #hear(name: string, line: string): void {
    const [word, first, second] = JSON.parse(line) as [string, unknown, unknown]
    if (word === 'READY') this.#ready += 1
    if (word === 'OWNER') this.owners.push(name)
    if (word === 'ACK') this.acknowledged.set(first as number, second as string)
    if (word === 'ENDED') this.#ends.set(name, String(first))
  }
}
