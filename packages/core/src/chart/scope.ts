import type { AnyActorRef, AnyActorScope, AnyEventObject } from 'xstate'
import type { ChartRow } from '../rows.ts'

/** An action as XState hands it out. */
export interface AskedAction {
  readonly type: string
  readonly info: { readonly context: unknown; readonly event: AnyEventObject }
  readonly params: unknown
}

/** What stands for an actor while a machine works out its next step: it has a name, and does nothing. */
export class InertRef {
  readonly id: string
  readonly sessionId: string
  readonly src: string
  readonly system = INERT_SYSTEM
  readonly _parent: InertRef | undefined
  /** XState stops and persists what is running only. */
  readonly _processingStatus = 0
  readonly #snapshot: object

  constructor(id: string, sessionId: string, src: string, parent?: InertRef, snapshot: object = { status: 'active' }) {
    this.id = id
    this.sessionId = sessionId
    this.src = src
    this._parent = parent
    this.#snapshot = snapshot
  }

  get ref(): this {
    return this
  }

  send(): void {}

  getSnapshot(): object {
    return this.#snapshot
  }

  getPersistedSnapshot(): object {
    return this.#snapshot
  }
}

/** A system in which nothing is registered. An actor without an id of its own would have one that differs at each step: it has none. */
const INERT_SYSTEM = {
  _bookId: () => '',
  _register: (id: string) => id,
  _unregister: () => {},
  _set: () => {},
  _sendInspectionEvent: () => {},
  _relay: () => {},
  _logger: () => {},
  _clock: { setTimeout: () => 0, clearTimeout: () => {} },
  get: () => undefined,
  getAll: () => ({}),
  inspect: () => ({ unsubscribe: () => {} }),
  getSnapshot: () => ({ _scheduledEvents: {} }),
  start: () => {},
} as const

/** The actors that a run is and knows: itself and what it has invoked. */
export interface Actors {
  readonly self: InertRef
  readonly children: Readonly<Record<string, AnyActorRef>>
}

/** Make the actors of a run. */
export function actorsOf(row: Pick<ChartRow, 'id' | 'machine' | 'settles' | 'children'>): Actors {
  const { id, machine, settles } = row
  const parent = settles === undefined ? undefined : new InertRef(settles, settles, '')
  const self = new InertRef(id, id, machine, parent)
  const children: Record<string, AnyActorRef> = {}
  for (const [key, child] of Object.entries(row.children)) {
    const snapshot = { status: child.ended === true ? 'done' : 'active', output: undefined, error: undefined }
    children[key] = new InertRef(key, child.id, child.src, self, snapshot) as unknown as AnyActorRef
  }
  return { self, children }
}

/** What XState needs to work out a step: it collects the actions instead of carrying them out. */
export function scopeOf({ self }: Actors, asked: AskedAction[]): AnyActorScope {
  return {
    self,
    id: self.id,
    sessionId: self.sessionId,
    system: INERT_SYSTEM,
    logger: () => {},
    defer: () => {},
    emit: () => {},
    stopChild: () => {},
    actionExecutor: (action: AskedAction) => {
      asked.push(action)
    },
  } as unknown as AnyActorScope
}
