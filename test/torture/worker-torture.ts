import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, type AsyncResult, createApp } from 'umbel'
import { deadly } from './exits-on-import.ts'
import { GRACE, WORKER_CASES, type WorkerCase } from './worker-cases.ts'
import { torture } from './worker-tasks.ts'

/** Longest that one case may take, in milliseconds. */
const PATIENCE = 30_000

/** What came of one case. */
export interface WorkerVerdict {
  readonly name: string
  /** Whether something never ended. */
  readonly hung: boolean
  /** What was blamed on the wrong one, in words. */
  readonly misblamed: readonly string[]
  /** Milliseconds from the death of a thread until another handler began in its place, the slowest of the case. */
  readonly replacementMs: number
}

/** Run each case so many times, with a neighbour in the other thread and tasks waiting behind. */
export async function tortureWorkers(
  times: number,
  told: (verdict: WorkerVerdict) => void = () => {},
): Promise<readonly WorkerVerdict[]> {
  const verdicts: WorkerVerdict[] = []
  let app = open()
  for (const one of WORKER_CASES) {
    for (let time = 0; time < times; time += 1) {
      const verdict = await judged(app, one)
      verdicts.push(verdict)
      told(verdict)
      if (!verdict.hung) continue
      await app.stop({ deadline: 0 })
      app = open()
    }
  }
  await app.stop({ deadline: 0 })
  return verdicts
}

const open = (): App =>
  createApp({ tasks: [torture, deadly], lanes: { default: { threads: 2, maxMemoryMb: 64, revokeGrace: GRACE } } })

async function judged(app: App, one: WorkerCase): Promise<WorkerVerdict> {
  const watch = new Watch(app)
  const file = join(tmpdir(), `umbel-torture-${randomUUID()}`)
  const last = `${file}-last`
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE)
  try {
    return await run(app, one, { watch, file, last, signal: patience.signal })
  } catch (error) {
    if (!patience.signal.aborted) throw error
    return { name: one.name, hung: true, misblamed: [], replacementMs: 0 }
  } finally {
    clearTimeout(timer)
    for (const one of [file, last]) rmSync(one, { force: true })
    watch.stop()
  }
}

interface Run {
  readonly watch: Watch
  /** Once it is there, the neighbour ends. */
  readonly file: string
  /** Once it is there, those end that came last. */
  readonly last: string
  readonly signal: AbortSignal
}

async function run(app: App, one: WorkerCase, { watch, file, last, signal }: Run): Promise<WorkerVerdict> {
  const neighbour = app.delay(torture.neighbour.s(file))
  await watch.begun(neighbour.id, signal)
  const culprit = app.delay(one.call)
  const next = app.delay(torture.holds.s(150))
  const afterwards = app.delay(torture.holds.s(1))
  if (one.death === 'grace') {
    await watch.begun(culprit.id, signal)
    watch.deaths.push(Date.now() + GRACE)
    await culprit.revoke()
  }
  const end = await endOf(culprit, signal)
  const ends = [end, await endOf(next, signal), await endOf(afterwards, signal)]
  writeFileSync(file, '')
  ends.push(await endOf(neighbour, signal))
  // both threads are there: only so do both begin before either may end
  const both = [app.delay(torture.neighbour.s(last)), app.delay(torture.neighbour.s(last))]
  for (const { id } of both) await watch.begun(id, signal)
  writeFileSync(last, '')
  await Promise.all(both.map((result) => result.get({ signal })))

  const faults: string[] = []
  const expect = (fits: boolean, says: string): void => void (fits || faults.push(says))
  expect(one.fails === undefined ? end === '' : one.fails.test(end), `it ended with ${end || 'success'}`)
  expect(watch.starts(culprit.id) === (one.starts ?? 1), `it began ${watch.starts(culprit.id)} times`)
  expect(
    ends[1] === '' && watch.starts(next.id) === (one.startsNextAgain ? 2 : 1),
    `the next one: ${ends[1]}, begun ${watch.starts(next.id)} times`,
  )
  expect(
    ends[2] === '' && watch.starts(afterwards.id) === 1,
    `the one after: ${ends[2]}, begun ${watch.starts(afterwards.id)} times`,
  )
  expect(
    ends[3] === '' && watch.starts(neighbour.id) === 1,
    `the neighbour: ${ends[3]}, begun ${watch.starts(neighbour.id)} times`,
  )
  expect(watch.retried([next.id, afterwards.id, neighbour.id]) === 0, 'an attempt of another was used up')
  expect(watch.strays > 0 === (one.isStray === true), `${watch.strays} strays were told of`)
  return { name: one.name, hung: false, misblamed: faults, replacementMs: watch.slowest(one.death, culprit.id) }
}

/** What it failed with, as code and message; nothing where it succeeded. */
async function endOf(result: AsyncResult<unknown>, signal: AbortSignal): Promise<string> {
  try {
    await result.get({ signal })
    return ''
  } catch (error) {
    if (signal.aborted) throw error
    const { code, message } = error as { code?: string; message: string }
    return `failed: ${message}${code === undefined ? '' : ` (${code})`}`
  }
}

/** Listens to all that is told while a case runs. */
class Watch {
  /** Moments at which a thread was gone. */
  readonly deaths: number[] = []
  readonly #begins: { readonly id: string; readonly at: number }[] = []
  readonly #last: number[] = []
  readonly #losses: { readonly id: string; readonly at: number }[] = []
  readonly #ends = new Map<string, number>()
  readonly #attempts = new Map<string, number>()
  readonly #off: readonly (() => void)[]
  #strays = 0
  #look = (): void => {}

  constructor(app: App) {
    this.#off = [
      app.on('task-state', ({ id, state, meta }) => {
        const { at } = meta as { at: number }
        if (state === 'LAST') this.#last.push(at)
        else this.#begins.push({ id, at })
        this.#look()
      }),
      app.on('task-lost', ({ id, at }) => void this.#losses.push({ id, at })),
      app.on('task-postrun', ({ id, attempt, at }) => {
        this.#ends.set(id, at)
        this.#attempts.set(id, attempt)
      }),
      app.on('internal-error', () => {
        this.#strays += 1
      }),
    ]
  }

  get strays(): number {
    return this.#strays
  }

  starts(id: string): number {
    return this.#begins.filter((begin) => begin.id === id).length
  }

  /** How many of these ended in another than their first attempt. */
  retried(ids: readonly string[]): number {
    return ids.filter((id) => this.#attempts.get(id) !== 1).length
  }

  /** Resolve once a handler has begun. */
  begun(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      this.#look = () => {
        if (this.starts(id) > 0) resolve()
      }
      this.#look()
    })
  }

  /** The longest that a thread was missing. */
  slowest(by: WorkerCase['death'], culprit: string): number {
    const deaths = [...this.deaths, ...this.#deaths(by, culprit)]
    const gaps = deaths.map((death) => {
      const begins = this.#begins.filter(({ at }) => at > death).map(({ at }) => at - death)
      return Math.min(...begins)
    })
    return Math.max(0, ...gaps)
  }

  #deaths(by: WorkerCase['death'], culprit: string): readonly number[] {
    switch (by) {
      case 'last-word':
        return this.#last
      case 'loss':
        return this.#losses.map(({ at }) => at)
      case 'end':
        return [this.#ends.get(culprit) ?? 0]
      default:
        return []
    }
  }

  stop(): void {
    for (const off of this.#off) off()
  }
}
