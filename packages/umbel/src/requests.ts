import { decode, encode, type Reply, type Request, toErrorData, umbelError } from '@umbel/core'
import { AsyncResult } from './async-result.ts'
import { shown } from './known-names.ts'
import type { Offers } from './offers.ts'
import type { SendOptions } from './workflows/run-event.ts'

/** What a sender may ask for, by the part of the owner's offers that does it. */
export const ASKED = {
  control: ['priority', 'rateLimit', 'timeLimit', 'revoke', 'pause', 'resume', 'scale', 'purge'],
  inspect: ['active', 'reserved', 'scheduled', 'waiting', 'registered', 'stats', 'lanes', 'limits', 'ping', 'runs'],
  deadLetters: ['list', 'get', 'redrive', 'discard'],
} as const satisfies { readonly [Part in 'control' | 'inspect' | 'deadLetters']: readonly (keyof Offers[Part])[] }

/** The largest answer, in characters and bytes. */
const MOST_BYTES = 64 * 2 ** 20

type Ask = (...args: unknown[]) => unknown

/** What an owner answers beside its offers. */
export interface Answers {
  forget(id: string): Promise<void>
  /** Tell a run an event that it takes at once, and give what its machine emits for it. */
  update(id: string, event: unknown, options: SendOptions): Promise<unknown>
}

/** Make what answers the requests of senders: what they may ask for is listed, all else is refused. Never rejects. */
export function requestAnswerer(offers: Offers, answers: Answers): (request: Request) => Promise<Reply> {
  const asked = new Map<string, Ask>()
  for (const [part, names] of Object.entries(ASKED)) {
    // the one place where a method is called by its name: each of them checks what it is given
    const offered = offers[part as keyof typeof ASKED] as unknown as Record<string, Ask>
    for (const name of names) asked.set(`${part}.${name}`, (...args) => offered[name]?.(...args))
  }
  asked.set('health', (options) => offers.health(options as object))
  asked.set('rerun', (id) => offers.rerun(String(id)))
  asked.set('forget', (id) => answers.forget(String(id)))
  asked.set('workflow.update', (id, event, options) => answers.update(String(id), event, options as SendOptions))
  asked.set('workflow.settled', () => undefined) // what was left before is stored by now
  return async ({ name, args }) => {
    try {
      const ask = asked.get(name)
      if (ask === undefined) throw umbelError('UMBEL_BAD_OPTION', `A sender has asked for ${shown(name)}.`)
      const value = await ask(...(decode(args) as unknown[]))
      return { value: encode(value instanceof AsyncResult ? value.id : value, { maxBytes: MOST_BYTES }) }
    } catch (error) {
      return { error: toErrorData(error) }
    }
  }
}
