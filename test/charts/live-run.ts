import { type AnyActorRef, type AnyStateMachine, createActor, SimulatedClock } from 'xstate'
import { buildChart } from './build-chart.ts'
import type { Happening, RandomState } from './random-chart.ts'
import { TICK } from './random-chart.ts'

/** What a run shows: equal for every way of running the same machine. */
export interface Shown {
  readonly status: string
  readonly value: unknown
  readonly context: unknown
  readonly output: unknown
  readonly error: string | undefined
  /** Ids of the children that still run. */
  readonly children: readonly string[]
  readonly emitted: readonly unknown[]
}

/** Logic whose end is told from outside. */
const controlled = {
  getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
  transition: (snapshot: object, event: { type: string; value?: unknown }) => {
    if (event.type === 'end.ok') return { ...snapshot, status: 'done', output: event.value }
    if (event.type === 'end.failed') return { ...snapshot, status: 'error', error: event.value }
    return snapshot
  },
  getPersistedSnapshot: (snapshot: object) => snapshot,
  restoreSnapshot: (snapshot: object) => snapshot,
}

/** What a child that ends well gives, and what one that fails throws. */
export const outputOf = (id: string): string => `by ${id}`
export const errorOf = (id: string): Error => new RangeError(`no ${id}`)

/** Run a random machine as a live actor of XState on its simulated clock: what it shows at first and after each happening. */
export function liveRun(chart: RandomState, happenings: readonly Happening[]): readonly Shown[] {
  const machine = buildChart(chart, controlled as never)
  const clock = new SimulatedClock()
  const emitted: unknown[] = []
  const actor = createActor(machine as AnyStateMachine, { clock })
  // an error that nobody listens to would be thrown by a timer of the machine's own
  actor.subscribe({ error: () => {} })
  actor.on('*', (event) => emitted.push(event))
  actor.start()
  const shown = [show(actor as never, emitted)]
  for (const happening of happenings) {
    happen(actor as never, clock, happening)
    shown.push(show(actor as never, emitted))
  }
  actor.stop()
  return shown
}

interface LiveSnapshot {
  readonly status: string
  readonly value: unknown
  readonly context: unknown
  readonly output: unknown
  readonly error: unknown
  readonly children: Readonly<Record<string, AnyActorRef | undefined>>
}

const running = ({ status, children }: LiveSnapshot): readonly string[] =>
  status !== 'active'
    ? []
    : Object.keys(children)
        .filter((id) => (children[id]?.getSnapshot() as { status?: string } | undefined)?.status === 'active')
        .sort()

function happen(actor: AnyActorRef, clock: SimulatedClock, happening: Happening): void {
  switch (happening.kind) {
    case 'event':
      if ((actor.getSnapshot() as LiveSnapshot).status === 'active') actor.send({ type: happening.event })
      return
    case 'time':
      for (let passed = 0; passed < happening.ms; passed += TICK) clock.increment(TICK)
      return
    case 'child': {
      const snapshot = actor.getSnapshot() as LiveSnapshot
      const ids = running(snapshot)
      const id = ids[happening.pick % ids.length]
      if (id === undefined) return
      const value = happening.ok ? outputOf(id) : errorOf(id)
      snapshot.children[id]?.send({ type: happening.ok ? 'end.ok' : 'end.failed', value })
    }
  }
}

function show(actor: AnyActorRef, emitted: readonly unknown[]): Shown {
  const snapshot = actor.getSnapshot() as LiveSnapshot
  const { status, value, context, output, error } = snapshot
  return {
    status,
    value,
    context,
    output,
    error: error instanceof Error ? error.message : undefined,
    children: running(snapshot),
    emitted: [...emitted],
  }
}
