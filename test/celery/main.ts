// `npm run conformance:celery -- FILE [FILE...]`: recorded runs of real Celery, on the real engine.
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { isDemanded } from './compare.ts'
import { runVectors, type Verdict } from './conformance.ts'
import type { Vector } from './vector.ts'

const files = process.argv.slice(2)
if (files.length === 0) files.push(`${import.meta.dirname}/vectors.json`, `${import.meta.dirname}/more-vectors.json`)
const vectors = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Vector[])
const started = performance.now()
const verdicts = await runVectors(vectors)
const demanded = verdicts.filter(({ vector }) => isDemanded(vector))
const failed = demanded.filter(({ faults }) => faults.length > 0)
for (const verdict of failed) printFailure(verdict)
printSummary(demanded)
console.log(`${vectors.length} vectors in ${((performance.now() - started) / 1_000).toFixed(1)} s`)
const ids = (some: readonly Verdict[]): string[] => some.map(({ vector }) => vector.id)
const hung = ids(demanded.filter(({ actual }) => actual.hung))
console.log(
  JSON.stringify({ demanded: demanded.length, passed: demanded.length - failed.length, failed: ids(failed), hung }),
)
process.exitCode = failed.length > 0 || demanded.length === 0 ? 1 : 0

function printFailure({ vector, faults }: Verdict): void {
  console.log(`\n${vector.id} ${vector.title ?? ''}${vector['celery-bug'] ? ' (ideal)' : ''}\n  ${vector.python ?? ''}`)
  for (const { what, expected, actual } of faults) {
    console.log(`  ${what}\n    expected  ${short(expected)}\n    actual    ${short(actual)}`)
  }
}

function short(value: unknown): string {
  const text = inspect(value, { depth: 12, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 40 })
  return text.length > 600 ? `${text.slice(0, 600)} ...` : text
}

function printSummary(all: readonly Verdict[]): void {
  console.log('\ncategory    demanded  passed')
  for (const [category, some] of Map.groupBy(all, ({ vector }) => vector.category)) {
    const passed = some.filter(({ faults }) => faults.length === 0).length
    console.log(`${category.padEnd(12)}${String(some.length).padStart(8)}${String(passed).padStart(8)}`)
  }
}
