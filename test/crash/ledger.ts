import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { type CrashPoint, POINTS } from './crash-points.ts'
import type { noted } from './load.ts'
import { disagreements } from './requests.ts'
import type { Owed } from './run-pieces.ts'
import type { KillReport } from './torture.ts'

const worker = fileURLToPath(new URL('worker.ts', import.meta.url))
const sending = fileURLToPath(new URL('sending.ts', import.meta.url))

/** Milliseconds that a process has to come to its point, from its start and from when it works. */
const [MOST, TO_COME] = [60_000, 8_000]

/** A piece that was accepted; of a run also what it has to be told. */
type Accepted = ReturnType<typeof noted> & { readonly owed?: Owed }

/** Whether a canvas that was revoked may come to its revocation. */
const isRevoked = (kind: string, state: string): boolean => kind.startsWith('revoked') && state === 'UMBEL_REVOKED'

/** What is known outside of the store: what was accepted, and what was done. Starts the processes that are killed, and compares in the end. */
export class Ledger {
  readonly file: string
  readonly accepted = new Map<string, Accepted>()
  /** What went wrong in a life that should not. */
  readonly odd: string[] = []
  readonly #effects: string
  readonly #recoveries: (readonly [sinceStart: number, sinceProcess: number])[] = []
  #disagreements = 0
  /** Crash points that a process has died at. */
  readonly #points = new Set<string>()

  constructor(file: string, effects: string) {
    this.file = file
    this.#effects = effects
    writeFileSync(effects, '')
  }

  /** Let a process send beside the lives of others. Returns how to kill it. */
  send(name: string, seed: number): () => Promise<void> {
    const child = this.#start(sending, [this.file, this.#effects, name, String(seed)])
    const read = (async () => {
      for await (const line of createInterface({ input: child.stdout })) this.#hear(wordsOf(line))
    })()
    return async () => {
      child.kill('SIGKILL')
      await read
    }
  }

  /** Look whether what was stored in one transaction is there together. */
  agree(): void {
    if (!existsSync(this.file)) return // killed before it was made
    const found = disagreements(this.file, this.#effects)
    this.#disagreements += found.length
    this.odd.push(...found)
  }

  /** One life: it dies at its point, else so many milliseconds after it is ready. Says whether it came to its point. */
  async live(name: string, seed: number, point: CrashPoint | undefined, millis: number): Promise<boolean> {
    let died = false
    const recovers = this.accepted.size > 0
    const child = this.#start(worker, [
      this.file,
      this.#effects,
      name,
      String(seed),
      point === undefined ? '' : JSON.stringify(point),
    ])
    const gone = once(child, 'exit')
    // one that dies at a point may not come to it
    const timer = setTimeout(() => child.kill('SIGKILL'), MOST)
    let first: readonly [number, number] | undefined
    for await (const line of createInterface({ input: child.stdout })) {
      const words = wordsOf(line)
      const [word, ...rest] = words
      this.#hear(words)
      if (word === 'FIRST') first = rest as [number, number]
      if (word === 'AT') {
        died = true
        this.#points.add(rest[0] as string)
      }
      if (word === 'READY') setTimeout(() => child.kill('SIGKILL'), point === undefined ? millis : TO_COME)
    }
    await gone
    clearTimeout(timer)
    if (recovers && first !== undefined) this.#recoveries.push(first)
    return died
  }

  /** Let a last process end all there is, and compare. */
  async settle(): Promise<Omit<KillReport, 'kills' | 'violations'>> {
    const asked = `${this.#effects}-asked`
    writeFileSync(asked, JSON.stringify([...this.accepted].map(([id, { owed }]) => [id, owed])))
    const child = this.#start(worker, [this.file, this.#effects, 'last', '0', '', asked])
    const ends = new Map<string, readonly [state: string, value: unknown]>()
    for await (const line of createInterface({ input: child.stdout })) {
      const words = wordsOf(line)
      const [word, id, state, value] = words as [string, string, string, unknown]
      this.#hear(words)
      if (word === 'END') ends.set(id, [state, value])
    }
    const counts = { lost: 0, stuckWorkflows: 0, wrong: 0, poisoned: 0 }
    const done: string[] = []
    const whole: string[] = []
    const givenUp = new Set<string>()
    for (const [id, one] of this.accepted) {
      const [state, value] = ends.get(id) ?? ['LOST']
      const note = (what: string): void => void this.odd.push(`${what}: ${one.kind} ${id}: ${this.#storedOf(id)}`)
      if (state === 'UMBEL_TIMEOUT') {
        counts.stuckWorkflows += 1
        note('stuck')
      } else if (state === 'UMBEL_WORKER_LOST') {
        counts.poisoned += 1
        for (const label of one.labels) givenUp.add(label)
      } else if (isRevoked(one.kind, state)) continue
      else if (state === 'LOST' || state.startsWith('UMBEL_UNKNOWN') || state === 'UMBEL_RESULT_GONE') {
        counts.lost += 1
        note('lost')
      } else if (state !== one.ends || (one.expected !== undefined && text(value) !== text(one.expected))) {
        counts.wrong += 1
        note(`${state} with ${JSON.stringify(value)}`)
      } else {
        done.push(...one.labels)
        whole.push(...one.rows)
      }
    }
    this.agree()
    const missed = POINTS.filter((point) => !this.#points.has(point))
    const keys = this.#keysOf()
    const rows = this.#rowsOf()
    const failing = [...this.accepted.values()].flatMap((one) => one.failing)
    return {
      accepted: this.accepted.size,
      runs: [...this.accepted.values()].filter(({ owed }) => owed !== undefined).length,
      ...counts,
      // under the key of a task that was given up the next one runs: the first has come to nothing
      duplicateKeyedEffects: [...keys].filter(([label, of]) => of.size > 1 && !givenUp.has(label)).length,
      missingKeyedEffects: done.filter((label) => !keys.has(label)).length,
      duplicateWrites:
        [...rows.values()].filter((count) => count > 1).length + failing.filter((label) => rows.has(label)).length,
      missingWrites: whole.filter((label) => !rows.has(label)).length,
      disagreements: this.#disagreements,
      points: `${this.#points.size} of ${POINTS.length}${missed.length === 0 ? '' : `, not ${missed.join(', ')}`}`,
      recoveryMsP95: p95(this.#recoveries.map(([sinceStart]) => sinceStart)),
      processMsP95: p95(this.#recoveries.map(([, sinceProcess]) => sinceProcess)),
    }
  }

  /** How a canvas stands in the store. */
  #storedOf(id: string): string {
    const database = new DatabaseSync(this.file, { readOnly: true })
    try {
      const rows = database.prepare('SELECT id, kind, state, body FROM rows WHERE id = ? OR workflow = ?').all(id, id)
      return JSON.stringify(rows)
    } finally {
      database.close()
    }
  }

  /** How often each thing stands in the table that outcomes write to. */
  #rowsOf(): Map<string, number> {
    const database = new DatabaseSync(this.file, { readOnly: true })
    try {
      const rows = database.prepare('SELECT label, count(*) AS count FROM done GROUP BY label').all()
      return new Map(rows.map(({ label, count }) => [label as string, count as number]))
    } finally {
      database.close()
    }
  }

  /** Under which keys each thing was done. */
  #keysOf(): Map<string, Set<string>> {
    const keys = new Map<string, Set<string>>()
    const lines = existsSync(this.#effects) ? readFileSync(this.#effects, 'utf8').split('\n') : []
    for (const line of lines) {
      const [label = '', key] = line.split(' ')
      if (key !== undefined) keys.set(label, (keys.get(label) ?? new Set()).add(key))
    }
    return keys
  }

  /** What any of the processes says of what was accepted. */
  #hear([word, ...rest]: readonly unknown[]): void {
    if (word === 'ODD') this.odd.push(`what was accepted was refused later: ${rest.join(' ')}`)
    if (word !== 'ACK') return
    const [id, piece] = rest as [string, Accepted]
    this.accepted.set(id, piece)
  }

  #start(script: string, args: readonly string[]) {
    return spawn(process.execPath, ['--conditions=@umbel/source', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }
}

const p95 = (figures: readonly number[]): number =>
  Math.round(figures.toSorted((a, b) => a - b)[Math.floor(figures.length * 0.95)] ?? 0)

const text = (value: unknown): string | undefined => JSON.stringify(value)

/** The words of a line; a line that its process died on has none. */
function wordsOf(line: string): unknown[] {
  try {
    return JSON.parse(line) as unknown[]
  } catch {
    return []
  }
}
