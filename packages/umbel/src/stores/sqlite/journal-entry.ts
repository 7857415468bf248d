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

/** What stands for a value that is that of the row before: most of what tasks of one batch are stored with is the same. */
const SAME = '='

/**
 * An entry as the journal has it: how many values are of what was sent and of what has changed, and the excess; then each value on a line of its
 * own, which takes a third of the time that JSON takes. Where a value is no line, of one of bytes or of several lines, all of it is JSON.
 */
export const writeEntry = (entry: JournalEntry): Packed => asLines(entry) ?? pack(entry)

/** Read what `writeEntry` made. @throws where it is damaged */
export function readEntry(written: Packed): JournalEntry {
  if (typeof written !== 'string' || written.startsWith('{')) return unpack(written) as JournalEntry
  const lines = written.split('\n')
  const [sent, changed, excess, same] = JSON.parse(lines[0] as string) as Head
  const from = 1 + sent
  const end = from + changed
  if (lines.length !== end + 1) throw new RangeError('an entry of the journal is cut')
  const values = (begins: number, ends: number, numbers: readonly boolean[]): Value[] =>
    valuesOf(lines.slice(begins, ends), numbers, same)
  return { sent: values(1, from, NUMBERS_SENT), changed: values(from, end, NUMBERS_CHANGED), excess }
}

/** What stands on the first line. Without `same`, as a version before the ninth wrote it, nothing stands for a value but itself. */
type Head = readonly [sent: number, changed: number, excess: JournalEntry['excess'], same?: typeof SAME]

function asLines({ sent, changed, excess }: JournalEntry): string | undefined {
  const head: Head = [sent.length, changed.length, excess, SAME]
  const lines = withLines(`${JSON.stringify(head)}\n`, sent, SENT)
  return lines === undefined ? undefined : withLines(lines, changed, CHANGED)
}

/** Put values behind some lines, so many of each row. */
function withLines(before: string, values: readonly Value[], width: number): string | undefined {
  let lines = before
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as Value
    if (value === null) lines += '\n'
    else if (at >= width && value === values[at - width]) lines += `${SAME}\n`
    else if (typeof value === 'number' || isLine(value)) lines += `${value}\n`
    else return undefined
  }
  return lines
}

/** Nothing is no line of its own: that is what nothing at all is written as. */
const isLine = (value: Packed): boolean =>
  typeof value === 'string' && value !== '' && value !== SAME && !value.includes('\n')

/** The values of some lines, given which of the values of each row are numbers, and what stands for one of the row before. */
function valuesOf(lines: readonly string[], numbers: readonly boolean[], same: string | undefined): Value[] {
  const values: Value[] = []
  for (let at = 0; at < lines.length; )
    for (let place = 0; place < numbers.length; place += 1, at += 1) {
      const line = lines[at] as string
      if (line === '') values.push(null)
      else if (line === same) values.push(values[at - numbers.length] as Value)
      else values.push(numbers[place] === true ? Number(line) : line)
    }
  return values
}
