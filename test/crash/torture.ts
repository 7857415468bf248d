import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { type CrashPoint, crashPoints, POINTS } from './crash-points.ts'
import { examine } from './examine.ts'
import { randomOf } from './random.ts'

const worker = fileURLToPath(new URL('worker.ts', import.meta.url))
const sending = fileURLToPath(new URL('sending.ts', import.meta.url))

/** Owners that one sender sees come and go before it is killed, too. */
const LIVES_OF_A_SENDER = 4

/** What came of a run. */
export interface KillReport {
  readonly kills: number
  readonly accepted: number
  /** Accepted, and nobody knows of it any more. */
  readonly lost: number
  /** Things done under two keys. */
  readonly duplicateKeyedEffects: number
  /** Things that were to be done before their canvas succeeded, and were not. */
  readonly missingKeyedEffects: number
  /** Rows that were written with an outcome more than once, or by a task that failed. */
  readonly duplicateWrites: number
  /** Rows that were to be written with the outcomes of a canvas that succeeded, and were not. */
  readonly missingWrites: number
  /** Canvases that do not end. */
  readonly stuckWorkflows: number
  /** Canvases that came to something else than they must. */
  readonly wrong: number
  /** Canvases given up as a task of theirs was running when its process was killed, three times. */
  readonly poisoned: number
  /** What the doctor finds wrong with the file, at the end and after every tenth kill. */
  readonly violations: readonly string[]
  /** How many of all crash points a process has died at. */
  readonly points: string
  /** From the start of a process to that of its first recovered task, in milliseconds. */
  readonly recoveryMsP95: number
}

interface Accepted {
  readonly kind: string
  readonly expected: unknown
  readonly labels: readonly string[]
  readonly failing: readonly string[]
}

/** Kill a process again and again while it works on a mixed load, and look at what is left. The ledger is kept here, outside of its store. */
export async function torture(
  kills: number,
  seed: number,
  tell: (line: string) => void = () => {},
): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-torture-'))
  const ledger = new Ledger(join(folder, 'work.db'), join(folder, 'effects'))
  const random = randomOf(seed)
  const points = crashPoints(random)
  const violations: string[] = []
  let endSender = async (): Promise<void> => {}
  try {
    for (let life = 1; life <= kills; life += 1) {
      if (life % LIVES_OF_A_SENDER === 1) {
        await endSender()
        endSender = ledger.send(`${seed}-${life}-sender`, Math.floor(random() * 1e9))
      }
      await ledger.live(`${seed}-${life}`, Math.floor(random() * 1e9), points.next().value, random() * 500)
      if (life % 10 === 0) {
        violations.push(...examine(ledger.file))
        tell(`${life} kills, ${ledger.accepted.size} accepted, ${violations.length} violations`)
      }
    }
    await endSender()
    return {
      kills,
      ...(await ledger.settle()),
      violations: [...new Set([...violations, ...ledger.odd, ...examine(ledger.file)])],
    }
  } finally {
    await endSender()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Whether a canvas that was revoked may come to its revocation. */
const isRevoked = (kind: string, state: string): boolean => kind.startsWith('revoked') && state === 'UMBEL_REVOKED'

class Ledger {
  readonly file: string
  readonly accepted = new Map<string, Accepted>()
  /** What went wrong in a life that should not. */
  readonly odd: string[] = []
  readonly #effects: string
  readonly #recoveries: number[] = []
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

  /** One life: it dies at its point, else so many milliseconds after it is ready. */
  async live(name: string, seed: number, point: CrashPoint | undefined, millis: number): Promise<void> {
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
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    let first: number | undefined
    for await (const line of createInterface({ input: child.stdout })) {
      const words = wordsOf(line)
      const [word, ...rest] = words
      this.#hear(words)
      if (word === 'FIRST') first = rest[0] as number
      if (word === 'AT') this.#points.add(rest[0] as string)
      if (word === 'READY') setTimeout(() => child.kill('SIGKILL'), point === undefined ? millis : 3_000)
    }
    await gone
    clearTimeout(timer)
    if (recovers && first !== undefined) this.#recoveries.push(first)
  }

  /** Let a last process end all there is, and compare. */
  async settle(): Promise<Omit<KillReport, 'kills' | 'violations'>> {
    const asked = `${this.#effects}-asked`
    writeFileSync(asked, JSON.stringify([...this.accepted.keys()]))
    const child = this.#start(worker, [this.file, this.#effects, 'last', '0', '', asked])
    const ends = new Map<string, readonly [state: string, value: unknown]>()
    for await (const line of createInterface({ input: child.stdout })) {
      const [word, id, state, value] = wordsOf(line) as [string, string, string, unknown]
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
      } else if (JSON.stringify(value) !== JSON.stringify(one.expected)) {
        counts.wrong += 1
        note(`${state} with ${JSON.stringify(value)}`)
      } else {
        done.push(...one.labels)
        if (one.failing.length === 0) whole.push(...one.labels) // else some may have been left running
      }
    }
    const keys = this.#keysOf()
    const rows = this.#rowsOf()
    const failing = [...this.accepted.values()].flatMap((one) => one.failing)
    return {
      accepted: this.accepted.size,
      ...counts,
      // under the key of a task that was given up the next one runs: the first has come to nothing
      duplicateKeyedEffects: [...keys].filter(([label, of]) => of.size > 1 && !givenUp.has(label)).length,
      missingKeyedEffects: done.filter((label) => !keys.has(label)).length,
      duplicateWrites:
        [...rows.values()].filter((count) => count > 1).length + failing.filter((label) => rows.has(label)).length,
      missingWrites: whole.filter((label) => !rows.has(label)).length,
      points: `${this.#points.size} of ${POINTS.length}`,
      recoveryMsP95: Math.round(
        this.#recoveries.toSorted((a, b) => a - b)[Math.floor(this.#recoveries.length * 0.95)] ?? 0,
      ),
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
    const [id, kind, expected, labels, failing] = rest as [string, string, unknown, string[], string[]]
    this.accepted.set(id, { kind, expected, labels, failing })
  }

  #start(script: string, args: readonly string[]) {
    return spawn(process.execPath, ['--conditions=@umbel/source', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }
}

/** The words of a line; a line that its process died on has none. */
function wordsOf(line: string): unknown[] {
  try {
    return JSON.parse(line) as unknown[]
  } catch {
    return []
  }
}
