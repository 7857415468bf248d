import { basename, join } from 'node:path'
import { chain, chord, createApp } from 'umbel'
import { type Airport, readAirports } from './airports.ts'
import { inspectFlights } from './flights.ts'
import { InputError } from './input-error.ts'
import { type Options, readOptions, UsageError, usage } from './options.ts'
import { type Draft, draftIn } from './output-folder.ts'
import { showProgress } from './progress.ts'
import { formatSummary, type Summary } from './summary.ts'
import { aggregate, extract, flights, load, report, transform } from './tasks.ts'

const files = { database: 'flights.db', page: 'flights.html' } as const

/** What the tasks work on: checked before the first of them starts. */
interface Work extends Options {
  readonly rowGroups: number
  readonly airportList: readonly Airport[]
  readonly draft: Draft
}

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort(signal))
process.exitCode = await main(process.argv.slice(2), interrupt.signal)

async function main(line: readonly string[], interrupted: AbortSignal): Promise<number> {
  try {
    const options = readOptions(line)
    if (options === 'help') console.log(usage)
    else say(options, await etl(options, interrupted))
    return 0
  } catch (error) {
    if (interrupted.aborted) {
      console.error('flights-etl: interrupted, nothing written')
      return interrupted.reason === 'SIGTERM' ? 143 : 130
    }
    const expected = error instanceof InputError || error instanceof UsageError
    console.error('flights-etl:', expected ? error.message : error)
    return error instanceof UsageError ? 2 : 1
  }
}

async function etl(options: Options, interrupted: AbortSignal): Promise<Summary> {
  const { rowGroups } = await inspectFlights(options.input)
  const airportList = await readAirports(options.airports)
  const draft = await draftIn(options.output, Object.values(files))
  try {
    const summary = await runTasks({ ...options, rowGroups: rowGroups.length, airportList, draft }, interrupted)
    interrupted.throwIfAborted()
    await draft.publish()
    return summary
  } finally {
    await draft.discard()
  }
}

/** The work as a canvas: row groups are read and counted side by side, then their counts become one file and one page. */
function canvas({ input, rowGroups, airportList, draft }: Work) {
  const codes = airportList.map(({ iata }) => iata)
  const counted = Array.from({ length: rowGroups }, (_, i) => chain(extract.s(input, i), transform.s(codes)))
  return chain(
    chord(counted, aggregate.s()),
    load.s(airportList, draft.path(files.database)),
    report.s(draft.path(files.page), basename(input)),
  )
}

async function runTasks(work: Work, interrupted: AbortSignal): Promise<Summary> {
  const app = createApp({
    tasks: [flights],
    lanes: { default: { threads: work.threads } },
    values: { maxBytes: 64 * 1024 * 1024 },
  })
  const stages = { extract: work.rowGroups, transform: work.rowGroups, aggregate: 1, load: 1, report: 1 }
  const progress = showProgress(stages, process.stderr)
  const stageOf = (task: string) => task.slice(task.indexOf('.') + 1)
  app.on('task-state', ({ task, id, state }) => progress.state(stageOf(task), id, state))
  app.on('task-progress', ({ task, id, done, total }) => progress.share(stageOf(task), id, done / total))
  app.on('task-success', ({ task, id }) => progress.done(stageOf(task), id))
  // a chord tells of a failure once all its members have ended: this tells at once
  const failure = new Promise<never>((_, fail) => app.on('task-failure', ({ error }) => fail(error)))
  try {
    return await Promise.race([canvas(work).delay().get({ signal: interrupted }), failure])
  } finally {
    progress.stop()
    await app.stop({ deadline: '200ms' })
  }
}

function say({ json, output }: Options, summary: Summary): void {
  const seconds = Math.round(performance.now()) / 1000
  if (json) {
    console.log(JSON.stringify({ ...summary, seconds }))
    return
  }
  const places = Object.values(files).map((name) => join(output, name))
  console.log(`${formatSummary(summary)}\nIn ${seconds.toFixed(1)} seconds, written to ${places.join(' and ')}`)
}
