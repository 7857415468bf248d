import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { buildPackages, conditionsOf } from '../built.ts'
import type { Measure, Size } from '../measure.ts'
import { type Spread, spread, withSpan } from '../spread.ts'

/** What a script that starts tells: milliseconds, and milliseconds of processor time in each second in which it idles. */
interface Started {
  readonly imported: number
  readonly firstTask: number
  readonly idleCpu: number
}

const SIDES = ['umbel', 'umbel-sqlite', 'piscina'] as const

const EFFORTS: Readonly<Record<Size, { readonly rounds: number; readonly idle: number }>> = {
  full: { rounds: 7, idle: 3_000 },
  short: { rounds: 1, idle: 50 },
}

/** What it takes to import Umbel, to have the first task run on a thread, and to idle; in processes of their own, beside bare Piscina. */
export const start: Measure = {
  name: 'start',
  async *run(size) {
    if (size === 'full') buildPackages()
    const told = new Map(SIDES.map((side): [string, Started[]] => [side, []]))
    const { rounds, idle } = EFFORTS[size]
    for (let round = -1; round < rounds; round += 1) {
      for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const figures = startOnce(side, idle, size)
        if (round >= 0) told.get(side)?.push(figures)
      }
    }
    for (const [side, figures] of told) {
      const result = { side, ...summedUp(figures) }
      yield { text: textOf(result), result }
    }
  },
}

function startOnce(side: string, idle: number, size: Size): Started {
  const child = fileURLToPath(new URL('./child.js', import.meta.url))
  const line = [...conditionsOf(size), child, side, String(idle)]
  return JSON.parse(execFileSync(process.execPath, line, { encoding: 'utf8' }))
}

function summedUp(figures: readonly Started[]): Record<keyof Started, Spread> {
  const of = (name: keyof Started): Spread => spread(figures.map((one) => one[name]))
  return { imported: of('imported'), firstTask: of('firstTask'), idleCpu: of('idleCpu') }
}

function textOf({ side, imported, firstTask, idleCpu }: Record<keyof Started, Spread> & { side: string }): string {
  const start = `import ${withSpan(imported, 0)} ms, then to the end of the first task on a thread ${withSpan(firstTask, 0)} ms`
  return `${side}: ${start}; idle it takes ${withSpan(idleCpu, 2)} ms of processor time a second`
}
