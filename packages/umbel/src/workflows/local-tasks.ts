import { decode, notHere, type PlaceholderEvent, type PlaceholderHost, type TaskRow, umbelError } from '@umbel/core'
import type { AnyActorRef } from 'xstate'
import type { AsyncResult } from '../async-result.ts'
import { outsideHandlers } from '../current-attempt.ts'
import type { Producer, Sent } from '../producer.ts'
import type { AppResultSource } from '../result-source.ts'

/** Ids of what a local run has sent that it remembers. */
const MOST_SENT = 1_000

/** What tasks of local runs are sent with. */
export interface LocalTaskParts {
  readonly producer: Producer
  readonly source: AppResultSource
  readonly failed: (error: unknown) => void
}

/** The tasks and canvases that the actors of one local run stand for: sent as they start, revoked as they are stopped. */
export class LocalTasks {
  readonly #parts: LocalTaskParts
  /** What has not ended, by the actor that stands for it. */
  readonly #open = new Map<AnyActorRef, AsyncResult<unknown>>()
  #sent: string[] = []

  constructor(parts: LocalTaskParts) {
    this.#parts = parts
  }

  /** Ids of the last 1,000 that it sent, in their order. */
  get sent(): readonly string[] {
    return this.#sent
  }

  /** The id of what an actor stands for, while that has not ended. */
  idOf(actor: AnyActorRef): string | undefined {
    return this.#open.get(actor)?.id
  }

  /** Send what an actor stands for, and tell it what becomes of that. @throws what is wrong with the call */
  start(canvas: Parameters<Producer['sendAlways']>[0], actor: AnyActorRef): void {
    const { producer, source } = this.#parts
    const sent = producer.sendAlways(canvas)
    const handle = source.handleOf(sent)
    this.#open.set(actor, handle)
    this.#sent.push(sent.id)
    if (this.#sent.length > MOST_SENT) this.#sent = this.#sent.slice(-MOST_SENT)
    this.#tellProgress(sent, actor)
    const end = (event: PlaceholderEvent): void => {
      if (this.#open.delete(actor)) actor.send(event)
    }
    handle.get().then(
      (output) => end({ type: 'umbel.done', output }),
      (error: unknown) => end({ type: 'umbel.failed', error }),
    )
  }

  /** An actor was stopped: what it stands for is not wanted any more. */
  stop(actor: AnyActorRef): void {
    const handle = this.#open.get(actor)
    this.#open.delete(actor)
    handle?.revoke().catch(this.#parts.failed)
  }

  #tellProgress({ cell }: Sent, actor: AnyActorRef): void {
    const { errors } = this.#parts.source
    let last: TaskRow | undefined
    cell.watch((row) => {
      if (row.kind !== 'task' || row.endedAt !== undefined) return
      const { state, meta, progress } = row
      const news = meta !== last?.meta || progress !== last?.progress
      last = row
      if (!news || !this.#open.has(actor)) return
      const event: PlaceholderEvent = {
        type: 'umbel.showed',
        state,
        info: meta === undefined ? progress : decode(meta, errors),
      }
      actor.send(event)
    })
  }
}

/** Whose actors make up a system of XState's. */
const owners = new WeakMap<object, LocalTasks>()

/** Let the actors of a system start tasks: those of one local run. */
export const owns = (system: object, tasks: LocalTasks): void => void owners.set(system, tasks)

/** Runs what placeholders stand for in local runs; elsewhere XState cannot start them. */
export const localHost: PlaceholderHost = {
  start(placeholder, input, { self, system }) {
    const tasks = owners.get(system)
    if (tasks === undefined) throw notHere(placeholder.name)
    if (placeholder.compensation !== undefined)
      throw umbelError('UMBEL_NOT_LOCAL', `${placeholder.name} has compensate: a local run takes nothing back.`)
    outsideHandlers(() => tasks.start(placeholder.canvasFor(input), self))
  },
  stop: ({ self, system }) => owners.get(system)?.stop(self),
}
