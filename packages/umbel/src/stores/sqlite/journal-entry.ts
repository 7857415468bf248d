import { type Packed, pack, unpack } from './pack.ts'

/** A value of a column. */
export type Value = Packed | number | null

/** Which of the values are numbers, where they are anything, of what was sent and of what has changed. */
const NUMBERS_SENT = [true, false, false, false, false, true, true, true, false, false]
const NUMBERS_CHANGED = [true, false, true, false]

/** What stands in `sent` for each row: n, id, state, task, parent, sent_at, ended_at, number of its spec, fixed, body. */
export const SENT = NUMBERS_SENT.length

/** What stands in `changed` for each row: n, state, ended_at, body. */
export const CHANGED = NUMBERS_CHANGED.length

/** What a batch of plain tasks changes, but for the log. Rows stand in flat lists: to write the names of fields for each takes longer than all else. */
export interface JournalEntry {
  /** Tasks that are new, `SENT` values each. */
  readonly sent: readonly Value[]
  /** What changes about tasks that are stored, `CHANGED` values each. */
  readonly changed: readonly Value[]
  /** How many of the oldest are dropped of what has ended in each state. */
  readonly excess: readonly (readonly [state: string, count: number])[]
}

/**
 * An entry as the journal has it: how many values are of what was sent and of what has changed, and the excess; then each value on a line of its
 * own, which takes a third of the time that JSON takes. Where a value is no line, of one of bytes or of several lines, all of it is JSON.
 */
export const writeEntry = (entry: JournalEntry): Packed => asLines(entry) ?? pack(entry)

/** Read what `writeEntry` made. @throws where it is damaged */
export function readEntry(written: Packed): JournalEntry {
  if (typeof written !== 'string' || written.startsWith('{')) return unpack(written) as JournalEntry
  const lines = written.split('\n')
  const [sent, changed, excess] = JSON.parse(lines[0] as string) as Head
  const from = 1 + sent
  const end = from + changed
  if (lines.length !== end + 1) throw new RangeError('an entry of the journal is cut')
  return { sent: valuesOf(lines, 1, from, NUMBERS_SENT), changed: valuesOf(lines, from, end, NUMBERS_CHANGED), excess }
}

/** What stands on the first line. */
type Head = readonly [sent: number, changed: number, excess: JournalEntry['excess']]

function asLines({ sent, changed, excess }: JournalEntry): string | undefined {
  const head: Head = [sent.length, changed.length, excess]
  const lines = withLines(`${JSON.stringify(head)}\n`, sent)
  return lines === undefined ? undefined : withLines(lines, changed)
}

function withLines(before: string, values: readonly Value[]): string | undefined {
  let lines = before
  for (const value of values) {
    if (value !== null && typeof value !== 'number' && !isLine(value)) return undefined
    lines += value === null ? '\n' : `${value}\n`
  }
  return lines
}

/** Nothing is no line of its own: that is what nothing at all is written as. */
const isLine = (value: Packed): boolean => typeof value === 'string' && value !== '' && !value.includes('\n')

/** The values of some lines, given which of the values of each row are numbers. */
function valuesOf(lines: readonly string[], from: number, to: number, numbers: readonly boolean[]): Value[] {
  const values: Value[] = []
  for (let at = from; at < to; )
    for (let place = 0; place < numbers.length; place += 1, at += 1) {
      const line = lines[at] as string
      if (line === '') values.push(null)
      else values.push(numbers[place] === true ? Number(line) : line)
    }
  return values
}
