import { describe, expect, test } from 'vitest'
import { advance } from '../src/advance.ts'
import type { EngineEvent } from '../src/event.ts'
import { streamRowId } from '../src/rows.ts'
import { Desk } from './model.ts'

const id = streamRowId('files')
const advanced = (cursor: number, at: number): EngineEvent => ({ type: 'stream-advanced', id, cursor, at })

describe('the cursor of a stream', () => {
  test('is stored from the first item on, and moves', () => {
    const desk = new Desk()
    expect(desk.accept(advanced(1, 10))).toEqual([])
    expect(desk.rows.get(id)).toEqual({ kind: 'stream', id, cursor: 1, startedAt: 10, at: 10 })
    desk.accept(advanced(2, 11), advanced(5, 12))
    expect(desk.rows.get(id)).toEqual({ kind: 'stream', id, cursor: 5, startedAt: 10, at: 12 })
  })

  test('never goes back', () => {
    const desk = new Desk()
    desk.accept(advanced(5, 10))
    const step = advance(desk.rows, [advanced(4, 11), advanced(5, 12)])
    expect([step.rows, step.facts]).toEqual([[], []])
  })
})
