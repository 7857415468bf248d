import { expect, test } from 'vitest'
import { here } from '../machine-time.ts'
import { type Compiled, compile } from './compiler.ts'

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
const list = (of: readonly number[], show: (index: number) => string): string => of.map(show).join(', ')

// a hundred tasks, each of types of its own
const tasks = `
import { chain, defineTasks, group } from 'umbel'
export const m = defineTasks(import.meta, 'm', {
${list(range(0, 100), (i) => `t${i}: async (_ctx, a: { f${i}: number }, b: string): Promise<{ f${i + 1}: number }> => ({ f${i + 1}: b.length + a.f${i} })\n`)}})
`
const steps = `
export const c = chain(m.t0.s({ f0: 1 }, 'x'), ${list(range(1, 60), (i) => `m.t${i}.s('x')`)})
export const r: Promise<{ f60: number }> = c.delay().get()
`
const members = `
export const g = group(${list(range(0, 100), (i) => `m.t${i}.s({ f${i}: 1 }, 'x')`)})
export const r: Promise<{ f100: number }> = g.delay().get().then((all) => all[99])
`

/** The fastest of a few: what other programs do on the machine only ever adds. */
async function best(program: string): Promise<Compiled> {
  const runs: Compiled[] = []
  for (const _ of range(0, 3)) runs.push(await compile({ program }))
  return runs.reduce((a, b) => (b.checkTime < a.checkTime ? b : a))
}

test('a chain of 60 steps and a group of 100 members type-check in under 2 s each', async () => {
  const empty = await best(
    `import { chain, defineTasks, group } from 'umbel'\nexport const all = [chain, defineTasks, group]\n`,
  )
  for (const program of [steps, members]) {
    const full = await best(`${tasks}${program}`)
    expect(full.messages.program).toBe('')
    expect(full.checkTime - empty.checkTime).toBeLessThan(here(2))
    expect(full.instantiations - empty.instantiations).toBeLessThan(200_000)
  }
})
