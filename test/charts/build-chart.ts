import {
  type AnyActorLogic,
  type AnyStateMachine,
  assign,
  cancel,
  emit,
  enqueueActions,
  raise,
  sendTo,
  setup,
} from 'xstate'
import type { Act, RandomState, Way } from './random-chart.ts'

/** What a random machine remembers. `fuel` bounds what it does without being told. */
export interface Marks {
  readonly n: number
  readonly fuel: number
  readonly log: readonly string[]
}

const FUEL = 12

/** Write a random machine as XState's own; its states have the ids `s0`, `s1`, ... in document order. `child` is what they invoke. */
export function buildChart(root: RandomState, child: AnyActorLogic): AnyStateMachine {
  const all = flatten(root)
  const built = setup({
    types: {} as { context: Marks; events: { type: string } },
    actors: { child },
  }).createMachine({
    ...new Builder(all).state(root),
    id: 'random',
    context: { n: 0, fuel: FUEL, log: [] },
    output: (({ context }: { context: Marks }) => ({ n: context.n, said: context.log.length })) as never,
  } as never)
  const machine = built as unknown as AnyStateMachine
  machine.options = { ...machine.options, maxIterations: 1000 }
  return machine
}

function flatten(state: RandomState): readonly RandomState[] {
  return [state, ...state.children.flatMap(flatten)]
}

const holds = (around: RandomState, state: RandomState): boolean =>
  around.children.some((child) => child === state || holds(child, state))

const HISTORY = new Set(['shallow', 'deep'])
const log = (mark: string) =>
  assign({
    n: ({ context }: { context: Marks }) => context.n + 1,
    log: ({ context }: { context: Marks }) => [...context.log, mark].slice(-40),
  } as never)

class Builder {
  readonly #all: readonly RandomState[]

  constructor(all: readonly RandomState[]) {
    this.#all = all
  }

  state(state: RandomState): object {
    const name = this.#name(state)
    if (HISTORY.has(state.kind)) return { id: name, type: 'history', history: state.kind }
    const acts = (when: string, list: readonly Act[]): unknown[] => [
      log(`${when} ${name}`),
      ...list.map((act) => this.#act(act)),
    ]
    const { kind, children } = state
    return {
      id: name,
      ...(kind !== 'atomic' && kind !== 'compound' && { type: kind }),
      ...(kind === 'compound' && { initial: this.#initial(state) }),
      ...(children.length > 0 && {
        states: Object.fromEntries(children.map((child) => [this.#name(child), this.state(child)])),
      }),
      entry: acts('in', state.entry),
      exit: acts('out', state.exit),
      ...(kind === 'final' ? { output: ({ context }: { context: Marks }) => context.n } : this.#ways(state, name)),
    }
  }

  #ways(state: RandomState, name: string): object {
    const { on, always, after, done, invoke } = state
    return {
      on: Object.fromEntries(
        Object.entries(on).map(([event, ways]) => [
          event,
          ways.map((way) => this.#way(way, state, `${event} ${name}`)),
        ]),
      ),
      ...(always !== undefined && { always: this.#free(always, state, `always ${name}`) }),
      after: Object.fromEntries(after.map(({ delay, way }) => [delay, this.#way(way, state, `after ${name}`)])),
      ...(done !== undefined && state.children.length > 0 && { onDone: this.#free(done, state, `done ${name}`) }),
      ...(invoke !== undefined && {
        invoke: {
          id: `c-${name}`,
          src: 'child',
          input: ({ context }: { context: Marks }) => [`c-${name}`, context.n],
          ...(invoke.done !== undefined && { onDone: this.#way(invoke.done, state, `child ${name}`) }),
          ...(invoke.failed !== undefined && { onError: this.#way(invoke.failed, state, `failed ${name}`) }),
        },
      }),
    }
  }

  /** A history state cannot be entered first. */
  #initial({ children, initial }: RandomState): string {
    const real = children.filter(({ kind }) => !HISTORY.has(kind))
    return this.#name(real[initial % real.length] as RandomState)
  }

  #way(way: Way, from: RandomState, mark: string): object {
    const { below, to, acts } = way
    // to a state around it XState enters states again that it has not left, unless the way reenters
    const target = to === undefined || this.#crosses(from, this.#state(to)) ? undefined : this.#state(to)
    const reenter = way.reenter || (target !== undefined && holds(target, from))
    return {
      ...(target !== undefined && { target: `#${this.#name(target)}`, reenter }),
      ...(below !== undefined && { guard: ({ context }: { context: Marks }) => context.n < below }),
      actions: [
        assign({
          log: ({ context, event }: { context: Marks; event: Told }) =>
            [...context.log, `${mark}${told(event)}`].slice(-40),
        } as never),
        ...acts.map((act) => this.#act(act)),
      ],
    }
  }

  /** A way that nobody has to be told to take: only with fuel, or the machine would never rest. */
  #free(way: Way, from: RandomState, mark: string): object {
    const { below } = way
    const built = this.#way({ ...way, below: undefined }, from, mark) as { readonly actions: readonly unknown[] }
    return {
      ...built,
      guard: ({ context }: { context: Marks }) => context.fuel > 0 && (below === undefined || context.n < below),
      actions: [assign({ fuel: ({ context }: { context: Marks }) => context.fuel - 1 } as never), ...built.actions],
    }
  }

  #act(act: Act): unknown {
    switch (act.act) {
      case 'count':
        return log('count')
      case 'emit':
        return emit((({ context }: { context: Marks }) => ({ type: 'MARK', n: context.n })) as never)
      default:
        return enqueueActions((({ context, enqueue }: { context: Marks; enqueue: Enqueue }) => {
          if (context.fuel <= 0) return
          enqueue.assign({ fuel: context.fuel - 1 })
          // of two timers under one id a live actor loses sight of one
          if (act.act === 'later') enqueue(cancel(act.id))
          enqueue(made(act))
        }) as never)
    }
  }

  /** From one region of a parallel state to another, and back to the history of what it stands in, XState enters again what it has not left. */
  #crosses(from: RandomState, target: RandomState): boolean {
    if (HISTORY.has(target.kind)) {
      const parent = this.#all.find(({ children }) => children.includes(target))
      if (parent === from || (parent !== undefined && holds(parent, from))) return true
    }
    if (from === target || holds(from, target) || holds(target, from)) return false
    const around = this.#all.filter((state) => holds(state, from) && holds(state, target)).at(-1)
    return around?.kind === 'parallel'
  }

  #state(to: number): RandomState {
    return this.#all[1 + (to % (this.#all.length - 1))] as RandomState
  }

  #name(state: RandomState): string {
    return `s${this.#all.indexOf(state)}`
  }
}

interface Enqueue {
  (action: unknown): void
  assign(change: object): void
}

/** What a done or a failed child says of itself. */
interface Told {
  readonly output?: unknown
  readonly error?: unknown
}

function told({ output, error }: Told): string {
  if (output !== undefined) return ` ${JSON.stringify(output)}`
  return error instanceof Error ? ` ${error.message}` : ''
}

function made(act: Exclude<Act, { readonly act: 'count' | 'emit' }>): unknown {
  const self = (({ self }: { self: unknown }) => self) as never
  switch (act.act) {
    case 'raise':
      return raise({ type: act.event } as never)
    case 'send':
      return sendTo(self, { type: act.event } as never)
    case 'later': {
      const options = { delay: act.delay, id: act.id }
      return act.how === 'raise'
        ? raise({ type: act.event } as never, options)
        : sendTo(self, { type: act.event } as never, options)
    }
    case 'cancel':
      return cancel(act.id)
  }
}
