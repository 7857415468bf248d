// `npm run torture:workers`: every way in which a handler can harm its thread, on real threads with others at work.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tortureWorkers } from './worker-torture.ts'

/** Milliseconds within which a thread is replaced. */
const LIMIT = 500

// types are stripped once and not in each thread anew, so that threads start as fast as those of the built package
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../../node_modules/.cache/compile')

const { values } = parseArgs({ options: { times: { type: 'string', default: '10' } } })
const verdicts = await tortureWorkers(Number(values.times), ({ name, hung, misblamed, replacementMs }) => {
  const fault = hung ? 'HUNG' : misblamed.join('; ')
  if (fault !== '') console.log(`${name}: ${fault}`)
  else if (replacementMs >= LIMIT) console.log(`${name}: ${replacementMs} ms until the thread was replaced`)
})
for (const [name, all] of Map.groupBy(verdicts, (verdict) => verdict.name)) {
  const slowest = Math.max(...all.map(({ replacementMs }) => replacementMs))
  console.log(`${name.padEnd(40)}${slowest > 0 ? `${slowest} ms` : ''}`)
}
const hung = verdicts.filter((verdict) => verdict.hung).length
const misblamed = verdicts.filter((verdict) => verdict.misblamed.length > 0).length
const slowestReplacementMs = Math.max(...verdicts.map(({ replacementMs }) => replacementMs))
console.log(JSON.stringify({ cases: verdicts.length, hung, misblamed, slowestReplacementMs }))
process.exitCode = hung === 0 && misblamed === 0 && slowestReplacementMs < LIMIT ? 0 : 1
