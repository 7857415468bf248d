import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** What the command line asks for; paths are absolute. */
export interface Options {
  readonly input: string
  readonly airports: string
  readonly output: string
  readonly threads: number
  /** File in which the work is kept, so that a run that was cut off goes on. */
  readonly store: string | undefined
  readonly json: boolean
}

/** The command line asks for something the app does not know. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What `--help` prints. */
export const usage = `Count three million flights: read them on threads, load them into SQLite, draw a report.

  --input FILE      flights, parquet     (default: the flights of 2001 in vega-datasets)
  --airports FILE   airports, CSV        (default: those of vega-datasets)
  --output DIR      where flights.db and flights.html go   (default: ./out)
  --threads N       threads that read and count            (default: one for each core)
  --store FILE      keep the work in this file: killed and started again with the same options, it goes on where it was
  --json            print one JSON object instead of the summary
  --help            print this

Exit codes: 0 done, 1 failed, 2 wrong options, 130 interrupted. Unless it is done, nothing is written; with
--store the unfinished output stays hidden in DIR until it is.`

/** Read the command line, without the program's name; `help` when that is asked for. Throws UsageError. */
export function readOptions(line: readonly string[]): Options | 'help' {
  const { input, airports, output, threads, store, json, help } = parse(line)
  if (help) return 'help'
  return {
    input: resolve(input ?? dataset('flights-3m.parquet')),
    airports: resolve(airports ?? dataset('airports.csv')),
    output: resolve(output ?? 'out'),
    threads: threads === undefined ? availableParallelism() : wholeThreads(threads),
    store: store === undefined ? undefined : resolve(store),
    json: json ?? false,
  }
}

function parse(line: readonly string[]) {
  try {
    return parseArgs({
      args: [...line],
      options: {
        input: { type: 'string' },
        airports: { type: 'string' },
        output: { type: 'string' },
        threads: { type: 'string' },
        store: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

function wholeThreads(text: string): number {
  const threads = Number(text)
  if (/^\d+$/.test(text) && threads >= 1 && threads <= 64) return threads
  throw new UsageError(`--threads takes a whole number from 1 to 64, not "${text}"`)
}

function dataset(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')))
}
