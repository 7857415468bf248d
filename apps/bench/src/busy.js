/**
 * What raw Piscina runs: the same work as the task.
 * @param {number} time microseconds
 */
export default (time) => {
  const end = performance.now() + time / 1_000
  while (performance.now() < end);
}
