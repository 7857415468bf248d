import { readFileSync, writeFileSync } from 'node:fs'
import { ERRORS } from '@umbel/core'

const PAGE = new URL('../docs/errors.md', import.meta.url)

const HEAD = `# Errors

<!-- written by \`npm run docs:errors\` from packages/core/src/errors.ts -->

Every error that Umbel raises is an \`UmbelError\` with one of these codes. Its message says what went wrong, names what is at
fault, and ends with the next step. Tell errors apart by \`error.code\`, not by their message; \`error.cause\` is the error behind
it, where there is one. What a handler throws comes out of \`get()\` as itself: of its own class where that is built in or
declared (\`defineTasks(..., { errors: [...] })\`), else as a \`TaskError\`.

| code | what went wrong | what to do next |
|---|---|---|`

/** The page of all errors, as the table of codes is now. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { summary, nextStep }]) => `| \`${code}\` | ${cell(summary)} | ${cell(nextStep)} |`,
  )
  return `${HEAD}\n${rows.join('\n')}\n`
}

/** What the page says now. */
export const writtenErrorsPage = (): string => readFileSync(PAGE, 'utf8')

const cell = (text: string): string => text.replaceAll('|', '\\|')

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, errorsPage())
