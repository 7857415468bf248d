import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** A fenced block of a page. `marks` are the words after its language; `line` is that of its fence, from 1. */
export interface Block {
  readonly language: string
  readonly marks: readonly string[]
  readonly text: string
  readonly line: number
}

/** The fenced blocks of a Markdown page, in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let open: { fence: string; language: string; marks: string[]; line: number; body: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, fence, info = ''] = /^\s*(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    if (open && fence?.startsWith(open.fence) && info.trim() === '') {
      const { language, marks, body } = open
      blocks.push({ language, marks, text: `${body.join('\n')}\n`, line: open.line })
      open = undefined
    } else if (open) open.body.push(line)
    else if (fence) {
      const [language = '', ...marks] = info.trim().split(/\s+/)
      open = { fence, language, marks, line: index + 1, body: [] }
    }
  }
  if (open) throw new Error(`The fence of line ${open.line} is never closed`)
  return blocks
}

/** The name a `ts` block gives itself in its first line (`// tasks.ts`), if it does. */
export function fileName(block: Block): string | undefined {
  return /^\/\/ ([\w./-]+\.ts)\b/.exec(block.text)?.[1]
}

const diagrams = [
  'flowchart',
  'graph',
  'sequenceDiagram',
  'stateDiagram',
  'stateDiagram-v2',
  'classDiagram',
  'erDiagram',
  'gantt',
]
const judges: Readonly<Record<string, (block: Block) => string[]>> = {
  ts: () => [],
  text: () => [],
  // shown beside ours, to be read only
  python: () => [],
  bash: shellFaults,
  sh: shellFaults,
  json: jsonFaults,
  mermaid: mermaidFaults,
}

/** What is wrong with a block that can be judged by reading; `ts` blocks are compiled and run instead. */
export function faultsOf(block: Block): string[] {
  const judge = judges[block.language]
  return judge
    ? judge(block)
    : [`"${block.language}" is not a language this test knows: ${Object.keys(judges).join(', ')}`]
}

const { scripts } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as {
  scripts: Record<string, string>
}
const otherCommands = [/^npm (ci|install)$/, /^npm install umbel$/, /^git clone \S+$/, /^cd [\w./-]+$/]

function shellFaults(block: Block): string[] {
  const lines = block.text.split('\n').map((line) => line.replace(/(^|\s)#.*$/, ''))
  return lines
    .flatMap((line) => line.split('&&').map((command) => command.trim()))
    .filter((line) => line !== '' && !isKnownCommand(line))
    .map((line) => `"${line}" is no script of package.json`)
}

function isKnownCommand(line: string): boolean {
  if (otherCommands.some((command) => command.test(line))) return true
  const script = /^npm (?:run ([\w:-]+)|(start|test))(?: -- .+)?$/.exec(line)
  return (script?.[1] ?? script?.[2] ?? '') in scripts
}

function jsonFaults(block: Block): string[] {
  try {
    JSON.parse(block.text)
    return []
  } catch (error) {
    return [String(error)]
  }
}

function mermaidFaults(block: Block): string[] {
  const [kind = '', ...rest] = block.text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('%%'))
  const known = diagrams.includes(kind.trim().split(/\s/)[0] ?? '')
  return known && rest.length > 0
    ? []
    : [`a mermaid block starts with one of ${diagrams.join(', ')} and draws something`]
}
