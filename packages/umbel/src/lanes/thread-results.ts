import { umbelError } from '@umbel/core/tasks'
import type { AsyncResult, ResultSource } from '../async-result.ts'
import { Cell } from '../cell.ts'
import { GroupResult } from '../group-result.ts'
import { systemClock } from '../system.ts'

/**
 * Handles of what handlers in a thread send. The app's results are not here: such a handle knows its id and nothing more,
 * and whatever would have to ask the app is refused at once.
 */
export class ThreadResults implements ResultSource {
  readonly clock = systemClock
  readonly errors: ResultSource['errors'] = new Map()

  cell(id: string): Cell {
    const cell = new Cell(id)
    cell.answer(refusal(id))
    return cell
  }

  peek(): undefined {
    return undefined
  }

  async childrenOf(id: string): Promise<never> {
    throw refusal(id)
  }

  async revoke(id: string): Promise<never> {
    throw refusal(id)
  }

  async forget(id: string): Promise<never> {
    throw refusal(id)
  }

  handle(id: string): AsyncResult<unknown> {
    return new GroupResult<readonly unknown[]>(id, this)
  }
}

const refusal = (id: string): Error =>
  umbelError('UMBEL_WOULD_DEADLOCK', `A handle in a thread knows its id (${id}) and nothing more.`)
