import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crashPoints } from './crash-points.ts'
import { examine } from './examine.ts'
import { Ledger } from './ledger.ts'
import { randomOf } from './random.ts'

/** Owners that one sender sees come and go before it is killed, too. */
const LIVES_OF_A_SENDER = 4

/** What came of a run. */
export interface KillReport {
  readonly kills: number
  readonly accepted: number
  /** Runs of machines among them. */
  readonly runs: number
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
  /** Canvases and runs that do not end. */
  readonly stuckWorkflows: number
  /** Canvases and runs that came to something else than they must. */
  readonly wrong: number
  /** Canvases and runs given up as a task of theirs was running when its process was killed, three times. */
  readonly poisoned: number
  /** What the doctor finds wrong with the file, at the end and after every tenth kill. */
  readonly violations: readonly string[]
  /** Times that tables of the user's and what was sent or has succeeded did not agree, looked at after every kill. */
  readonly disagreements: number
  /** How many of all crash points a process has died at, and which of them none has. */
  readonly points: string
  /** From `app.start()` to the start of the first recovered task, in milliseconds. */
  readonly recoveryMsP95: number
  /** The same from the start of the process: Node, and the types of all sources that have to be stripped, come first. */
  readonly processMsP95: number
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
  let died = false
  let endSender = async (): Promise<void> => {}
  try {
    for (let life = 1; life <= kills; life += 1) {
      if (life % LIVES_OF_A_SENDER === 1) {
        await endSender()
        endSender = ledger.send(`${seed}-${life}-sender`, Math.floor(random() * 1e9))
      }
      const point = points.next(died).value
      died = await ledger.live(`${seed}-${life}`, Math.floor(random() * 1e9), point, random() * 500)
      ledger.agree()
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
