// Replays the runs in the file of a store through the machines of a module: `npm run replay -- FILE MODULE`. The last line is JSON.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { breaks, type ReplayCode, type ReplayedRun, replayRuns } from 'umbel/sqlite'
import { StateMachine } from 'xstate'

/** By which a task is known, in whatever copy of the package it was made. */
const TASK = Symbol.for('umbel.definition')

const [file, module] = process.argv.slice(2)
if (file === undefined || module === undefined) {
  console.error(
    'Say which file, and which module exports the machines and their tasks: npm run replay -- work.db ./order.ts',
  )
  process.exit(2)
}
const code = codeOf(Object.values(await import(pathToFileURL(resolve(module)).href)))
const runs = replayRuns(file, code)
for (const run of runs) console.log(line(run))
const counts = Object.fromEntries(
  Object.entries(Object.groupBy(runs, ({ verdict }) => verdict)).map(([v, of]) => [v, of?.length]),
)
console.log(JSON.stringify({ file, runs: runs.length, ...counts, broken: runs.filter(breaks) }))
process.exitCode = runs.some(breaks) ? 1 : 0

/** Machines, workflows and families of tasks among what a module exports. */
function codeOf(exported: readonly unknown[]): ReplayCode {
  const found = exported.flat().filter((one) => typeof one === 'object' && one !== null)
  return {
    workflows: found.filter(isWorkflow) as NonNullable<ReplayCode['workflows']>,
    tasks: found.filter((one) => Object.values(one).some(isTask)) as NonNullable<ReplayCode['tasks']>,
  }
}

function isWorkflow(one: object): boolean {
  return one instanceof StateMachine || ('machine' in one && one.machine instanceof StateMachine)
}

function isTask(one: unknown): boolean {
  return typeof one === 'object' && one !== null && TASK in one
}

function line({ id, machine, version, verdict, steps, difference, why }: ReplayedRun): string {
  const run = `${verdict.padEnd(10)} ${id} (${machine} ${version})`
  if (difference === undefined) return why === undefined ? `${run}: ${steps} steps` : `${run}: ${why}`
  const { step, event, what, recorded, now } = difference
  const at = event === undefined ? 'at the end' : `at step ${step}, ${event}`
  return `${run}: ${at}: ${what} was ${JSON.stringify(recorded)}, is ${JSON.stringify(now)}${why === undefined ? '' : ` (${why})`}`
}
