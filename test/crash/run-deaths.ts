import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import type { CrashPoint } from './crash-points.ts'
import { examine } from './examine.ts'

const script = fileURLToPath(new URL('run-life.ts', import.meta.url))

/** What came of runs whose process was killed. */
export interface DeathReport {
  /** Commits of the run that nobody disturbed. */
  readonly steps: number
  readonly kills: number
  /** Kills after which a run came to something else than the one that nobody disturbed. */
  readonly different: number
  /** How, in words, and what the doctor finds wrong. */
  readonly wrong: readonly string[]
}

/** How many kills there are, and where. */
export interface RunDeaths {
  /** Kill at each so-manieth commit. Default 1: at all of them. */
  readonly every?: number
  /** The first of them. Default 1. */
  readonly first?: number
  readonly tell?: (line: string) => void
}

/**
 * Run a machine that does all that machines can do, with its process killed at the first, the second, and at last every commit, before and after it,
 * and gone on with in another one: it must come to what it comes to undisturbed, states, context, output, history, and what it did outside.
 */
export async function dieAtEachStep({ every = 1, first = 1, tell = () => {} }: RunDeaths = {}): Promise<DeathReport> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-runs-'))
  const wrong: string[] = []
  let [kills, different, steps] = [0, 0, 0]
  try {
    const expected = await lived(folder, 'undisturbed')
    steps = expected.commits
    wrong.push(...expected.odd)
    if (!expected.ended) wrong.push(`undisturbed it does not end: ${expected.stands}`)
    for (const at of ['after', 'before'] as const) {
      for (let count = first; ; count += every) {
        const name = `${at} commit ${count}`
        const came = await lived(folder, name, { at, deed: 'commit', count })
        if (!came.died && came.ended) break
        if (came.died) kills += 1
        const violations = [...examine(came.file), ...came.odd].map((one) => `${name}: ${one}`)
        if (came.end !== expected.end) violations.push(`${name}: ${came.end}, undisturbed: ${expected.end}`)
        if (!came.ended) violations.push(`${name}: it does not end: ${came.stands}`)
        if (violations.length > 0) different += 1
        wrong.push(...violations)
        tell(`${name}: ${violations.length === 0 ? 'the same' : violations.join('; ')}`)
        if (!came.died) break
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { steps, kills, different, wrong }
}

/** What a run has come to. */
interface Lived {
  readonly file: string
  readonly died: boolean
  readonly ended: boolean
  /** What has not ended, as it is stored. */
  readonly stands: string
  /** All that must be equal, as text. */
  readonly end: string
  /** What must never be, whatever became of others. */
  readonly odd: readonly string[]
  readonly commits: number
}

async function lived(folder: string, name: string, point?: CrashPoint): Promise<Lived> {
  const file = join(folder, `${name}.db`)
  const effects = join(folder, `${name}.effects`)
  const first = await life(file, effects, point)
  const last = first.died ? await life(file, effects) : first
  const keys = new Map<string, Set<string>>()
  for (const line of readFileSync(effects, 'utf8').split('\n').filter(Boolean)) {
    const [label = '', key = ''] = line.split(' ')
    keys.set(label, (keys.get(label) ?? new Set()).add(key))
  }
  const database = new DatabaseSync(file, { readOnly: true })
  const rows = database.prepare('SELECT label FROM done ORDER BY label').all()
  const open = database.prepare('SELECT id, state, body FROM rows WHERE state IS NOT NULL AND ended_at IS NULL').all()
  database.close()
  // whether what is revoked has started depends on the moment
  const labels = [...keys.keys()].filter((label) => label !== 'all.never').toSorted()
  return {
    file,
    died: first.died,
    ended: last.end !== undefined,
    stands: JSON.stringify(open),
    end: JSON.stringify([last.end, labels, rows.map(({ label }) => label)]),
    odd: [...keys].filter(([, of]) => of.size > 1).map(([label]) => `${label} was done under two keys`),
    commits: first.commits,
  }
}

async function life(file: string, effects: string, point?: CrashPoint) {
  const given = point === undefined ? [] : [JSON.stringify(point)]
  const child = spawn(process.execPath, ['--conditions=@umbel/source', script, file, effects, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  let [died, end, commits] = [false, undefined as unknown, 0]
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, what, count] = JSON.parse(line) as [string, unknown, number | undefined]
    if (word === 'AT') died = true
    if (word === 'END') [end, commits] = [what, count ?? 0]
  }
  await gone
  return { died, end, commits }
}
