import { defineTasks, task } from 'umbel'

/** The tasks that are measured: they do nothing, on a thread and on the main loop. */
export const bench = defineTasks(import.meta, 'bench', {
  noop: (_ctx, value: number) => value,
  inlineNoop: task((_ctx, value: number) => value, { inline: true }),
  inlineCount: task((_ctx, values: readonly number[]) => values.length, { inline: true }),
})
