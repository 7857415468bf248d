import { chord, defineTasks, type TaskContext, task } from 'umbel'
import { TOTAL_WEIGHT } from './contract.ts'
import { request, TooManyRequests } from './request.ts'

// Should the API refuse a request all the same, it is made again later, and counts for its limit like any other.
const asking = task.extend({ retry: { on: [TooManyRequests], max: 10, backoff: '1s' } })

/** Pages count for the user whose they are: each has a bucket of its own, which both tasks that fetch pages draw from. */
const ofUser = { limit: 'pages', key: (_api: string, user: string): string => user } as const

async function fetchPage(ctx: TaskContext, api: string, user: string, page: number): Promise<number[]> {
  return (await request(`${api}/users/${user}/pages/${page}`, ctx.signal)) as number[]
}

/** The tasks of the app. What waits for the network runs on the main loop; threads import this file, too. */
export const sync = defineTasks(
  import.meta,
  'sync',
  {
    /** Learn how many pages a user has, and become the chord that fetches them: the total of them is this task's result. */
    open: asking(
      async (ctx, api: string, user: string): Promise<number> => {
        const { pages } = (await request(`${api}/users/${user}`, ctx.signal)) as { readonly pages: number }
        const fetching = Array.from({ length: pages }, (_, page) =>
          page % 2 === 0 ? sync.page.s(api, user, page) : sync.pageOnThread.s(api, user, page),
        )
        return ctx.replace(chord(fetching, sync.add.s(user)))
      },
      { inline: true, rateLimit: { limit: 'account' } },
    ),

    /** Fetch the amounts on one page of a user. */
    page: asking(fetchPage, { inline: true, rateLimit: ofUser }),

    /** The same, for pages that would take a processor to read. */
    pageOnThread: asking(fetchPage, { rateLimit: ofUser }),

    /** Add up all pages of a user. */
    add: task(
      (ctx, pages: readonly (readonly number[])[], user: string): number => {
        ctx.setState('ADDING', { user, pages: pages.length })
        return pages.flat().reduce((sum, amount) => sum + amount, 0)
      },
      { inline: true, states: ['ADDING'] },
    ),

    /** Tell the API a user's total, and give it on. */
    publish: asking(
      async (ctx, total: number, api: string, user: string): Promise<number> => {
        ctx.setState('PUBLISHING', { user, total })
        await request(`${api}/users/${user}/total`, ctx.signal, total)
        return total
      },
      { inline: true, states: ['PUBLISHING'], rateLimit: { limit: 'account', weight: TOTAL_WEIGHT } },
    ),

    /** Add up the totals of all users. */
    sum: task((_ctx, totals: readonly number[]): number => totals.reduce((sum, total) => sum + total, 0), {
      inline: true,
    }),
  },
  { errors: [TooManyRequests] },
)
