// Refuses a test run in which something was skipped: where everything is at hand, everything runs.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

const [, , path = ''] = process.argv
const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report
const left = testResults.flatMap(({ name, assertionResults }) =>
  assertionResults
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ status, fullName }) => `${status}: ${relative('.', name)} ${fullName}`),
)
for (const line of left) console.error(line)
if (left.length > 0) process.exitCode = 1
