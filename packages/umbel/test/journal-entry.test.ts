import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type JournalEntry, readEntry, writeEntry } from '../src/stores/sqlite/journal-entry.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '=', '==', '{', '0', 'null', 'a\nb', '\n', 'a\0b', '\u2028', '{"args":"[1]"}'),
)
const bytes = fc.uint8Array({ maxLength: 5 })
const packed = fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: bytes })
const moment = fc.double({ noDefaultInfinity: true, noNaN: true }).map((given) => given + 0) // no -0
const time = fc.option(fc.oneof(moment, fc.constantFrom(0, 1_764_000_000_000)))
const sent = fc.tuple(fc.nat(), text, text, text, fc.option(text), time, time, fc.option(fc.nat()), packed, packed)
const changed = fc.tuple(fc.nat(), text, time, packed)
const entry = fc.record({
  sent: fc.array(sent).map((rows) => rows.flat()),
  changed: fc.array(changed).map((rows) => rows.flat()),
  excess: fc.array(fc.tuple(text, fc.nat())),
}) as fc.Arbitrary<JournalEntry>

test('an entry is read as it was written, whatever its values are', () => {
  fc.assert(
    fc.property(entry, (one) => void expect(readEntry(writeEntry(one))).toEqual(one)),
    { numRuns: 1_000 },
  )
})

const plain = {
  sent: [7, 'id', 'STARTED', 'bench.noop', null, 1_764_000_000_000, null, 1, '{"args":"[1]"}', '{"attempt":1}'],
  changed: [6, 'SUCCESS', 1_764_000_000_001, '{"attempt":1,"result":"1"}'],
  excess: [['SUCCESS', 1]] as const,
}

test('that of plain tasks is a line for each value', () => {
  const written = writeEntry(plain)
  expect(String(written).match(/\n/g)).toHaveLength(1 + 10 + 4)
  expect(readEntry(written)).toEqual(plain)
})

test('what is the same as in the row before is not written again', () => {
  const row = plain.sent.slice(2)
  const written = writeEntry({ ...plain, sent: [7, 'id', ...row, 8, 'other', ...row] })
  expect(String(written).split('\n').slice(11, 21)).toEqual(['8', 'other', '=', '=', '', '=', '', '=', '=', '='])
  expect(readEntry(written)).toMatchObject({ sent: [7, 'id', ...row, 8, 'other', ...row] })
})

test('in one of a version before nothing stands for a value but itself', () => {
  const sent = '7\n=\n=\n=\n\n\n\n\n=\n=\n'
  const values = [7, '=', '=', '=', null, null, null, null, '=', '=']
  expect(readEntry(`[20,0,[]]\n${sent}${sent}`)).toEqual({ sent: [...values, ...values], changed: [], excess: [] })
})

test('one that is cut anywhere is refused', () => {
  const written = String(writeEntry(plain))
  for (let length = 0; length < written.length; length += 1)
    expect(() => readEntry(written.slice(0, length)), String(length)).toThrow()
})
