import { expect, test } from 'vitest'
import { blocksOf, faultsOf, fileName } from './blocks.ts'

const fence = '```'
const page = (info: string, text: string) => `# A page\n\n${fence}${info}\n${text}\n${fence}\n`

test.for([
  ['an unknown language', 'ruby', 'puts 1'],
  ['no language', '', 'x'],
  ['a script that is not there', 'bash', 'npm ci\nnpm run no-such-script'],
  ['a command of the system', 'sh', 'rm -rf /tmp/x'],
  ['a second command in the line', 'bash', 'npm test && ls'],
  ['broken JSON', 'json', '{ a: 1 }'],
  ['an unknown diagram', 'mermaid', 'drawing\n  a --> b'],
  ['an empty diagram', 'mermaid', 'flowchart LR'],
] as const)('%s is refused', ([, info, text]) => {
  expect(blocksOf(page(info, text)).flatMap(faultsOf)).toHaveLength(1)
})

test.for([
  ['bash', 'npm ci  # bring Node along\nnpm start -- --rows 10\n\nnpm run check'],
  ['json', '{ "a": 1 }'],
  ['mermaid', 'stateDiagram-v2\n  [*] --> PENDING'],
  ['text', 'anything'],
  ['python', 'group(add.s(1, 1)) | tsum.s()'],
  ['ts run', 'console.log(1)'],
] as const)('%s blocks that are right are accepted', ([info, text]) => {
  expect(blocksOf(page(info, text)).flatMap(faultsOf)).toEqual([])
})

test('a fence that is never closed is an error', () => {
  expect(() => blocksOf(`${fence}ts\nconst a = 1\n`)).toThrow('line 1')
})

test('a block knows its line, its marks and the name it gives itself', () => {
  const [block] = blocksOf(page('ts run', '// tasks.ts: importing it defines them\nexport {}'))
  expect(block).toMatchObject({ language: 'ts', marks: ['run'], line: 3 })
  expect(block && fileName(block)).toBe('tasks.ts')
})
