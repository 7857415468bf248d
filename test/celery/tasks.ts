// The vectors' tasks, as the table in their README defines them. Each first logs what it was given.
import { defineTasks, signature, type TaskContext, task } from 'umbel'
import { celeryName, OracleError, ValueError } from './errors.ts'

type Context = TaskContext

function ran(ctx: Context, name: string, args: readonly unknown[], kwargs: object = {}): void {
  ctx.log.info('ran', {
    root: ctx.root,
    ran: [name, args.map(shown).map((value) => withoutIds(value, ctx.root)), kwargs],
  })
}

/** The ids of a tree's tasks begin with that of its root. */
function withoutIds(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((inner) => withoutIds(inner, root))
  return typeof value === 'string' && value.startsWith(root) ? '<uuid>' : value
}

const isNumber = (value: unknown): value is number => typeof value === 'number'

const arithmetic =
  (name: string, operate: (x: number, y: number) => number) =>
  (ctx: Context, x: unknown, y: unknown): number => {
    ran(ctx, name, [x, y])
    if (!isNumber(x) || !isNumber(y)) throw new OracleError(`${name}: numbers only`)
    return operate(x, y)
  }

const sum = (value: unknown): number =>
  isNumber(value) ? value : Array.isArray(value) ? value.reduce((all: number, one) => all + sum(one), 0) : 0

function failing(name: string, ErrorClass: new (message: string) => Error, usual: string) {
  return (ctx: Context, ...args: unknown[]): never => {
    const { msg = usual } = ctx.kwargs as { msg?: string }
    ran(ctx, name, args, msg === usual ? {} : { msg })
    throw new ErrorClass(msg)
  }
}

/** An argument as the recorder shows it. */
function shown(value: unknown, index: number): unknown {
  if (value instanceof Error) return `<exception ${celeryName(value)}: ${value.message}>`
  if (index === 0 && typeof value === 'object' && value !== null && 'attempt' in value) return '<request>'
  return index === 2 && typeof value === 'string' && value.includes('\n    at ') ? '<traceback>' : (value ?? null)
}

/** Python refuses keyword arguments that a function does not name. */
const none = {
  kwargs: {
    '~standard': {
      version: 1,
      vendor: 'conformance',
      validate: (given: unknown) =>
        Object.keys(given as object).length === 0 ? { value: {} } : { issues: [{ message: 'it takes none' }] },
    },
  },
} as const

export const celery = defineTasks(
  import.meta,
  '',
  {
    add: task(
      arithmetic('add', (x, y) => x + y),
      none,
    ),
    sub: task(
      arithmetic('sub', (x, y) => x - y),
      none,
    ),
    mul: task(
      arithmetic('mul', (x, y) => x * y),
      none,
    ),
    tsum: (ctx, list: unknown) => {
      ran(ctx, 'tsum', [list])
      if (!Array.isArray(list) || !list.every(isNumber)) throw new OracleError('tsum: list of numbers only')
      return sum(list)
    },
    xsum: (ctx, ...values: unknown[]) => {
      ran(ctx, 'xsum', values)
      return sum(values)
    },
    identity: (ctx, x: unknown) => {
      ran(ctx, 'identity', [x])
      return x
    },
    double: (ctx, x: unknown) => {
      ran(ctx, 'double', [x])
      if (!isNumber(x)) throw new OracleError('double: numbers only')
      return x * 2
    },
    const: (ctx) => {
      ran(ctx, 'const', [])
      return 42
    },
    build: (ctx, n: number) => {
      ran(ctx, 'build', [n])
      if (!Number.isInteger(n)) throw new TypeError('build: a whole number only')
      return Array.from({ length: n }, (_, index) => index)
    },
    collect: (ctx, ...values: unknown[]) => {
      ran(ctx, 'collect', values)
      return values
    },
    echo: (ctx, ...args: unknown[]) => {
      ran(ctx, 'echo', args, ctx.kwargs)
      return { args, kwargs: ctx.kwargs }
    },
    log: (ctx, ...values: unknown[]) => {
      ran(ctx, 'log', values)
      return null
    },
    fail: failing('fail', ValueError, 'boom'),
    fail_custom: failing('fail_custom', OracleError, 'custom boom'),
    positive: (ctx, x: unknown) => {
      ran(ctx, 'positive', [x])
      if (!isNumber(x)) throw new TypeError('positive: a number only')
      if (x < 0) throw new ValueError('not positive')
      return x
    },
    noresult: task(
      (ctx, ...args: unknown[]) => {
        ran(ctx, 'noresult', args)
        return args[0] ?? null
      },
      { ignoreResult: true },
    ),
    retry_n: task(
      (ctx, ...args: unknown[]) => {
        const { n = 1 } = ctx.kwargs as { n?: number }
        const retries = ctx.attempt - 1
        ran(ctx, 'retry_n', args, { n, retries })
        if (retries < n) ctx.retry({ countdown: '100ms' })
        return args.length > 0 ? args[0] : n
      },
      { retry: { max: 5 } },
    ),
    retry_exhaust: (ctx, ...args: unknown[]): never => {
      const { limit = 1, exc = null } = ctx.kwargs as { limit?: number; exc?: string | null }
      ran(ctx, 'retry_exhaust', args, { limit, exc, retries: ctx.attempt - 1 })
      return ctx.retry({ countdown: '100ms', max: limit, ...(exc !== null && { error: new ValueError(exc) }) })
    },
    auto_retry: task(
      (ctx, ...args: unknown[]) => {
        const { n = 1 } = ctx.kwargs as { n?: number }
        const retries = ctx.attempt - 1
        ran(ctx, 'auto_retry', args, { n, retries })
        if (retries < n) throw new OracleError('again')
        return args.length > 0 ? args[0] : n
      },
      { retry: { on: [OracleError], max: 2, backoff: { base: '100ms', jitter: false } } },
    ),
    replace_with: (ctx, ...args: unknown[]): unknown => {
      const early = args.slice(0, -1)
      ran(ctx, 'replace_with', [...early, '<sig>'])
      return ctx.replace(signature.fromJSON(args.at(-1)).clone(early))
    },
    replace_kw: (ctx, ...args: unknown[]): unknown => {
      ran(ctx, 'replace_kw', args, { sig: '<sig>' })
      return ctx.replace(signature.fromJSON(ctx.kwargs['sig']).clone(args))
    },
    spawn: (ctx, ...args: unknown[]) => {
      const { sigs = [] } = ctx.kwargs as { sigs?: unknown[] }
      ran(ctx, 'spawn', args, { sigs: sigs.length })
      for (const one of sigs) ctx.send(signature.fromJSON(one))
      return sigs.length
    },
    extend_chord: (ctx, x: unknown) => {
      ran(ctx, 'extend_chord', [x])
      ctx.addToChord(signature.fromJSON(ctx.kwargs['sig']))
      return x
    },
    custom_state: task(
      (ctx, x: unknown) => {
        ran(ctx, 'custom_state', [x])
        ctx.setState('PROGRESS', { current: x })
        return x
      },
      { states: ['PROGRESS'] },
    ),
    where_am_i: task(
      (ctx, ...args: unknown[]) => {
        ran(ctx, 'where_am_i', args)
        const { place, parent } = ctx
        return {
          has_parent: parent !== undefined,
          is_root: place?.first,
          in_group: place?.group,
          group_index: place?.index ?? null,
          has_chord: place?.chord,
          chain_left: place?.left,
          callbacks: place?.callbacks,
          errbacks: place?.errbacks,
          retries: ctx.attempt - 1,
        }
      },
      { place: true },
    ),
    errback_id: (ctx, id: unknown) => ran(ctx, 'errback_id', [id]),
    errback_full: (ctx, _request: unknown, error: Error, _traceback: unknown) =>
      ran(ctx, 'errback_full', [celeryName(error), error.message]),
    errback_args: (ctx, ...args: unknown[]) => ran(ctx, 'errback_args', args),
  },
  { errors: [ValueError, OracleError] },
)
