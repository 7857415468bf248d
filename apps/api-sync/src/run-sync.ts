import { chain, chord, createApp } from 'umbel'
import { limitsFor } from './limits.ts'
import { sync } from './tasks.ts'

/** What to fetch, and how fast. */
export interface Work {
  /** Address of the API. */
  readonly api: string
  readonly users: readonly string[]
  /** Pages a second of each user; `undefined` for no limits at all. */
  readonly rate: number | undefined
  /** Told when a task has set a state of its own. */
  readonly onState?: (state: string, about: unknown) => void
}

/** Fetch all pages of all users, tell the API each user's total, and give the sum of them. */
export async function runSync({ api, users, rate, onState }: Work): Promise<number> {
  const app = createApp({ tasks: [sync], limits: limitsFor(rate ?? 1), lanes: { default: { threads: 2 } } })
  app.on('task-state', ({ state, meta }) => onState?.(state, meta))
  try {
    if (rate === undefined) for (const limit of ['pages', 'account']) await app.control.rateLimit(limit, null)
    const each = users.map((user) => chain(sync.open.s(api, user), sync.publish.s(api, user)))
    return await chord(each, sync.sum.s()).delay().get()
  } finally {
    await app.stop({ deadline: '200ms' })
  }
}
