import { nodeId } from '@umbel/core/tasks'
import { AsyncResult } from './async-result.ts'

/** The handle of one member of a group. */
export type MemberResult<R> = AsyncResult<R>

/** The handle of a group: its result is the list of its members' results, in their order. */
export class GroupResult<R extends readonly unknown[]> extends AsyncResult<R> {
  #members: readonly MemberResult<R[number]>[] | undefined

  /** Handles of the members, in their order. Empty where the handle was made in a thread. */
  get results(): readonly MemberResult<R[number]>[] {
    this.#members ??= this.#memberNodes().map(
      (node) => this.source.handle(nodeId(this.workflow, node), this.plan, node) as MemberResult<R[number]>,
    )
    return this.#members
  }

  /** The same as `get`: wait until all members have ended; the first failed one in order throws. */
  join(options: Parameters<AsyncResult<R>['get']>[0] = {}): Promise<R> {
    return this.get(options)
  }

  /** How many members have succeeded so far. */
  completedCount(): number {
    const row = this.row()
    const join = row?.kind === 'join' ? row : this.source.peek(nodeId(this.workflow, this.node))
    if (join?.kind === 'join') return this.#memberNodes().length - join.remaining - join.failed
    return this.results.filter(({ state }) => state === 'SUCCESS').length
  }

  /** Go over the members as they end, in whatever way. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MemberResult<R[number]>, void> {
    const members = this.results
    const done: MemberResult<R[number]>[] = []
    let wake: (() => void) | undefined
    let refused: unknown
    for (const member of members) {
      member.whenReady(
        () => {
          done.push(member)
          wake?.()
        },
        (error) => {
          refused = error
          wake?.()
        },
      )
    }
    for (let given = 0; given < members.length; given += 1) {
      while (done[given] === undefined) {
        if (refused !== undefined) throw refused
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      yield done[given] as MemberResult<R[number]>
    }
  }

  #memberNodes(): readonly number[] {
    const node = this.plan?.nodes[this.node]
    return node?.kind === 'join' ? node.members : []
  }
}
