import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compile } from '../types/compiler.ts'
import { repository } from './blocks.ts'

/** The cells of each row of the page's tables whose first cell is a name in backticks. */
function rowsOf(page: string): Map<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>()
  for (const line of page.split('\n')) {
    const [, first = '', ...rest] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    const name = /^`([\w-]+)`$/.exec(first)?.[1]
    if (name !== undefined) rows.set(name, rest.slice(0, -1))
  }
  return rows
}

/** What a row says is told, as a type: names of what it begins with, then fields. */
function typeOf(cell: string): string {
  const parts = [...cell.matchAll(/`([^`]+)`/g)].map(([, part = '']) => part.replaceAll('\\|', '|'))
  const fields = parts.filter((part) => part.includes(':'))
  return [...parts.filter((part) => !part.includes(':')), `{ ${fields.join('; ')} }`].join(' & ')
}

test('docs/signals.md lists every signal with exactly what it tells', async () => {
  const rows = rowsOf(readFileSync(join(repository, 'docs/signals.md'), 'utf8'))
  const signals = [...rows].filter(([name]) => name.includes('-'))
  expect(signals.length).toBeGreaterThan(20)
  const claims = signals.map(([name, [, tells = '']]) => `holds<Same<Signals['${name}'], ${typeOf(tells)}>>()`)
  const bases = ['TaskSignal', 'AttemptSignal'].map(
    (name) => `holds<Same<${name}, ${typeOf(rows.get(name)?.[0] ?? '')}>>()`,
  )
  const { messages } = await compile({
    page: [
      `import type { AttemptSignal, Duration, SignalName, Signals, TaskHeaders, TaskSignal } from 'umbel'`,
      'type Plain<T> = { -readonly [Key in keyof T]: T[Key] }',
      'type Alike<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : [A, B]',
      'type Same<A, B> = Alike<Plain<A>, Plain<B>>',
      'const holds = <T extends true>(): T => true as T',
      ...bases,
      ...claims,
      `const listed: Record<SignalName, true> = { ${signals.map(([name]) => `'${name}': true`).join(', ')} }`,
      'export { listed }',
    ].join('\n'),
  })
  expect(messages.page).toBe('')
})
