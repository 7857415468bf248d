import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { checkChart, placeholderOf } from '@umbel/core'
import { afterEach, expect, test } from 'vitest'
import { type AnyStateMachine, assign, createActor, createMachine, fromPromise, setup } from 'xstate'
import { task as row, SPEC } from '../../../test/conformance/store-rows.ts'
import {
  type AnySignature,
  type App,
  type AppOptions,
  chain,
  chord,
  createApp,
  defineTasks,
  ERRORS,
  type ErrorCode,
  fromTask,
  group,
  Ignore,
  memoryStore,
  Reject,
  SimulatedClock,
  type Store,
  type TaskContext,
  task,
  UmbelError,
} from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { storeError } from '../src/stores/sqlite/sqlite-error.ts'
import { unloadable } from './fixtures/fails-in-threads.ts'
import { faults } from './fixtures/faults.ts'
import { asIfKilled, newFile, tamper } from './fixtures/store-file.ts'

const apps: App[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

const open = (options: AppOptions = {}): App => {
  const app = createApp({ tasks: [faults], lanes: { default: { threads: 0, inline: 2 } }, ...options })
  apps.push(app)
  return app
}
/** A call as plain JavaScript may write it. */
const loose = <T = never>(value: unknown): T => value as T
const ended = (signature: AnySignature, options?: AppOptions): Promise<unknown> => open(options).delay(signature).get()
const THREADS: AppOptions = { lanes: { default: { threads: 1 } } }
const closures = (handlers: Record<string, (ctx: TaskContext) => unknown>, namespace = 'closures') =>
  defineTasks(namespace, handlers) as Record<string, AnySignature & { delay(): { get(): Promise<unknown> } }>
const one = (handler: (ctx: TaskContext) => unknown, store: Store = memoryStore()): Promise<unknown> => {
  const tasks = closures({ handler })
  return ended(tasks.handler as AnySignature, { tasks: [loose(tasks)], store })
}
/** Open a store of a file that was made by one and then changed. */
const reopened = async (change: (file: string, made: Store) => unknown): Promise<unknown> => {
  const file = newFile()
  const made = sqliteStore(file)
  await made.open()
  await change(file, made)
  return open({ store: sqliteStore(file) }).start()
}
/** The store of a sender, opened. */
const sending = async (file: string) => {
  const store = sqliteStore(file, { as: 'sender' })
  await store.open()
  return store
}
/** A memory store, changed. */
const storeWith = (change: Partial<Store>): Store => Object.assign(memoryStore(), change)

let nested: AnySignature = faults.fine.si(1)
for (let depth = 0; depth < 201; depth += 1) nested = chord([nested, faults.fine.si(1)], loose(faults.sum.s()))

/** A machine that waits for nothing. */
const idle = () => createMachine({ id: 'idle', tags: 'WAITING' })

/** A machine that does something, which cannot be taken back. */
const compensating = (done: object, states: object): AnyStateMachine => {
  const { createMachine: create } = setup({
    types: {} as { context: Record<string, unknown> },
    actors: {
      done: fromTask(faults.fine.s(1), { compensate: faults.throws.si('broken'), retry: { max: 0 } }),
      broken: fromTask(faults.throws.si('broken')),
    },
  })
  const doing = { invoke: { src: 'done', id: 'done', ...done } }
  return create({ id: 'compensating', context: {}, initial: 'doing', states: { doing, ...states } } as never) as never
}

/** For each code: what raises it, and what its message must name. */
const CASES: Record<ErrorCode, readonly [raise: () => unknown, names: string]> = {
  UMBEL_NO_APP: [() => faults.fine.delay(1), 'faults.fine'],
  UMBEL_AMBIGUOUS_APP: [
    () => {
      open({ name: 'one' })
      open({ name: 'two' })
      faults.fine.delay(1)
    },
    'one, two',
  ],
  UMBEL_APP_STOPPED: [
    () => {
      const app = open({ name: 'shop' })
      app.stop()
      app.delay(faults.fine.s(1))
    },
    'shop',
  ],
  UMBEL_STREAM_OPEN: [
    async () => {
      const app = open()
      await app.mapStream(faults.fine, [1, 2], { id: 'orders' }).next()
      await app.mapStream(faults.fine, [1, 2], { id: 'orders' }).next()
    },
    'orders',
  ],
  UMBEL_UNKNOWN_TASK: [
    () => open().delay(loose({ data: { ...faults.fine.s(1).data, task: 'faults.fien' } })),
    'faults.fien. Did you mean "faults.fine"?',
  ],
  UMBEL_BAD_RATE: [() => open({ limits: { stripe: loose('ten a second') } }), 'limits.stripe is "ten a second"'],
  UMBEL_BAD_KEY: [
    () => {
      const tasks = defineTasks('keyed', { pay: task((_ctx, n: number) => n, { idempotencyKey: loose(() => 5) }) })
      return ended(tasks.pay.s(1), { tasks: [tasks] })
    },
    'The idempotencyKey of keyed.pay gave number',
  ],
  UMBEL_IDEMPOTENCY_CONFLICT: [
    async () => {
      const tasks = defineTasks('keyed', { pay: task((_ctx, n: number) => n, { idempotencyKey: () => 'one' }) })
      const app = open({ tasks: [tasks] })
      await app.delay(tasks.pay.s(1)).get()
      await app.delay(tasks.pay.s(2)).get()
    },
    'keyed.pay) has the key /key/keyed.pay/one',
  ],
  UMBEL_UNKNOWN_LIMIT: [
    () => {
      const tasks = defineTasks('held', { pay: task(() => 1, { rateLimit: { limit: 'strip' } }) })
      open({ tasks: [tasks], limits: { stripe: '10/s' } })
    },
    'held.pay is held to a limit strip, which the app does not have. Did you mean "stripe"?',
  ],
  UMBEL_DUPLICATE_TASK: [
    () => {
      const tasks = closures({ twice: () => 1 })
      open({ tasks: [loose(tasks), loose(closures({ twice: () => 2 }))] })
    },
    'closures.twice',
  ],
  UMBEL_NOT_A_TASK: [() => defineTasks('none', { missing: loose(undefined) }), 'none.missing'],
  UMBEL_BAD_NAME: [() => defineTasks('a b', {}), '"a b"'],
  UMBEL_BAD_OPTION: [() => open(loose({ lane: {} })), 'lane. Did you mean "lanes"?'],
  UMBEL_WRONG_ARITY: [() => open().delay(loose(faults.fine.s(...loose<[number]>([1, 2])))), 'faults.fine takes 1'],
  UMBEL_BAD_KWARGS: [() => open().delay(loose(faults.mails.s())), 'faults.mails do not fit: to is missing'],
  UMBEL_CANNOT_TRAVEL: [() => open().delay(faults.fine.s(loose(() => 1))), 'args[0]'],
  UMBEL_VALUE_TOO_LARGE: [() => open({ values: { maxBytes: 10 } }).delay(faults.fine.s(loose('x'.repeat(11)))), 'args'],
  UMBEL_VALUE_TOO_DEEP: [
    () => {
      let deep: unknown = 1
      for (let depth = 0; depth < 1_000; depth += 1) deep = [deep]
      open().delay(faults.fine.s(loose(deep)))
    },
    'args[0][0]',
  ],
  UMBEL_BAD_VALUE: [
    async () => {
      const store = memoryStore()
      const { id } = open({ store }).delay(faults.fine.s(1))
      await apps[0]?.result(id).then((result) => result.get())
      const row = await store.get(id)
      const tampered = storeWith({ get: async () => loose({ ...row, result: '{"$":' }) })
      return (await open({ store: tampered }).result(id)).get()
    },
    '',
  ],
  UMBEL_BAD_DURATION: [
    () => open().delay(faults.fine.s(1).set({ countdown: loose('1 parsec') })),
    'countdown is "1 parsec"',
  ],
  UMBEL_BAD_RETRY: [
    () => task(() => 1, { retry: { max: -1 } }) && defineTasks('bad', { retry: task(() => 1, { retry: { max: -1 } }) }),
    'max',
  ],
  UMBEL_BAD_ROUTE: [() => open({ routes: [loose(5)] }), 'routes[0]'],
  UMBEL_UNKNOWN_LANE: [
    () => open().delay(faults.fine.s(1).set({ lane: 'defalt' })),
    'defalt, which does not exist. Did you mean "default"?',
  ],
  UMBEL_LANE_FULL: [
    () => {
      const app = open({ lanes: { narrow: { threads: 0, backlog: 2 } } })
      for (let sent = 0; sent < 3; sent += 1) app.delay(faults.fine.s(1).set({ lane: 'narrow' }))
    },
    'narrow',
  ],
  UMBEL_BAD_LANE: [
    () => open({ lanes: { empty: { threads: 0, inline: 0 } } }).delay(faults.fine.s(1).set({ lane: 'empty' })),
    'the lane empty',
  ],
  UMBEL_BAD_PRIORITY: [() => open().delay(faults.fine.s(1).set({ priority: 11 })), 'faults.fine is 11'],
  UMBEL_BAD_ETA: [() => open().delay(faults.fine.s(1).set({ eta: new Date(Number.NaN) })), 'eta is Invalid Date'],
  UMBEL_CANVAS_CYCLE: [
    () => {
      const steps: unknown[] = []
      const cycle = { kind: 'chain', steps, options: {} }
      steps.push(cycle)
      open().delay(loose(cycle))
    },
    'chain',
  ],
  UMBEL_CANVAS_TOO_DEEP: [() => open().delay(nested), '200'],
  UMBEL_CANVAS_TOO_LARGE: [
    () => {
      const steps = new Array(1_000_001).fill(group([]).data)
      open().delay(loose({ kind: 'chain', steps, options: {} }))
    },
    '2000000',
  ],
  UMBEL_BAD_CANVAS: [() => open().delay(chain([])), 'chain'],
  UMBEL_DUPLICATE_ID: [
    () => {
      open().delay(faults.hangs.s().set({ id: 'order-7' }))
      apps[0]?.delay(faults.hangs.s().set({ id: 'order-7' }))
    },
    'order-7',
  ],
  UMBEL_WOULD_DEADLOCK: [
    () => {
      const tasks = closures({ waits: () => tasks.fine?.delay().get(), fine: () => 1 })
      return ended(loose(tasks.waits), { tasks: [loose(tasks)] })
    },
    'closures.waits',
  ],
  UMBEL_TIMEOUT: [
    () =>
      open()
        .delay(faults.hangs.s().set({ id: 'slow' }))
        .get({ timeout: 1 }),
    'slow',
  ],
  UMBEL_ABORTED: [
    () =>
      open()
        .delay(faults.hangs.s().set({ id: 'slow' }))
        .get({ signal: AbortSignal.abort() }),
    'slow',
  ],
  UMBEL_REVOKED: [
    async () => {
      const result = open().delay(faults.fine.s(1).set({ countdown: '1h', id: 'unwanted' }))
      await result.accepted
      await result.revoke()
      return result.get()
    },
    'unwanted',
  ],
  UMBEL_EXPIRED: [
    async () => {
      const clock = new SimulatedClock()
      const result = open({ clock }).delay(faults.fine.s(1).set({ countdown: '2h', expires: '1h' }))
      const get = result.get()
      await Promise.all([clock.advance('3h'), get])
    },
    'faults.fine',
  ],
  UMBEL_REJECTED: [
    () =>
      one(() => {
        throw new Reject('no such customer')
      }),
    'no such customer',
  ],
  UMBEL_IGNORED: [
    () =>
      one(() => {
        throw new Ignore()
      }),
    'closures.handler',
  ],
  UMBEL_RETRIES_SPENT: [() => ended(faults.asksAgain.s()), 'faults.asksAgain'],
  UMBEL_BAD_TIME_LIMIT: [
    () => open().delay(faults.fine.s(1).set({ timeLimit: { soft: '2s', hard: '1s' } })),
    'timeLimit of faults.fine has a soft limit of 2000 ms',
  ],
  UMBEL_SOFT_TIME_LIMIT: [
    () => ended(faults.obeys.s().set({ timeLimit: { soft: 10 } })),
    'faults.obeys ran longer than its soft limit of 10 ms',
  ],
  UMBEL_HARD_TIME_LIMIT: [
    () => ended(faults.hangs.s().set({ timeLimit: 10 })),
    'faults.hangs ran longer than its hard limit of 10 ms',
  ],
  UMBEL_WORKER_LOST: [() => ended(faults.exits.s(), THREADS), 'faults.exits ended with exit code 4'],
  UMBEL_SETUP_FAILED: [() => ended(faults.setupThrows.s()), 'faults.setupThrows'],
  UMBEL_SETUP_TIMEOUT: [() => ended(faults.setupHangs.s()), 'faults.setupHangs took longer than 20 ms'],
  UMBEL_HANDLER_THREW_NOTHING: [() => ended(faults.throwsNull.s()), 'null'],
  UMBEL_CHORD_FAILED: [
    () =>
      new Promise((_, reject) => {
        const app = open()
        app.on('task-failure', ({ error }) => reject(error), { task: 'faults.sum' })
        app.delay(chord([faults.fine.s(1), faults.throws.s('no third')], faults.sum.s()))
      }),
    'no third',
  ],
  UMBEL_NO_CHORD: [() => ended(faults.noChord.s()), 'faults.noChord'],
  UMBEL_UNKNOWN_STATE: [() => ended(faults.unknownState.s()), 'FLYING'],
  UMBEL_UNKNOWN_RESULT: [() => open().result('nothing-here'), 'nothing-here'],
  UMBEL_TASK_VERSION: [
    async () => {
      const now = defineTasks('aged', { old: task(() => 1, { version: 2 }) })
      const store = memoryStore()
      await store.commit({ rows: [row('t1', { spec: { ...SPEC, task: 'aged.old' }, args: '[]' })], events: [] })
      const app = open({ tasks: [now], store })
      await app.start()
      await (await app.result('t1')).get()
    },
    'nothing leads from 1 to 2',
  ],
  UMBEL_UNKNOWN_LETTER: [() => open().deadLetters.redrive('nothing-here'), 'nothing-here'],
  UMBEL_CANNOT_RERUN: [
    async () => {
      const app = open()
      const whole = group([faults.fine.s(1)]).delay()
      await whole.get()
      await app.rerun(whole.id)
    },
    'SUCCESS, not FAILURE',
  ],
  UMBEL_RESULT_GONE: [
    async () => {
      const app = open({ store: memoryStore({ keepEnded: 1 }) })
      const whole = group([faults.fine.s(1)]).delay()
      await whole.get()
      for (let sent = 0; sent < 3; sent += 1) await app.delay(faults.fine.s(1)).get()
      return whole.results[0]?.get()
    },
    '/',
  ],
  UMBEL_STORE_FAILED: [
    () => ended(faults.fine.s(1), { store: storeWith({ commit: () => Promise.reject(new Error('disk full')) }) }),
    'not stored',
  ],
  UMBEL_STORE_FOREIGN: [
    () => {
      const file = newFile()
      writeFileSync(file, 'minutes of a meeting')
      return open({ store: sqliteStore(file) }).start()
    },
    '.db',
  ],
  UMBEL_STORE_CORRUPT: [
    () => {
      const file = newFile()
      writeFileSync(file, '')
      return open({ store: sqliteStore(file) }).start()
    },
    '.db is empty',
  ],
  UMBEL_STORE_NEWER: [
    () =>
      reopened(async (file, made) => {
        await made.close()
        tamper(file, 'PRAGMA user_version = 99')
      }),
    'version 99',
  ],
  UMBEL_STORE_READ_ONLY: [
    () => Promise.reject(storeError({ errcode: 1032, message: 'attempt to write a readonly database' }, 'work.db')),
    'work.db',
  ],
  UMBEL_STORE_FULL: [
    () => Promise.reject(storeError({ errcode: 13, message: 'database or disk is full' }, 'work.db')),
    'work.db',
  ],
  UMBEL_BAD_MACHINE: [
    () => checkChart(createMachine({ id: 'order', invoke: { src: fromPromise(async () => 1) } })),
    'order.invoke[0] runs logic of its own',
  ],
  UMBEL_PLACEHOLDER_STARTED: [
    () => {
      const actor = createActor(fromTask(faults.fine), { input: [1] })
      actor.subscribe({ error: () => {} })
      throw actor.start().getSnapshot().error
    },
    'faults.fine',
  ],
  UMBEL_BAD_INPUT: [
    () => placeholderOf(fromTask(faults.fine))?.canvasFor({ args: [1], lan: 'high' }),
    'faults.fine is a record with lan. Did you mean "lane"?',
  ],
  UMBEL_UNKNOWN_WORKFLOW: [
    async () => {
      const file = newFile()
      const app = open({ store: sqliteStore(file) })
      await app.workflow(idle(), { version: '2' }).start({ id: 'o-1' }).accepted
      const again = open({ store: sqliteStore(asIfKilled(file)) })
      return (await again.workflow(idle()).get('o-1')).query(({ value }) => value)
    },
    'Run o-1 is of idle, version 2',
  ],
  UMBEL_NOT_LOCAL: [
    () => open().workflow(idle(), { local: true, version: '2' } as never),
    'Local runs of idle have no version',
  ],
  UMBEL_DUPLICATE_WORKFLOW: [
    () => open({ workflows: [idle(), idle()] }),
    'Two machines are called idle and have version 1',
  ],
  UMBEL_RUN_ENDED: [
    async () => {
      const run = open().workflow(idle()).start({ id: 'o-1' })
      await run.cancel()
      await run.send({ type: 'GO' }).accepted
    },
    'Run o-1 of idle has ended as REVOKED',
  ],
  UMBEL_EVENT_NOT_TAKEN: [
    () => open().workflow(idle()).start().update({ type: 'GO' }),
    'takes no GO while it is WAITING',
  ],
  UMBEL_MAILBOX_FULL: [
    async () => {
      const run = open().workflow(idle(), { keep: 1 }).start()
      run.send({ type: 'GO' })
      await run.send({ type: 'GO' }).accepted
    },
    'keeps 1 events',
  ],
  UMBEL_MACHINE_LOOP: [
    () => {
      const states = { a: { always: 'b' }, b: { always: 'a' } }
      return open()
        .workflow(createMachine({ id: 'spin', initial: 'a', states }))
        .start()
        .result.get()
    },
    'thousand transitions',
  ],
  UMBEL_COMPENSATION_FAILED: [
    async () => {
      const run = open()
        .workflow(compensating({ onDone: 'broken' }, { broken: { invoke: { src: 'broken' } } }))
        .start({ id: 'o-2' })
      await run.waitFor('COMPENSATION_FAILED')
      run.send({ type: 'SKIP' })
      return run.result.get()
    },
    'Run o-2 failed (RangeError: broken), and was not able to take back o-2/done.1 (RangeError: broken).',
  ],
  UMBEL_TOO_MANY_COMPENSATIONS: [
    async () => {
      const broken = {
        entry: assign(({ event }) => ({ error: (event as unknown as { error: unknown }).error })),
        type: 'final',
      }
      const run = open()
        .workflow(compensating({ onDone: { target: 'doing', reenter: true }, onError: 'broken' }, { broken }))
        .start({ id: 'o-3' })
      await run.result.get()
      throw run.getSnapshot()?.context.error
    },
    'Run o-3 of compensating has done 1000 things',
  ],
  UMBEL_STORE_OWNED: [() => reopened(() => {}), `process ${process.pid}`],
  UMBEL_STORE_FENCED: [
    async () => {
      const file = newFile()
      const app = open({ store: sqliteStore(file) })
      await app.start()
      tamper(file, 'UPDATE owner SET token = token + 1')
      return app.delay(faults.fine.s(1)).get()
    },
    '.db',
  ],
  UMBEL_CANNOT_WRITE: [
    () => one((ctx) => ctx.write('INSERT INTO notes VALUES (1)')),
    'closures.handler called ctx.write, and the store of its app takes no writes',
  ],
  UMBEL_WRITE_FAILED: [
    () => one((ctx) => ctx.write('INSERT INTO notes VALUES (1)'), sqliteStore(newFile())),
    'no such table: notes',
  ],
  UMBEL_BAD_TRANSACTION: [
    () => open({ store: sqliteStore(newFile(), { setup: async () => {} }) }).start(),
    'gave a promise',
  ],
  UMBEL_ATTEMPT_OVER: [
    async () => {
      let late: (() => void) | undefined
      await one((ctx) => {
        late = () => ctx.write('INSERT INTO notes VALUES (1)')
      }, sqliteStore(newFile()))
      late?.()
    },
    'closures.handler called ctx.write',
  ],
  UMBEL_STORE_OLDER: [
    async () => {
      const file = newFile()
      tamper((await sending(file)).file, 'PRAGMA user_version = 1')
      return open({ store: sqliteStore(file, { as: 'sender' }) }).start()
    },
    'version 1',
  ],
  UMBEL_STORE_BUSY: [
    async () => {
      const store = await sending(newFile())
      const other = new DatabaseSync(store.file)
      other.exec('BEGIN IMMEDIATE')
      const put = store.put([{ kind: 'request', id: 'one', request: { name: 'health', args: '[]' } }])
      await store.close()
      return put.finally(() => other.close())
    },
    '.db has been locked',
  ],
  UMBEL_INBOX_FULL: [
    async () => {
      const app = open({ store: sqliteStore(newFile(), { as: 'sender', mostSent: 1 }) })
      await app.delay(faults.fine.s(1)).accepted
      await app.delay(faults.fine.s(2)).accepted
    },
    'of 1 that may',
  ],
  UMBEL_NO_OWNER: [
    () => open({ store: sqliteStore(newFile(), { as: 'sender' }) }).control.pause('default'),
    'Nobody has owned',
  ],
  UMBEL_NOT_OWNER: [() => open({ store: sqliteStore(newFile(), { as: 'sender' }) }).mapStream(faults.fine, [1]), '.db'],
  UMBEL_MODULE_FAILED: [() => ended(unloadable.never.s(), { ...THREADS, tasks: [unloadable] }), 'fails-in-threads'],
}

test.each(Object.entries(CASES))(
  '%s is raised, names the culprit and says what to do next',
  async (code, [raise, names]) => {
    const error = await (async () => raise())().then(
      (value) => `nothing raised but ${String(value)}`,
      (raised: unknown) => raised,
    )
    expect(error).toBeInstanceOf(UmbelError)
    const { message, code: raised } = error as UmbelError
    expect(raised, message).toBe(code)
    expect(message).toContain(names)
    expect(message.endsWith(ERRORS[code as ErrorCode].nextStep), message).toBe(true)
  },
)
