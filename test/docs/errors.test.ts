import { expect, test } from 'vitest'
import { errorsPage, writtenErrorsPage } from '../../scripts/errors-page.ts'

test('docs/errors.md lists every code there is (else: npm run docs:errors)', () => {
  expect(writtenErrorsPage()).toBe(errorsPage())
})
