import { didYouMean, umbelError } from '@umbel/core/tasks'
import { shown } from './known-names.ts'

/** Refuse what is no record of options, and names that are none of them. `where` is what they are given to. @throws UMBEL_BAD_OPTION */
export function checkNames(where: string, options: object, known: readonly string[]): void {
  checkRecord(where, options)
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw umbelError('UMBEL_BAD_OPTION', `${where} has no option ${name.slice(0, 80)}.${didYouMean(name, known)}`)
  }
}

/** Refuse what is no record of options. @throws UMBEL_BAD_OPTION */
export function checkRecord(where: string, options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw umbelError('UMBEL_BAD_OPTION', `${where} takes an object of options.`)
}

/** Refuse what is no whole number between two bounds, both included. @throws UMBEL_BAD_OPTION */
export function whole(value: number, option: string, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw umbelError(
    'UMBEL_BAD_OPTION',
    `${option} is ${typeof value === 'number' ? value : `a ${typeof value}`}; it must be a whole number from ${least} to ${most}.`,
  )
}

/** Refuse what is no priority. `of` is what is to have it. @throws UMBEL_BAD_PRIORITY */
export function checkedPriority(priority: number, of: string): number {
  if (Number.isInteger(priority) && priority >= 0 && priority <= 9) return priority
  throw umbelError('UMBEL_BAD_PRIORITY', `The priority of ${of} is ${shown(priority)}.`)
}
