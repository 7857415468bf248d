import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { withStatecharts } from '../../scripts/statecharts.ts'

test('ARCHITECTURE.md draws the statecharts that run (else: npm run docs:statecharts)', () => {
  const page = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8')
  expect(withStatecharts(page)).toBe(page)
})
