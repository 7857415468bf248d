// What the compiler knows of sagas. Checked by `npm run check:types`; nothing here runs.
import { type App, chain, defineTasks, type SagaMachine, saga } from 'umbel'
import { holds, type Same } from './same.ts'

interface Booking {
  readonly id: string
}
declare const app: App
const trip = defineTasks(import.meta, 'trip', {
  book: async (_ctx, to: string): Promise<Booking> => ({ id: to }),
  cancel: async (_ctx, booking: Booking): Promise<boolean> => booking.id !== '',
  count: (_ctx, to: string): number => to.length,
  uncount: (_ctx, count: number): boolean => count > 0,
})

const machine = saga('trip', [
  { run: trip.book, compensate: trip.cancel },
  { run: trip.count.si('x'), compensate: trip.uncount },
  { run: chain(trip.book.s(), trip.cancel.s()) },
])
holds<Same<typeof machine, SagaMachine<string, readonly [Booking, number, boolean]>>>()
const run = app.workflow(machine).start({ id: 'one', input: 'Rome' })
const results = run.result.get()
holds<Same<typeof results, Promise<readonly [Booking, number, boolean]>>>()
run.send({ type: 'RETRY' })
run.waitFor('COMPENSATION_FAILED')
// @ts-expect-error no such event
run.send({ type: 'UNDO' })
// @ts-expect-error the input is a text
app.workflow(machine).start({ id: 'one', input: 5 })
// @ts-expect-error the compensation takes a number, and its part gives a booking
saga('trip', [{ run: trip.book, compensate: trip.uncount }])
// @ts-expect-error the second part takes a number, and the saga is given a text
saga('trip', [{ run: trip.book }, { run: trip.uncount }])
