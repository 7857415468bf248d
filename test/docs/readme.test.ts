import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Block, blocksOf, faultsOf, fileName, repository } from './blocks.ts'

const pages = globSync(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/**/*.md'], { cwd: repository }).sort()

describe.each(pages)('%s', (page) => {
  const blocks = blocksOf(readFileSync(join(repository, page), 'utf8'))

  test('holds blocks that are what they say', () => {
    expect(blocks.flatMap((block) => faultsOf(block).map((fault) => `${page}:${block.line} ${fault}`))).toEqual([])
  })

  const code = blocks.filter((block) => block.language === 'ts')
  if (code.length > 0) describeCode(blocks, code)
})

function describeCode(blocks: readonly Block[], code: readonly Block[]): void {
  let folder = ''
  const nameOf = (block: Block) => fileName(block) ?? `line-${block.line}.ts`

  beforeAll(() => {
    // Inside of the checkout, so that `import 'umbel'` resolves; not below node_modules, where Node strips no types.
    mkdirSync(join(repository, '.scratch'), { recursive: true })
    folder = mkdtempSync(join(repository, '.scratch/docs-'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
    for (const block of code) writeBlock(join(folder, nameOf(block)), block)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('gives every file once', () => {
    const names = code.map(nameOf)
    expect(names).toEqual([...new Set(names)])
  })

  test('has code that compiles', () => {
    const { stdout } = spawnSync(join(repository, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
    expect(stdout).toBe('')
  })

  const runs = code.filter((block) => block.marks.includes('run'))
  test.for(runs.map((block) => [block.line, block] as const))('runs the block of line %i', ([, block]) => {
    const args = ['--conditions=@umbel/source', nameOf(block)]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      env: plainEnvironment(),
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const after = blocks[blocks.indexOf(block) + 1]
    if (after?.language === 'text' && after.marks.includes('output'))
      expect(stdout.trimEnd()).toBe(after.text.trimEnd())
  })
}

const tsconfig = {
  extends: '../../tsconfig.json',
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
  include: ['**/*.ts'],
  exclude: [],
}

/** A block that neither imports nor exports is a module all the same. */
function writeBlock(path: string, block: Block): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, /^(import|export)\b/m.test(block.text) ? block.text : `${block.text}export {}\n`)
}

/** A reader's shell has no Vitest around it. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS|NODE_ENV|TEST$)/.test(name))
  return Object.fromEntries(entries)
}
