import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { linkTools, manifest, projectOf, repository, tool } from './fixture.ts'

const tsconfig = (changes: object) =>
  JSON.stringify({ extends: join(repository, 'tsconfig.base.json'), include: ['packages/*/src'], ...changes })

describe('types', () => {
  const check = (text: string) => {
    const root = projectOf({
      'packages/core/src/bad.ts': text,
      'packages/core/tsconfig.json': tsconfig({ include: ['src'], compilerOptions: { noEmit: true, types: [] } }),
    })
    linkTools(root)
    return tool('tsc', ['-p', 'packages/core/tsconfig.json'], root)
  }

  test.for([
    ['Node in core', 'export const home = process.env.HOME\n', /'process'/],
    ['timers in core', 'setTimeout(() => {}, 1)\n', /'setTimeout'/],
    ['the DOM in core', 'export const page = document\n', /'document'/],
    ['an enum', 'export enum A {\n  B,\n}\n', /erasableSyntaxOnly/],
    ['an unchecked index', 'export const f = (a: string[]): string => a[0]\n', /undefined/],
    ['a type imported as a value', "import { A } from './a.ts'\nexport type B = A\n", /TS/],
    [
      'undefined for an optional property',
      'export const a: { b?: number } = { b: undefined }\n',
      /exactOptionalPropertyTypes/,
    ],
  ] as const)('%s is refused', ([, text, says]) => {
    const { code, output } = check(text)
    expect(output).toMatch(says)
    expect(code).not.toBe(0)
  })

  test('what is right is accepted', () => {
    expect(check('export const one: number = 1\n')).toEqual({ code: 0, output: '' })
  })
})

describe('lint', () => {
  const check = (text: string) => {
    const root = projectOf({ 'packages/core/src/bad.ts': text, '.gitignore': 'node_modules/\n' })
    copyFileSync(join(repository, 'biome.json'), join(root, 'biome.json'))
    return tool('biome', ['check', '--error-on-warnings', 'packages/core/src/bad.ts'], root)
  }

  test.for([
    ['a semicolon', 'export const a = 1;\n', /format/],
    ['double quotes', 'export const a = "a"\n', /format/],
    ['any', 'export const a = (b: any) => b\n', /noExplicitAny/],
    ['a default export', 'export default 1\n', /noDefaultExport/],
    ['an unused import', "import { b } from './b.ts'\n", /noUnusedImports/],
    ['a function of 100 lines', `export function a() {\n${'  a()\n'.repeat(100)}}\n`, /noExcessiveLinesPerFunction/],
  ] as const)('%s is refused', ([, text, says]) => {
    const { code, output } = check(text)
    expect(output).toMatch(says)
    expect(code).not.toBe(0)
  })

  test('what is right is accepted', () => {
    expect(check("export const a = 'a'\n")).toMatchObject({ code: 0 })
  })
})

describe('unused', () => {
  const used = {
    'packages/core/package.json': manifest('@umbel/core'),
    'packages/umbel/package.json': manifest('umbel', { dependencies: { '@umbel/core': '0.1.0' } }),
    'packages/core/src/index.ts': "export { add } from './add.ts'\n",
  }
  const check = (files: Readonly<Record<string, string>>) => {
    const root = projectOf({ ...used, ...files })
    copyFileSync(join(repository, 'knip.json'), join(root, 'knip.json'))
    return tool('knip', ['--no-config-hints'], root)
  }

  test.for([
    ['a file', { 'packages/core/src/lonely.ts': 'export const a = 1\n' }, /Unused files[\s\S]*lonely/],
    [
      'an export',
      { 'packages/core/src/add.ts': 'export const add = 1\nexport const lonely = 2\n' },
      /Unused exports[\s\S]*lonely/,
    ],
    [
      'a dependency',
      {
        'packages/umbel/package.json': manifest('umbel', { dependencies: { '@umbel/core': '0.1.0', lonely: '1.0.0' } }),
      },
      /Unused dependencies[\s\S]*lonely/,
    ],
    [
      'an undeclared one',
      { 'packages/core/src/add.ts': "import 'lonely'\nexport const add = 1\n" },
      /Unlisted dependencies[\s\S]*lonely/,
    ],
  ] as const)('%s is refused', ([, files, says]) => {
    const { code, output } = check(files)
    expect(output).toMatch(says)
    expect(code).not.toBe(0)
  })

  test('what is right is accepted', () => {
    expect(check({})).toEqual({ code: 0, output: '' })
  })
})
