import { basename, join } from 'node:path'
import { type App, type AsyncResult, chain, chord, createApp, type Store, UmbelError } from 'umbel'
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
  /** Id of the whole: in a store, the same options on the same files have the same. */
  readonly run: string
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
      console.error(
        `flights-etl: interrupted, nothing written${line.some(isStore) ? '; the same command goes on' : ''}`,
      )
      return interrupted.reason === 'SIGTERM' ? 143 : 130
    }
    const expected = error instanceof InputError || error instanceof UsageError || isStoreError(error)
    console.error('flights-etl:', expected ? error.message : error)
    return error instanceof UsageError ? 2 : 1
  }
}

function isStore(word: string): boolean {
  return word === '--store' || word.startsWith('--store=')
}

function isStoreError(error: unknown): error is UmbelError {
  return error instanceof UmbelError && error.code.startsWith('UMBEL_STORE_')
}

async function etl(options: Options, interrupted: AbortSignal): Promise<Summary> {
  const app = createApp({
    tasks: [flights],
    lanes: { default: { threads: options.threads } },
    values: { maxBytes: 64 * 1024 * 1024 },
    ...(options.store !== undefined && { store: await storeIn(options.store) }),
  })
  // its threads start while the files are looked at and the work is sent; should they not, that ends the work
  const started = app.start()
  started.catch(() => {})
  let draft: Draft | undefined
  try {
    const { rowGroups } = await inspectFlights(options.input)
    const airportList = await readAirports(options.airports)
    const run = options.store === undefined ? 'flights' : await storedRun(options)
    draft = await draftIn(options.output, Object.values(files), options.store && run)
    return await runTasks(
      app,
      { ...options, rowGroups: rowGroups.length, airportList, draft, run },
      started,
      interrupted,
    )
  } finally {
    await app.stop({ deadline: '200ms' })
    if (options.store === undefined || !interrupted.aborted) await draft?.discard()
  }
}

/** The store is loaded where one is asked for. */
async function storeIn(file: string): Promise<Store> {
  const { sqliteStore } = await import('umbel/sqlite')
  return sqliteStore(file, { keepEvents: 100 })
}

/** The id of what is asked for, by which it is found in a store again. */
async function storedRun(options: Options): Promise<string> {
  const { runOf } = await import('./run.ts')
  return runOf(options)
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

async function runTasks(app: App, work: Work, started: Promise<void>, interrupted: AbortSignal): Promise<Summary> {
  const stages = { extract: work.rowGroups, transform: work.rowGroups, aggregate: 1, load: 1, report: 1 }
  const progress = await showProgress(stages, process.stderr)
  const stageOf = (task: string) => task.slice(task.indexOf('.') + 1)
  app.on('task-state', ({ task, id, state }) => progress.state(stageOf(task), id, state))
  app.on('task-progress', ({ task, id, done, total }) => progress.share(stageOf(task), id, done / total))
  app.on('task-success', ({ task, id }) => progress.done(stageOf(task), id))
  // a chord tells of a failure once all its members have ended: this tells at once
  const failure = new Promise<never>((_, fail) => {
    app.on('task-failure', ({ id, error }) => id.startsWith(`${work.run}/`) && fail(error))
    started.catch(fail)
  })
  failure.catch(() => {})
  try {
    const result = await begin(app, work)
    try {
      const summary = await Promise.race([result.get({ signal: interrupted }), failure])
      interrupted.throwIfAborted()
      await work.draft.publish()
      return summary
    } finally {
      if (!interrupted.aborted) await end(result)
    }
  } finally {
    progress.stop()
  }
}

/** Send the canvas, or go on with what an earlier process has sent. */
async function begin(app: App, work: Work): Promise<AsyncResult<Summary>> {
  const whole = canvas(work)
  try {
    return await app.result(work.run, whole)
  } catch (error) {
    if (!(error instanceof UmbelError) || error.code !== 'UMBEL_UNKNOWN_RESULT') throw error
    return app.delay(whole.set({ id: work.run }))
  }
}

/** It is over, one way or the other: the next run begins anew. */
async function end(result: AsyncResult<Summary>): Promise<void> {
  if (!result.ready()) await result.revoke()
  await result.get().catch(() => {})
  await result.forget()
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
