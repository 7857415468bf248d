// What the compiler knows of tasks, signatures and canvases. Checked by `npm run check:types`; nothing here runs.
import {
  type AsyncResult,
  chain,
  chord,
  defineTasks,
  type GroupResult,
  group,
  type NoKeywords,
  type Signature,
  type Task,
  task,
} from 'umbel'
import { z } from 'zod'
import { holds, type Same } from './same.ts'

interface Row {
  readonly id: number
}
class ConnectionError extends Error {}

const databaseTask = task.extend({
  setup: async () => ({ db: { insert: async (_table: string, rows: readonly unknown[]) => rows.length } }),
  teardown: ({ db }) => void db.insert,
  beforeStart: (ctx, args) => void [ctx.db.insert, ctx.id, args.length],
})
const retryable = databaseTask.extend({
  retry: { on: [ConnectionError], max: 5 },
  states: ['WAITING'],
  setup: () => ({ tries: 0 }),
  around: async (ctx, next) => [ctx.db, ctx.tries, await next()],
})

const etl = defineTasks(import.meta, 'etl', {
  extract: async (ctx, source: string): Promise<Row[]> => (ctx.signal.aborted ? [] : [{ id: source.length }]),
  transform: task((_ctx, rows: Row[]) => rows.map(({ id }) => id), { lane: 'high', priority: 8 }),
  load: databaseTask(async (ctx, ids: number[], table: string) => ctx.db.insert(table, ids)),
  report: task(
    async (ctx, counts: number[]) => {
      ctx.setState('VALIDATING', { step: 1, total: 3 })
      // @ts-expect-error not among the states declared
      ctx.setState('CHECKING')
      return counts.length
    },
    { states: ['VALIDATING', 'PROCESSING'] },
  ),
  callApi: retryable(
    async (ctx, url: string) => {
      ctx.setState('WAITING')
      ctx.setState('ASKING')
      holds<Same<typeof ctx.tries, number>>()
      return url
    },
    { inline: true, states: ['ASKING'] },
  ),
  sendEmail: task(async (ctx) => ctx.kwargs, {
    kwargs: z.object({ to: z.string(), subject: z.string(), copies: z.number().default(1) }),
  }),
  stateless: (ctx) => {
    // @ts-expect-error no states are declared
    ctx.setState('VALIDATING')
    holds<Same<typeof ctx.kwargs, Readonly<Record<string, unknown>>>>()
  },
  optional: (_ctx, name: string, times?: number) => name.repeat(times ?? 1),
  twice: (_ctx, name: string, other?: string) => name + (other ?? ''),
  variadic: (_ctx, first: string, ...others: number[]) => first + others.length,
  sum: (_ctx, ...numbers: number[]) => numbers.length,
  nothing: () => 5,
})
const { extract, transform, load, report, callApi, sendEmail } = etl

// tasks
holds<Same<typeof extract, Task<[source: string], Row[], NoKeywords, 'etl.extract'>>>()
holds<Same<typeof transform, Task<[rows: Row[]], number[], NoKeywords, 'etl.transform'>>>()
holds<Same<typeof load, Task<[ids: number[], table: string], number, NoKeywords, 'etl.load'>>>()
holds<Same<(typeof extract)['name'], 'etl.extract'>>()
// @ts-expect-error options come last, and this is none
task(() => 5, { lan: 'high' })
// @ts-expect-error nor is this one of a base
task.extend({ setUp: () => ({}) })

// signatures: any suffix of the parameters
const [openLoad, halfLoad] = [load.s(), load.s('orders')]
holds<Same<typeof openLoad, Signature<[ids: number[], table: string], number, NoKeywords, 'etl.load', never>>>()
holds<Same<typeof halfLoad, Signature<[ids: number[]], number, NoKeywords, 'etl.load', never>>>()
load.s([1], 'orders').delay()
load.s('orders').delay([1])
load.delay([1], 'orders')
load.si([1], 'orders').delay()
// @ts-expect-error not a suffix
load.s([1])
// @ts-expect-error si takes all
load.si('orders')
// @ts-expect-error the rows are missing
load.s('orders').delay()
// @ts-expect-error one too many
load.s([1], 'orders').delay(2)
const sent = load.s('orders').send([1])
holds<Same<typeof sent, Promise<AsyncResult<number>>>>()
load.s('orders').applyAsync({ args: [[1]], lane: 'high', countdown: '10s', link: report.si([]) })
// @ts-expect-error args are missing
load.s('orders').applyAsync({ lane: 'high' })
// @ts-expect-error no such option
load.set({ lan: 'high' })

// optional and rest parameters: what fits in several places may be meant in any
etl.optional.delay('a')
etl.optional.delay('a', 2)
etl.optional.s('a').delay()
etl.optional.s(2).delay('a')
etl.twice.s('b').delay()
etl.twice.s('b').delay('a')
// @ts-expect-error a number is no name
etl.optional.s(2).delay(3)
etl.variadic.s('a', 1, 2).delay()
etl.variadic.s(1, 2).delay('a')
etl.variadic.s(1, 2).delay('a', 3)
// @ts-expect-error the first one is missing
etl.variadic.s(1, 2).delay()
etl.sum.s(1, 2).delay(3, 4)
etl.nothing.delay()

// keyword arguments: those with a default may be left out; the ones missing are part of the type
const mail = sendEmail.kw({ subject: 'Order update' })
mail.kw({ to: 'a' }).set({ lane: 'high' }).delay()
mail.kw({ to: 'a', copies: 2 }).delay()
sendEmail.applyAsync({ kwargs: { to: 'a', subject: 'b' } })
// @ts-expect-error `to` is missing
mail.delay()
// @ts-expect-error no such keyword
mail.kw({ too: 'a' })
// @ts-expect-error wrong type
mail.kw({ to: 5 })
// @ts-expect-error this task declares no keywords
extract.kw({ to: 'a' })
const received = sendEmail.kw({ to: 'a', subject: 'b' }).delay()
holds<Same<typeof received, AsyncResult<{ to: string; subject: string; copies: number }>>>()
group(mail, mail.kw({ to: 'a' }))
  .kw({ to: 'b' })
  .delay()
chain(mail, report.si([])).kw({ to: 'b' }).delay()

// chains
const orders = chain(extract.s('orders.csv'), transform.s(), load.s('orders'))
holds<Same<typeof orders, Signature<[], number, NoKeywords, 'etl.extract ... etl.load', never>>>()
const count = orders.delay()
holds<Same<typeof count, AsyncResult<number>>>()
chain(extract.s(), transform.s()).delay('orders.csv')
chain(chain(extract.s(), transform.s()), chain(load.s('orders'), report.si([1]))).delay('orders.csv')
chain(extract, transform, load.s('orders')).delay('orders.csv')
holds<Same<ReturnType<typeof chain<readonly [typeof extract]>>, typeof extract>>()
const grown = extract.s('orders.csv').pipe(transform.s()).pipe(load.s('orders'))
holds<Same<typeof grown, typeof orders>>()
const repeated = chain(['a', 'b'].map(() => callApi.s()))
holds<Same<ReturnType<typeof repeated.delay>, AsyncResult<string>>>()
repeated.delay('a')
// @ts-expect-error the rows come first
chain(extract.s('orders.csv'), load.s('orders'))
// @ts-expect-error nothing to start with
chain()
// @ts-expect-error a number is no list of rows
orders.pipe(transform.s())

// groups
const both = group(callApi.s('a'), extract.s('b')).delay()
holds<Same<typeof both, GroupResult<[string, Row[]]>>>()
const many = group(['a'].map((url) => callApi.s(url))).delay()
holds<Same<typeof many, GroupResult<string[]>>>()
const listed = group([callApi.s(), extract.s()]).delay('a')
holds<Same<typeof listed, GroupResult<[string, Row[]]>>>()
const nested = group(group(callApi.s('a'), extract.s('b')), callApi.s('c')).delay()
holds<Same<typeof nested, GroupResult<[string, Row[], string]>>>()
const mixed = group(callApi.s(), callApi.si('b'))
mixed.delay('a')
// @ts-expect-error one member still misses its argument
mixed.delay()
const ending = chain(extract.s('a'), group(transform.s(), transform.s())).delay()
holds<Same<typeof ending, GroupResult<[number[], number[]]>>>()
const joined = chain(transform.s([]), group(load.s('a'), load.s('b')), report.s()).delay()
holds<Same<typeof joined, AsyncResult<number>>>()
// a group written with one member is unrolled in a chain, one made from a list is not
chain(group(extract.s('a')), transform.s())
chain(group([load.s([1], 'a')]), report.s())
// @ts-expect-error this hands on a list of lists
chain(group([extract.s('a')]), transform.s())
// @ts-expect-error how many there are is not known: pass the list itself
group(...['a'].map((url) => callApi.s(url)))

// chords
const total = chord(
  [[1], [2]].map((ids) => load.s(ids, 'orders')),
  report.s(),
).delay()
holds<Same<typeof total, AsyncResult<number>>>()
chord(group(load.s('a'), load.s('b')), report.s()).delay([1])
chord(load.s([1], 'a'), report.s()).delay()
chord([extract.s('a')], report.si([1]))
chord([load.s([1], 'a')], group(report.s(), report.s()))
// @ts-expect-error names are no counts
chord([callApi.s('a')], report.s())
// @ts-expect-error the body still misses keywords
chord([callApi.s('a')], sendEmail.si())

// map, starmap, chunks
const mapped = transform.map([[{ id: 1 }]]).delay()
holds<Same<typeof mapped, AsyncResult<number[][]>>>()
load.starmap([[[1], 'orders']]).delay()
const chunked = load.chunks([[[1], 'orders']], 100).delay()
holds<Same<typeof chunked, GroupResult<number[][]>>>()
chain(extract.s('a'), transform.map([]), report.si([]))
// @ts-expect-error each item holds all arguments
load.starmap([[[1]]])
// @ts-expect-error map gives no keywords
sendEmail.map([])

// callbacks
load
  .s('a')
  .link(report.si([1]))
  .linkError(callApi.s())
  .onError(callApi.s())
  .delay([1])
extract.s('a').link(transform.s())
// @ts-expect-error rows are no url
extract.s('a').link(callApi.s())

// values of one of several types: a type without names makes them one
const either: Task<[source: string], Row[]> =
  Math.random() > 0.5 ? extract : defineTasks('x', { extract: (_ctx, _source: string): Row[] => [] }).extract
either.s('a').pipe(transform.s()).delay()
const anySignature: Signature<[], number> = orders
anySignature.delay()
const anyImmutable: Signature<[], number> = report.si([1])
anyImmutable.pipe(load.si([1], 'a')).delay()
