import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { buildPackages, conditionsOf } from '../built.ts'
import type { Measure, Size } from '../measure.ts'
import { type Spread, spread, withSpan } from '../spread.ts'

const script = fileURLToPath(new URL('./child.js', import.meta.url))

const EFFORTS = {
  full: { rounds: 5, inFlight: [10, 10_000], sent: 1_000 },
  short: { rounds: 1, inFlight: [10, 200], sent: 10 },
} as const satisfies Record<Size, object>

/** How soon work goes on after a kill -9, and how soon an owner takes in what others send. In processes of their own, of the packages as published. */
export const recovery: readonly Measure[] = [
  {
    name: 'recovery-start',
    async *run(size) {
      if (size === 'full') buildPackages()
      for (const inFlight of EFFORTS[size].inFlight) {
        const result = recoveries(inFlight, EFFORTS[size].rounds, size)
        yield { text: textOf(result), result }
      }
    },
  },
  {
    name: 'recovery-intake',
    async *run(size) {
      if (size === 'full') buildPackages()
      const result = await intake(EFFORTS[size].sent, size)
      const { sent, p50, p99, most } = result
      const text = `from accepted by a sender to stored by the owner, of ${sent}: half within ${p50.toFixed(1)} ms, 99 of 100 within ${p99.toFixed(1)} ms, all within ${most.toFixed(1)} ms`
      yield { text, result }
    },
  },
]

/** Milliseconds from `app.start()` on. */
interface Recovered {
  /** Until it has resolved. */
  readonly ready: number
  /** Until all that was in flight was seen in its lane again. */
  readonly issuedAfter: number
  /** Until the handler of the first task started. */
  readonly first: number
  /** Tasks that were in their lanes again. */
  readonly issued: number
}

type Recoveries = { readonly inFlight: number; readonly lost: number } & Readonly<
  Record<'ready' | 'issuedAfter' | 'first', Spread>
>

function recoveries(inFlight: number, rounds: number, size: Size): Recoveries {
  const told = Array.from({ length: rounds }, () =>
    inFolder((file) => {
      spawnSync(process.execPath, [...conditionsOf(size), script, 'fill', file, String(inFlight)], { stdio: 'inherit' })
      const { stdout } = spawnSync(process.execPath, [...conditionsOf(size), script, 'recover', file], {
        stdio: ['ignore', 'pipe', 'inherit'],
        encoding: 'utf8',
      })
      return JSON.parse(stdout) as Recovered
    }),
  )
  const of = (name: keyof Recovered): Spread => spread(told.map((one) => one[name]))
  const lost = told.reduce((sum, { issued }) => sum + inFlight - issued, 0)
  return { inFlight, lost, ready: of('ready'), issuedAfter: of('issuedAfter'), first: of('first') }
}

function textOf({ inFlight, lost, issuedAfter, first }: Recoveries): string {
  const issued = `all are in their lanes again after ${withSpan(issuedAfter, 0)} ms`
  return `${inFlight} in flight at kill -9: ${issued}, the first handler starts after ${withSpan(first, 0)} ms, ${lost} lost`
}

interface Intake {
  readonly sent: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly most: number
}

/** One process owns a file, another one sends, one thing after the other. */
async function intake(count: number, size: Size): Promise<Intake> {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
  const [file, taken] = [join(folder, 'work.db'), new Map<string, number>()]
  const owner = childOf(size, 'own', file)
  try {
    const lines = linesOf(owner)
    await lines.next() // it is ready
    const reading = (async () => {
      for await (const { id, at } of lines) taken.set(id, at)
    })()
    const took: number[] = []
    const sent: Line[] = []
    for await (const line of linesOf(childOf(size, 'send', file, String(count)))) sent.push(line)
    while (sent.some(({ id }) => !taken.has(id))) await after(10)
    for (const { id, at } of sent) took.push(Math.max(0, (taken.get(id) as number) - at))
    owner.kill('SIGTERM')
    await reading
    const sorted = took.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] as number
    return { sent: sorted.length, p50: at(0.5), p99: at(0.99), most: at(1) }
  } finally {
    owner.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Line {
  readonly id: string
  readonly at: number
}

const childOf = (size: Size, ...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [...conditionsOf(size), script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })

async function* linesOf({ stdout }: ChildProcess): AsyncGenerator<Line> {
  if (stdout === null) return
  for await (const line of createInterface({ input: stdout })) yield JSON.parse(line) as Line
}

function inFolder<T>(measure: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
  try {
    return measure(join(folder, 'work.db'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
