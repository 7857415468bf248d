import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  initialTransition,
  transition,
} from 'xstate'
import { buildChart } from './build-chart.ts'
import { errorOf, outputOf, type Shown } from './live-run.ts'
import type { Happening, RandomState } from './random-chart.ts'

/** Logic that does nothing: what it stands for is run by whoever carries out the effects. */
const inert = {
  getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
  transition: (snapshot: object) => snapshot,
  getPersistedSnapshot: (snapshot: object) => snapshot,
  restoreSnapshot: (snapshot: object) => snapshot,
}

interface Timer {
  readonly id: string | undefined
  readonly due: number
  readonly event: AnyEventObject
}

/**
 * Run a random machine by XState's pure transition functions, its snapshot written as JSON and read again before each step, with
 * timers and children of our own: what it shows at first and after each happening.
 */
export function pureRun(chart: RandomState, happenings: readonly Happening[]): readonly Shown[] {
  const run = new PureRun(buildChart(chart, inert as never))
  const shown = [run.show()]
  for (const happening of happenings) {
    run.happen(happening)
    shown.push(run.show())
  }
  return shown
}

class PureRun {
  readonly #machine: AnyStateMachine
  #snapshot!: AnyMachineSnapshot
  #now = 0
  #timers: Timer[] = []
  #children = new Set<string>()
  readonly #mail: AnyEventObject[] = []
  readonly #emitted: unknown[] = []

  constructor(machine: AnyStateMachine) {
    this.#machine = machine
    this.#take(() => initialTransition(machine) as never)
    this.#deliver()
  }

  happen(happening: Happening): void {
    switch (happening.kind) {
      case 'event':
        return this.#tell({ type: happening.event })
      case 'time':
        return this.#pass(this.#now + happening.ms)
      case 'child': {
        const ids = [...this.#children].sort()
        const id = ids[happening.pick % ids.length]
        if (id === undefined) return
        this.#children.delete(id)
        if (happening.ok) this.#tell({ type: `xstate.done.actor.${id}`, output: outputOf(id), actorId: id })
        else this.#tell({ type: `xstate.error.actor.${id}`, error: errorOf(id), actorId: id })
      }
    }
  }

  show(): Shown {
    const { status, value, context, output, error } = this.#snapshot
    return {
      status,
      value,
      context,
      output,
      error: error instanceof Error ? error.message : undefined,
      children: status === 'active' ? [...this.#children].sort() : [],
      emitted: [...this.#emitted],
    }
  }

  #pass(until: number): void {
    for (;;) {
      const due = Math.min(...this.#timers.map((timer) => timer.due))
      if (due > until) break
      const timer = this.#timers.find((one) => one.due === due) as Timer
      this.#timers = this.#timers.filter((one) => one !== timer)
      this.#now = due
      this.#tell(timer.event)
    }
    this.#now = until
  }

  #tell(event: AnyEventObject): void {
    this.#mail.push(event)
    this.#deliver()
  }

  #deliver(): void {
    for (let event = this.#mail.shift(); event !== undefined; event = this.#mail.shift()) {
      const told = event
      if (this.#snapshot.status !== 'active') continue
      this.#take(() => transition(this.#machine, this.#restored(), told as never) as never)
    }
  }

  #restored(): AnyMachineSnapshot {
    const text = JSON.stringify(this.#machine.getPersistedSnapshot(this.#snapshot as never))
    return createActor(this.#machine, { snapshot: JSON.parse(text) }).getSnapshot() as AnyMachineSnapshot
  }

  #take(step: () => [AnyMachineSnapshot, readonly Effect[]]): void {
    const before = this.#snapshot
    let stepped: [AnyMachineSnapshot, readonly Effect[]]
    try {
      stepped = step()
    } catch (error) {
      this.#snapshot = { ...before, status: 'error', error } as never
      this.#over()
      return
    }
    this.#snapshot = stepped[0]
    for (const effect of stepped[1]) this.#carryOut(effect)
    if (this.#snapshot.status !== 'active') this.#over()
  }

  #over(): void {
    this.#timers = []
    this.#children.clear()
  }

  #carryOut({ type, params }: Effect): void {
    switch (type) {
      case 'xstate.spawnChild':
        this.#children.add(params.id)
        return
      case 'xstate.stopChild':
        if (params !== undefined) this.#children.delete(params.id)
        return
      case 'xstate.raise':
      case 'xstate.sendTo':
        if (params.delay === undefined) {
          if (type === 'xstate.sendTo') this.#mail.push(params.event)
          return
        }
        this.#timers.push({ id: params.id, due: this.#now + params.delay, event: params.event })
        return
      case 'xstate.cancel':
        this.#timers = this.#timers.filter(({ id }) => id !== params.sendId)
        return
      case 'xstate.emit':
        this.#emitted.push(params.event)
    }
  }
}

interface Effect {
  readonly type: string
  readonly params: {
    readonly id: string
    readonly event: AnyEventObject
    readonly delay?: number
    readonly sendId?: string
  }
}
