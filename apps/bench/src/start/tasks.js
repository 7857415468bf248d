import { defineTasks } from 'umbel'

/** The first task that a script runs, on a thread. */
export const start = defineTasks(import.meta, 'start', {
  /**
   * @param {unknown} _ctx
   * @param {number} value
   */
  noop: (_ctx, value) => value,
})
