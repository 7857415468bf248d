import { defineTasks, task } from 'umbel'

/** The tasks that are measured: they do nothing, on a thread and on the main loop, or compute. */
export const bench = defineTasks(import.meta, 'bench', {
  /** Computes, and never lets its loop turn. */
  burn: (_ctx, turns: number): number => {
    let state = 1
    for (let turn = 0; turn < turns; turn += 1) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state
  },
  /** Keeps its loop busy for so many microseconds. */
  busy: (_ctx, time: number): void => {
    const end = performance.now() + time / 1_000
    while (performance.now() < end);
  },
  noop: (_ctx, value: number) => value,
  inlineNoop: task((_ctx, value: number) => value, { inline: true }),
  inlineCount: task((_ctx, values: readonly number[]) => values.length, { inline: true }),
})
