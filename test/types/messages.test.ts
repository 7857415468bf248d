import { beforeAll, describe, expect, test } from 'vitest'
import { type Compiled, compile } from './compiler.ts'

const tasks = `
import { chain, chord, defineTasks, group, task } from 'umbel'
interface Row { id: number }
interface StandardSchema<T> { readonly '~standard': { version: 1; vendor: string; validate: (value: unknown) => { value: T }; types?: { input: T; output: T } | undefined } }
declare const mail: StandardSchema<{ to: string; subject: string }>
export const etl = defineTasks(import.meta, 'etl', {
  extract: async (_ctx, source: string): Promise<Row[]> => [{ id: source.length }],
  title: async (_ctx, url: string): Promise<string> => url,
  load: async (_ctx, rows: Row[], table: string): Promise<number> => rows.length + table.length,
  total: (_ctx, counts: number[]): number => counts.length,
  sendEmail: task(async (ctx) => ctx.kwargs.to, { kwargs: mail }),
})
const { extract, title, load, total, sendEmail } = etl
`

/** What is wrong, the program, and what the message has to say: the step, and both types. */
const wrong: readonly (readonly [what: string, program: string, ...says: string[]])[] = [
  [
    'a wrong link',
    `chain(extract.s('x'), title.s())`,
    'step 2 (etl.title) does not take what step 1 (etl.extract) gives',
    'gives: Row[]',
    'takes: [url: string]',
  ],
  [
    'a wrong link far on',
    `chain(title.s('x'), title.s(), extract.s(), load.s('t'), load.s('t'))`,
    'step 5 (etl.load) does not take what step 4 (etl.load) gives',
    'gives: number',
    'takes: [rows: Row[]]',
  ],
  [
    'a step with arguments missing',
    `chain(extract.s('x'), load.s())`,
    'step 2 (etl.load) does not take what step 1 (etl.extract) gives',
    'gives: Row[]',
    'takes: [rows: Row[], table: string]',
  ],
  [
    'a step that is complete already',
    `chain(extract.s('x'), load.s([], 't'))`,
    'step 2 (etl.load) does not take what step 1 (etl.extract) gives',
    'gives: Row[]',
    'takes: []',
  ],
  [
    'a step without its keywords',
    `chain(title.s('x'), sendEmail.si())`,
    'step 2 (etl.sendEmail) still misses keyword arguments',
    'to: string',
  ],
  [
    'a chain within a chain',
    `chain(title.s('x'), chain(total.s(), title.si('x')))`,
    'step 2 (etl.total) does not take what step 1 (etl.title) gives',
    'gives: string',
    'takes: [counts: number[]]',
  ],
  [
    'a group that does not take what comes',
    `chain(title.s('x'), group(load.s('a'), load.s('b')))`,
    'step 2 (group of etl.load and others) does not take what step 1 (etl.title) gives',
    'gives: string',
    'takes: [rows: Row[]]',
  ],
  [
    'a list of steps that do not follow one another',
    `chain(['a'].map(() => extract.s()))`,
    'the steps of this list (etl.extract) do not take what they give',
    'gives: Row[]',
    'takes: [source: string]',
  ],
  [
    'a wrong link in a pipe',
    `extract.s('x').pipe(title.s())`,
    'the next step (etl.title) does not take what the step before it (etl.extract) gives',
    'gives: Row[]',
    'takes: [url: string]',
  ],
  [
    'a wrong link after a pipe',
    `title.s('x').pipe(extract.s()).pipe(total.s())`,
    'the next step (etl.total) does not take what the step before it (etl.extract) gives',
    'gives: Row[]',
    'takes: [counts: number[]]',
  ],
  [
    'a chord body that does not fit its header',
    `chord([title.s('x'), title.s('y')], total.s())`,
    'the body (etl.total) does not take the list that the header gives',
    'gives: [string, string]',
    'takes: [counts: number[]]',
  ],
  [
    'a chord body that does not fit a list',
    `chord(['x'].map((url) => title.s(url)), total.s())`,
    'the body (etl.total) does not take the list that the header gives',
    'gives: string[]',
    'takes: [counts: number[]]',
  ],
  [
    'a chord body that does not fit a group',
    `chord(group(title.s('x')), total.s())`,
    'the body (etl.total) does not take the list that the header (group of etl.title) gives',
    'gives: [string]',
    'takes: [counts: number[]]',
  ],
  [
    'a callback that does not fit',
    `title.s('x').link(total.s())`,
    'the callback (etl.total) does not take what the task it is linked to (etl.title) gives',
    'gives: string',
    'takes: [counts: number[]]',
  ],
  [
    'a wrong argument of s',
    `load.s(4)`,
    'etl.load does not take these arguments',
    'given: [number]',
    'takes: [rows: Row[], table: string]',
  ],
  [
    'a missing argument of si',
    `load.si([])`,
    'etl.load does not take these arguments',
    'given: [',
    'takes: [rows: Row[], table: string]',
  ],
  [
    'a wrong argument of delay',
    `load.delay('x', 't')`,
    'etl.load is not called with the arguments it takes',
    'given: [string, string]',
    'takes: [rows: Row[], table: string]',
  ],
  [
    'a missing argument of delay',
    `load.s('t').delay()`,
    'etl.load is not called with the arguments it takes',
    'given: []',
    'takes: [rows: Row[]]',
  ],
  [
    'a wrong argument of a chain',
    `chain(extract.s(), load.s('t')).delay(5)`,
    'etl.extract ... etl.load is not called with the arguments it takes',
    'given: [number]',
    'takes: [source: string]',
  ],
  ['a missing keyword', `sendEmail.kw({ to: 'a' }).delay()`, 'etl.sendEmail still misses keyword arguments', 'subject'],
  [
    'an unknown keyword',
    `sendEmail.kw({ subjec: 'a' })`,
    'etl.sendEmail does not take these keyword arguments',
    'subjec: "a"',
    'subject: string',
  ],
  [
    'a wrong keyword',
    `sendEmail.kw({ subject: 5 })`,
    'etl.sendEmail does not take these keyword arguments',
    'subject: 5',
    'subject: string',
  ],
  [
    'a map of a task that needs keywords',
    `sendEmail.map([])`,
    'etl.sendEmail needs keyword arguments, which map, starmap and chunks cannot give',
    'to: string',
  ],
  [
    'a list spread over a group',
    `group(...['x'].map((url) => title.s(url)))`,
    'a list is spread over group(...): pass the list itself, group([...])',
    'etl.title',
  ],
  [
    'an undeclared state',
    `task((ctx, n: number) => { ctx.setState('UPLOADIN'); return n }, { states: ['UPLOADING'] })`,
    '"UPLOADIN"',
    '"UPLOADING"',
  ],
  [
    'a state where none is declared',
    `task((ctx, n: number) => { ctx.setState('UPLOADING'); return n })`,
    'NoStatesDeclared',
  ],
  [
    'an unknown option of a call',
    `title.s('x').set({ lan: 'high' })`,
    "'lan' does not exist in type 'CallOptions'",
    "'lane'",
  ],
  ['a missing keyword of applyAsync', `sendEmail.applyAsync({ kwargs: { to: 'a' } })`, 'subject'],
]

describe('the compiler names the step and both types for', () => {
  let compiled: Compiled
  beforeAll(async () => {
    compiled = await compile(
      Object.fromEntries(wrong.map(([, program], index) => [`program${index}`, `${tasks}${program}\n`])),
    )
  })

  test.each(wrong.map(([what, , ...says], index) => [what, index, says] as const))('%s', (_, index, says) => {
    const message = compiled.messages[`program${index}`] ?? ''
    for (const part of says) expect(message).toContain(part)
  })
})
