import { defineTasks } from 'umbel'

/** What is in flight as its process dies. */
export const recovered = defineTasks(import.meta, 'recovered', {
  /**
   * Tells when it started, in milliseconds since the epoch; never where the process is only there to be killed.
   * @returns {Promise<number>}
   */
  started: () =>
    process.env.DIES === undefined
      ? Promise.resolve(performance.timeOrigin + performance.now())
      : new Promise(() => {}),
})
