import { describe, expect, it } from 'vitest'
import { Ignore, Reject } from '../src/control-errors.ts'
import { ERRORS, type ErrorCode, UmbelError, umbelError } from '../src/errors.ts'
import { TaskError } from '../src/task-error.ts'

describe('every coded error', () => {
  it.each(Object.entries(ERRORS))('%s says what went wrong and what to do next', (code, { summary, nextStep }) => {
    expect(code).toMatch(/^UMBEL_[A-Z]+(_[A-Z]+)*$/)
    for (const sentence of [summary, nextStep]) {
      expect(sentence).toMatch(/^[A-Z].{15,}\.$/)
      expect(sentence).not.toMatch(/\s{2}/)
    }
    expect(nextStep).not.toBe(summary)
    const error = umbelError(code as ErrorCode, 'This happened.')
    expect(error).toBeInstanceOf(UmbelError)
    expect(error).toMatchObject({ name: 'UmbelError', code, message: `This happened. ${nextStep}`, details: {} })
  })

  it('has a summary of its own', () => {
    const summaries = Object.values(ERRORS).map(({ summary }) => summary)
    expect(new Set(summaries).size).toBe(summaries.length)
  })

  it('ends what went wrong with a full stop before it says what to do', () => {
    expect(umbelError('UMBEL_REJECTED', 'no such account').message).toMatch(/^no such account\. Mend /)
    expect(umbelError('UMBEL_REJECTED', 'Really?').message).toMatch(/^Really\? Mend /)
  })

  it('may bring a cause and details', () => {
    const cause = new Error('inner')
    const error = umbelError('UMBEL_TIMEOUT', 'Late.', { cause, details: { limit: 5 } })
    expect(error.cause).toBe(cause)
    expect(error.details).toEqual({ limit: 5 })
    expect('cause' in umbelError('UMBEL_TIMEOUT', 'Late.')).toBe(false)
  })
})

describe('other errors', () => {
  it('TaskError shows the remote name and message, and keeps its own stack beside the remote one', () => {
    const error = new TaskError({
      name: 'QuotaError',
      message: 'over',
      code: 'E',
      fields: { limit: 1 },
      stack: 'remote',
    })
    expect(`${error}`).toBe('QuotaError: over')
    expect(error).toMatchObject({ remoteName: 'QuotaError', code: 'E', fields: { limit: 1 }, remoteStack: 'remote' })
    expect(error.stack).toContain('errors.test')
    expect(new TaskError({ name: 'X', message: '' }).fields).toEqual({})
  })

  it('Ignore and Reject are errors, told apart by class', () => {
    expect(new Ignore()).toBeInstanceOf(Error)
    expect(new Reject('broken input')).toMatchObject({
      name: 'Reject',
      reason: 'broken input',
      message: 'broken input',
    })
  })
})
