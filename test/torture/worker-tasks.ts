import { existsSync } from 'node:fs'
import { parentPort, threadId } from 'node:worker_threads'
import { defineTasks, type TaskContext, task } from 'umbel'

type Stage = 'BEGUN' | 'LAST'
type Context = TaskContext<Stage>

/** How long a handler has that does nothing until it is ended. */
const forever = (): Promise<never> => new Promise(() => {})
const later = (run: () => void, wait: number): void => void setTimeout(run, wait)

/** Tell by the handler's own clock that it has begun. */
const begin = (ctx: Context): void => ctx.setState('BEGUN', { at: Date.now() })
/** Tell that the thread will be gone in a moment. */
const last = (ctx: Context): void => ctx.setState('LAST', { at: Date.now() })

function hostile(): object {
  const refuse = (): never => {
    throw new Error('hostile')
  }
  return new Proxy(
    {},
    { get: refuse, getPrototypeOf: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse, has: refuse },
  )
}

type Then = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void

const thenable = (then: Then): object => Object.defineProperty({}, 'then', { value: then })

/** What handlers throw, give and leave behind that they should not. */
const THINGS: Readonly<Record<string, () => unknown>> = {
  null: () => null,
  undefined: () => undefined,
  symbol: () => Symbol('secret'),
  function: () => later,
  proxy: hostile,
  getter: () => ({
    get value(): never {
      throw new Error('hostile getter')
    },
  }),
  thenable: () =>
    Object.defineProperty({}, 'then', {
      get: () => {
        throw new Error('hostile then')
      },
    }),
  'thenable that throws': () =>
    thenable(() => {
      throw new Error('then threw')
    }),
  'thenable that answers twice': () =>
    thenable((resolve, reject) => {
      resolve('first')
      reject(new Error('second'))
      throw new Error('third')
    }),
  'error with a hostile message': () => Object.defineProperty(new Error(), 'message', { get: hostile }),
  port: () => new MessageChannel().port1,
}

/** Kinds of ends that a thread can come to by its handler's doing. */
const DEATHS: Readonly<Record<string, () => unknown>> = {
  'exit 0': () => process.exit(0),
  'exit 3': () => process.exit(3),
  'exit later': () => {
    later(() => process.exit(4), 20)
    return forever()
  },
  reallyExit: () => (process as unknown as { reallyExit(code: number): never }).reallyExit(5),
  'parent port closed': () => {
    parentPort?.close()
    return forever()
  },
  'exit in a listener': () => {
    process.once('exit', () => {
      throw new Error('thrown at exit')
    })
    process.exit(6)
  },
}

const staged = { states: ['BEGUN', 'LAST'] } as const

/** Tasks that do the worst to the thread they run in, and others that should not notice. */
export const torture = defineTasks(import.meta, 'torture', {
  /** Runs until there is a file. */
  neighbour: task(async (ctx, file: string): Promise<string> => {
    begin(ctx)
    while (!existsSync(file)) await new Promise((resolve) => later(() => resolve(undefined), 20))
    return 'untouched'
  }, staged),
  /** Takes so many milliseconds and gives its thread. */
  holds: task(async (ctx, time: number): Promise<number> => {
    begin(ctx)
    await new Promise((resolve) => later(() => resolve(undefined), time))
    return threadId
  }, staged),

  dies: task((ctx, how: string): unknown => {
    begin(ctx)
    last(ctx)
    return DEATHS[how]?.()
  }, staged),
  diesInSetup: task.extend({ setup: () => process.exit(7) })(() => 1),
  exhausts: task((ctx): void => {
    begin(ctx)
    const rows: number[][] = []
    for (;;) rows.push(new Array(100_000).fill(rows.length))
  }, staged),
  spins: task((ctx): void => {
    begin(ctx)
    for (;;);
  }, staged),
  spinsInMicrotasks: task(async (ctx): Promise<void> => {
    begin(ctx)
    for (;;) await undefined
  }, staged),
  sleeps: task((ctx): void => {
    begin(ctx)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }, staged),
  isDeaf: task((ctx) => {
    begin(ctx)
    ctx.signal.addEventListener('abort', () => {})
    return forever()
  }, staged),

  strayThrow: task((ctx) => {
    begin(ctx)
    later(() => {
      throw new Error('stray throw')
    }, 1)
    return forever()
  }, staged),
  strayRejection: task((ctx) => {
    begin(ctx)
    later(() => void Promise.reject(new Error('stray rejection')), 1)
    return forever()
  }, staged),
  strayNull: task((ctx) => {
    begin(ctx)
    later(() => void Promise.reject(null), 1)
    return forever()
  }, staged),
  strayHostile: task((ctx) => {
    begin(ctx)
    later(() => {
      throw hostile()
    }, 1)
    return forever()
  }, staged),
  unguarded: task((ctx) => {
    begin(ctx)
    process.removeAllListeners('uncaughtException')
    last(ctx)
    later(() => {
      throw new Error('nobody catches this')
    }, 1)
    return forever()
  }, staged),
  leaves: task((ctx, how: 'throw' | 'reject' | 'exit'): string => {
    begin(ctx)
    later(() => {
      if (how === 'throw') throw new Error('left behind')
      if (how === 'reject') void Promise.reject(new Error('left behind'))
      else process.exit(9)
    }, 40)
    return 'left'
  }, staged),

  gives: task((ctx, thing: string): unknown => {
    begin(ctx)
    return THINGS[thing]?.()
  }, staged),
  throws: task((ctx, thing: string): never => {
    begin(ctx)
    throw THINGS[thing]?.()
  }, staged),
  babbles: task((ctx): void => {
    begin(ctx)
    for (const word of [null, 5, 'hello', {}, { umbel: 'hello' }, { umbel: 'hello', thread: threadId, port: 7 }, []])
      parentPort?.postMessage(word)
  }, staged),
  aborts: task((ctx): void => {
    begin(ctx)
    process.abort()
  }, staged),
  overflows: task((ctx): number => {
    begin(ctx)
    const deeper = (): number => deeper() + 1
    return deeper()
  }, staged),
})
