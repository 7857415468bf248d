import { defineTasks, task } from 'umbel'

/** Milliseconds of the machine's own clock, the same in every thread: handlers give when they began. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Keep a core busy for so many milliseconds. */
const work = (length: number): void => {
  for (const end = now() + length; now() < end; );
}

export const limited = defineTasks(import.meta, 'limited', {
  spaced: task((_ctx): number => now(), { rateLimit: '10/s' }),
  bucket: task((_ctx): number => now(), { rateLimit: { rate: '20/s', burst: 5 } }),
  keyed: task((_ctx, _user: string): number => now(), { rateLimit: { window: '10/s', key: (user) => user } }),
  changed: task((_ctx): number => now(), { rateLimit: '20/s' }),
  fast: task((_ctx): number => now(), { inline: true, rateLimit: '10000/s' }),
  free: (_ctx, length: number): number => {
    const began = now()
    work(length)
    return began
  },
})
