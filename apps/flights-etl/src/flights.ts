// Extract: one row group of the flights file into typed columns.
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type Compressors,
  type DecodedArray,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadataAsync,
  parquetScan,
  type SchemaElement,
} from 'hyparquet'
import { InputError, inputError, whyNot } from './input-error.ts'

/** The flights of one row group, column by column; about 12 bytes a flight, so that it travels between threads cheaply. */
export interface FlightColumns {
  readonly file: string
  readonly rowGroup: number
  /** The place of the first flight in the whole file, counted from 0. */
  readonly firstRow: number
  /** Actual departure, in minutes since 1970, by the clock of the origin. */
  readonly departure: Int32Array
  /** Delay on arrival in minutes; negative when early. */
  readonly delay: Int16Array
  /** Miles. */
  readonly distance: Uint16Array
  /** `origin` and `destination` hold indexes into `codes`, the IATA codes in the order they were met. */
  readonly origin: Uint16Array
  readonly destination: Uint16Array
  readonly codes: readonly string[]
}

/** What the footer of a flights file says: how many flights each row group holds. */
export interface FlightFile {
  readonly path: string
  readonly rows: number
  readonly rowGroups: readonly number[]
}

type Kind = 'time' | 'integer' | 'text'
type Column = 'date' | 'delay' | 'distance' | 'origin' | 'destination'

type Fixed = Int32Array | Int16Array | Uint16Array

const kinds: Readonly<Record<Column, Kind>> = {
  date: 'time',
  delay: 'integer',
  distance: 'integer',
  origin: 'text',
  destination: 'text',
}

/** Node's own decompressors, several times as fast as those in JavaScript; hyparquet brings Snappy. */
const compressors: Compressors = {
  ZSTD: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: length }),
  GZIP: (bytes, length) => gunzipSync(bytes, { maxOutputLength: length }),
  BROTLI: (bytes, length) => brotliDecompressSync(bytes, { maxOutputLength: length }),
}

/**
 * Read the footer of a flights file and check that it has the columns `date`, `delay`, `distance`, `origin` and
 * `destination`, each of its type. Throws InputError when the file is missing, damaged, empty, or of another kind.
 */
export async function inspectFlights(path: string): Promise<FlightFile> {
  const { metadata } = await openFlights(path)
  const rowGroups = metadata.row_groups.map((group) => Number(group.num_rows))
  const rows = rowGroups.reduce((sum, count) => sum + count, 0)
  if (rows === 0) throw inputError(path, 'holds no flights')
  return { path, rows, rowGroups }
}

/**
 * Read one row group. `onColumn` is told after each column how many of all there are have been read.
 * Throws InputError when the file cannot be decoded, or when a value is missing or does not fit its column.
 */
export async function readRowGroup(
  path: string,
  rowGroup: number,
  { signal, onColumn }: { signal?: AbortSignal; onColumn?: (done: number, total: number) => void } = {},
): Promise<FlightColumns> {
  const { file, metadata } = await openFlights(path)
  const { codes, parsers } = flightParsers()
  const scan = await parquetScan({ file, metadata, columns: Object.keys(kinds), compressors, parsers })
  const range = scan.ranges[rowGroup]
  if (!range) throw inputError(path, `has no row group ${rowGroup}`)
  const { rowStart: firstRow, rowEnd } = range
  const rows = rowEnd - firstRow
  let done = 0
  const read = async <Values extends Fixed>(column: Column, values: Values): Promise<Values> => {
    signal?.throwIfAborted()
    try {
      fill(values, await scan.readColumn({ column, rowStart: firstRow, rowEnd }))
    } catch (error) {
      const where = error instanceof BadValue ? placeOf({ rowGroup, firstRow }, error.row) : `row group ${rowGroup}`
      throw inputError(path, `${where}: ${column} ${(error as Error).message}`, error)
    }
    onColumn?.(++done, Object.keys(kinds).length)
    return values
  }
  return {
    file: path,
    rowGroup,
    firstRow,
    departure: await read('date', new Int32Array(rows)),
    delay: await read('delay', new Int16Array(rows)),
    distance: await read('distance', new Uint16Array(rows)),
    origin: await read('origin', new Uint16Array(rows)),
    destination: await read('destination', new Uint16Array(rows)),
    codes: [...codes.keys()],
  }
}

/** Name a row in words with which it can be found; all its numbers count from 0, as parquet tools count. */
export function placeOf({ rowGroup, firstRow }: { rowGroup: number; firstRow: number }, row: number): string {
  return `row group ${rowGroup}, row ${row} (row ${firstRow + row} of the file)`
}

async function openFlights(path: string): Promise<{ file: AsyncBuffer; metadata: FileMetaData }> {
  try {
    const file = await asyncBufferFromFile(path)
    const metadata = await parquetMetadataAsync(file)
    for (const [column, kind] of Object.entries(kinds)) {
      const element = metadata.schema.find(({ name }) => name === column)
      if (!element) throw inputError(path, `has no column "${column}"`)
      if (kindOf(element) !== kind) throw inputError(path, `column "${column}" does not hold ${kind}s`)
      // a decimal without decimals is decoded as a number, an integer of 64 bits as a bigint, at twice the time
      if (kind === 'integer') Object.assign(element, { converted_type: 'DECIMAL', scale: 0 })
    }
    return { file, metadata }
  } catch (error) {
    throw error instanceof InputError ? error : inputError(path, whyNot(error), error)
  }
}

function kindOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): Kind | undefined {
  if (logical?.type === 'TIMESTAMP' || converted?.startsWith('TIMESTAMP_')) return 'time'
  if (logical?.type === 'STRING' || converted === 'UTF8') return 'text'
  const plain = logical === undefined && (converted === undefined || /^U?INT_/.test(converted))
  if ((type === 'INT32' || type === 'INT64') && (plain || logical?.type === 'INTEGER')) return 'integer'
  return undefined
}

/** Parsers that make a time its whole minutes, and a text its number in `codes`: neither makes an object for each flight. */
function flightParsers(): { codes: Map<string, number>; parsers: Partial<ParquetParsers> } {
  const codes = new Map<string, number>()
  const decoder = new TextDecoder()
  const parsers: Partial<ParquetParsers> = {
    timestampFromMilliseconds: (time) => Math.floor(Number(time) / 60_000),
    timestampFromMicroseconds: (time) => Math.floor(Number(time) / 60_000_000),
    timestampFromNanoseconds: (time) => Math.floor(Number(time / 1000n) / 60_000_000),
    stringFromBytes: (bytes: Uint8Array | undefined) => {
      if (bytes === undefined) return undefined
      const code = decoder.decode(bytes)
      const known = codes.get(code)
      if (known !== undefined) return known
      codes.set(code, codes.size)
      return codes.size - 1
    },
  }
  return { codes, parsers }
}

class BadValue extends Error {
  readonly row: number

  constructor(row: number, problem: string) {
    super(problem)
    this.row = row
  }
}

/** Copy decoded values into a typed array of the same length; a value that is missing or does not fit is a BadValue. */
function fill(into: Fixed, values: DecodedArray): void {
  if (values.length !== into.length) throw new Error(`has ${values.length} values for ${into.length} rows`)
  for (let row = 0; row < into.length; row++) {
    const value: unknown = values[row]
    if (typeof value !== 'number') throw new BadValue(row, 'is missing')
    into[row] = value
    if (into[row] !== value) throw new BadValue(row, `${value} is out of range`)
  }
}
