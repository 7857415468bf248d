import { describe, expect, test } from 'vitest'
import { rules } from '../../scripts/house/rules.ts'
import { house, houseCommand, manifest } from './fixture.ts'

type Case = readonly [name: string, path: string, text: string, says: RegExp]

const lock = (packages: Readonly<Record<string, unknown>>) => JSON.stringify({ lockfileVersion: 3, packages })
const documented = '/** Say one full sentence here. */\n'

const refused: Readonly<Record<string, readonly Case[]>> = {
  layers: [
    ['core importing Node', 'packages/core/src/a.ts', "import { readFileSync } from 'node:fs'\n", /core is pure/],
    [
      'core importing a declared library',
      'packages/core/src/a.ts',
      "import PQueue from 'p-queue'\n",
      /xstate and itself/,
    ],
    [
      'core importing umbel as a type',
      'packages/core/src/a.ts',
      "import type { add } from 'umbel'\n",
      /xstate and itself/,
    ],
    ['core importing umbel by import()', 'packages/core/src/a.ts', "await import('umbel')\n", /xstate and itself/],
    [
      'core importing umbel in a type',
      'packages/core/src/a.ts',
      "let a: typeof import('umbel')\n",
      /xstate and itself/,
    ],
    [
      'a path into another package',
      'packages/umbel/src/a.ts',
      "import '../../core/src/add.ts'\n",
      /outside of its own src/,
    ],
    ['an undeclared library', 'packages/umbel/src/a.ts', "import 'piscina'\n", /its package.json declares/],
    ['an app taking what is not public', 'apps/demo/src/a.ts', "import 'umbel/src/a.ts'\n", /does not export/],
    ['an app skipping its manifest', 'apps/demo/src/a.ts', "import '@umbel/core'\n", /its package.json declares/],
    [
      'a package importing an app',
      'packages/umbel/src/a.ts',
      "import '../../../apps/demo/src/main.ts'\n",
      /from an app/,
    ],
    ['a test importing an app', 'test/a.test.ts', "import '../apps/demo/src/main.ts'\n", /from an app/],
    [
      'a port importing a value',
      'packages/core/src/ports/a.ts',
      "import { add } from '../add.ts'\n",
      /nothing but types/,
    ],
    [
      'a port importing types inline',
      'packages/core/src/ports/a.ts',
      "import { type A } from '../add.ts'\n",
      /nothing but types/,
    ],
    ['a barrel in a folder', 'packages/umbel/src/a/b.ts', "export * from '../c.ts'\n", /only barrel/],
    [
      'a file importing its own index',
      'packages/core/src/a.ts',
      "import { add } from './index.ts'\n",
      /own package's index/,
    ],
  ],
  ambient: [
    ...['Date.now()', 'new Date()', 'Date()', 'Math.random()', 'performance.now()', 'process.hrtime.bigint()'],
    ...[
      'crypto.randomUUID()',
      'setTimeout(f, 1)',
      'setInterval(f, 1)',
      'setImmediate(f)',
      'globalThis.setTimeout(f, 1)',
    ],
    ...['{ now: Date.now }', '[setTimeout]', "Date['now']()", 'globalThis.Date.now()', 'AbortSignal.timeout(1)'],
  ].flatMap((use): Case[] => [
    [use, 'packages/core/src/a.ts', `export const a = ${use}\n`, /take it from the System/],
    [`${use} in umbel`, 'packages/umbel/src/lanes/a.ts', `export const a = () => ${use}\n`, /take it from the System/],
  ]),
  circles: [
    [
      'two files that import each other',
      'packages/core/src/add.ts',
      "import { b } from './b.ts'\nexport const add = b\n",
      /add\.ts -> .*b\.ts -> .*add\.ts/,
    ],
  ],
  docstrings: [
    [
      'a symbol without one',
      'packages/core/src/add.ts',
      'export const add = 1\n',
      /add, public in .* has no docstring/,
    ],
    [
      'a comment that is none',
      'packages/core/src/add.ts',
      '// Add two numbers.\nexport const add = 1\n',
      /no docstring/,
    ],
    ['less than a sentence', 'packages/core/src/add.ts', '/** adds */\nexport const add = 1\n', /no docstring/],
    [
      'tags alone',
      'packages/core/src/add.ts',
      '/** @throws Always when called. */\nexport const add = 1\n',
      /no docstring/,
    ],
  ],
  sizes: [['a file of 400 lines', 'packages/core/src/add.ts', '//\n'.repeat(400), /has 400 lines/]],
  names: [
    ['utils', 'packages/core/src/utils.ts', '', /name the idea/],
    ['a word that is not used', 'packages/umbel/src/job-list.ts', '', /name the idea/],
    ['camel case', 'packages/core/src/taskTable.ts', '', /kebab-case/],
  ],
  manifests: [
    [
      'a sibling of another version',
      'packages/umbel/package.json',
      manifest('umbel', { dependencies: { '@umbel/core': '^0.1.0' } }),
      /asks for/,
    ],
    [
      'src that would be published',
      'packages/core/package.json',
      manifest('@umbel/core', { files: ['dist', 'src'] }),
      /dist/,
    ],
    ['CommonJS', 'packages/core/package.json', manifest('@umbel/core', { type: 'commonjs' }), /module/],
    ['an app that is not private', 'apps/demo/package.json', manifest('@umbel-apps/demo', {}), /private/],
    [
      'the source condition after default',
      'packages/core/package.json',
      manifest('@umbel/core', {
        exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js', '@umbel/source': './src/index.ts' } },
      }),
      /in this order/,
    ],
  ],
  lockfile: [
    [
      'an install script',
      'package-lock.json',
      lock({ 'node_modules/a': { integrity: 'x', hasInstallScript: true } }),
      /install script/,
    ],
    [
      'a download address',
      'package-lock.json',
      lock({ 'node_modules/a': { integrity: 'x', resolved: 'somewhere' } }),
      /address/,
    ],
    ['no integrity', 'package-lock.json', lock({ 'node_modules/a': {} }), /no integrity/],
    [
      'an optional part left out',
      'package-lock.json',
      lock({ 'node_modules/a': { integrity: 'x', optionalDependencies: { 'a-mac': '1.0.0' } } }),
      /would refuse/,
    ],
    [
      'an installed package with a script',
      'node_modules/a/package.json',
      '{"scripts":{"postinstall":"x"}}',
      /runs a script/,
    ],
    ['an installed package that compiles', 'node_modules/a/binding.gyp', '{}', /binding.gyp/],
  ],
}

/** What belongs to a case besides its one file. */
const around: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  layers: { 'packages/umbel/src/c.ts': '' },
  circles: { 'packages/core/src/b.ts': "import type { add } from './add.ts'\nexport const b: typeof add = 1\n" },
  lockfile: { 'package-lock.json': lock({}), 'node_modules/a/package.json': '{}' },
}

describe.each(Object.entries(refused))('the rule "%s" refuses', (rule, cases) => {
  test.for(cases)('%s', ([, path, text, says]) => {
    expect(house(rule, { ...around[rule], [path]: text }).join('\n')).toMatch(says)
  })
})

const accepted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  layers: {
    'packages/core/src/ports/a.ts': "import type { add } from '../add.ts'\nexport type A = typeof add\n",
    'packages/umbel/src/a.ts':
      "import { readFileSync } from 'node:fs'\nimport PQueue from 'p-queue'\nimport { add } from '@umbel/core'\n",
  },
  ambient: {
    'packages/umbel/src/system.ts': 'export const now = () => Date.now()\n',
    'packages/umbel/src/a.ts':
      'type T = ReturnType<typeof setTimeout>\nexport const a = (clock: { setTimeout(): T; now(): number }) => [clock.setTimeout(), clock.now(), new Date(5)]\n',
    'packages/umbel/test/a.ts': 'export const now = Date.now()\n',
    'apps/demo/src/a.ts': 'export const now = Date.now()\n',
  },
  circles: {},
  docstrings: { 'packages/core/src/add.ts': `${documented}export function add(): void {}\nexport const inner = 1\n` },
  sizes: { 'packages/core/src/add.ts': '//\n'.repeat(350) },
  names: { 'packages/core/test/task-table.test-d.ts': '' },
  manifests: {},
  lockfile: { 'package-lock.json': lock({ 'node_modules/a': { integrity: 'x' }, 'packages/core': {} }) },
}

test.for(Object.entries(accepted))('the rule "%s" accepts what keeps it', ([rule, files]) => {
  expect(house(rule, files)).toEqual([])
})

test('every rule has cases here that break it', () => {
  expect(Object.keys(refused).sort()).toEqual(Object.keys(rules).sort())
})

test('the command fails when a rule is broken, and says where', () => {
  const { code, output } = houseCommand('ambient', { 'packages/core/src/a.ts': '\nexport const a = Date.now()\n' })
  expect(output).toBe('ambient: packages/core/src/a.ts:2 uses Date.now: take it from the System it is given\n')
  expect(code).toBe(1)
  expect(houseCommand('ambient', {})).toMatchObject({ code: 0 })
})
