import { expect, test } from 'vitest'
import { sendTo, setup } from 'xstate'
import { chain, fromCanvas, fromTask, SimulatedClock, workflow } from '../src/index.ts'
import { ended, next, open, through } from './fixtures/open-app.ts'
import { trips } from './fixtures/trip.ts'

/** A machine that books a flight, then invokes `leg`, which books a train and then waits for GO, a note and its end; then a car. */
function begin(fails: Record<string, number>, clock = new SimulatedClock()) {
  const did: string[] = []
  const trip = trips(fails, did)
  const inner = setup({
    types: {} as { events: { type: 'GO' }; tags: 'WAITING' },
    actors: { train: fromTask(trip.book.si('train', 'Bern'), { compensate: trip.cancel }), note: fromTask(trip.note) },
  }).createMachine({
    id: 'inner',
    initial: 'riding',
    states: {
      riding: { invoke: { src: 'train', id: 'train', onDone: 'waiting' } },
      waiting: { tags: 'WAITING', on: { GO: 'noting' } },
      noting: { invoke: { src: 'note', id: 'note', onDone: 'over' } },
      over: { type: 'final' },
    },
  })
  const outer = setup({
    types: {} as { events: { type: 'GO' } | { type: 'LEAVE' }; tags: 'THROUGH' | 'CAUGHT' },
    actors: {
      flight: fromTask(trip.book.si('flight', 'Rome'), { compensate: trip.cancel }),
      car: fromTask(trip.book.si('car', 'Rome'), { compensate: trip.cancel }),
      leg: inner,
    },
  }).createMachine({
    id: 'outer',
    initial: 'flying',
    states: {
      flying: { invoke: { src: 'flight', id: 'flight', onDone: 'riding' } },
      riding: {
        invoke: { src: 'leg', id: 'leg', onDone: 'driving', onError: 'caught' },
        on: { GO: { actions: sendTo('leg', { type: 'GO' }) }, LEAVE: 'driving' },
      },
      driving: { invoke: { src: 'car', id: 'car', onDone: 'there' } },
      caught: { tags: 'CAUGHT', on: { GO: 'driving' } },
      there: { type: 'final' },
    },
  })
  const app = open({ tasks: [trip], workflows: [outer], clock })
  return { app, did, clock, trip, inner, run: app.workflow(outer).start({ id: 'one' }), legs: app.workflow(inner) }
}

const leg = async ({ app, legs }: ReturnType<typeof begin>) => {
  await next(app, 'workflow-state', ({ state }) => state === 'WAITING')
  return legs.get('one/leg.2')
}

test('what a run that was invoked did is taken back by the one that invoked it, once it has succeeded', async () => {
  const begun = begin({ 'car to Rome': 1 })
  await leg(begun)
  begun.run.send({ type: 'GO' })
  expect(await ended(begun.run.result)).toMatchObject({ message: 'no car to Rome' })
  expect(begun.did).toEqual([
    'flight to Rome',
    'train to Bern',
    'note',
    'cancel train to Bern!',
    'cancel flight to Rome!',
  ])
  expect((await begun.app.result('one/leg.2')).state).toBe('SUCCESS')
})

test('one that fails takes back its own, and only then tells the one that invoked it', async () => {
  const begun = begin({ note: 1 })
  await leg(begun)
  begun.run.send({ type: 'GO' })
  await begun.run.waitFor('CAUGHT')
  expect(begun.did).toEqual(['flight to Rome', 'train to Bern', 'cancel train to Bern!'])
  begun.run.send({ type: 'GO' })
  expect(await begun.run.result.get()).toBeUndefined()
  expect(begun.did.slice(3)).toEqual(['car to Rome'])
})

test('of one that was left half-way, the one that invoked it takes over what it did', async () => {
  const begun = begin({ 'car to Rome': 1 })
  await leg(begun)
  begun.run.send({ type: 'LEAVE' })
  expect(await ended(begun.run.result)).toMatchObject({ message: 'no car to Rome' })
  expect((await begun.app.result('one/leg.2')).state).toBe('REVOKED')
  expect(begun.did).toEqual(['flight to Rome', 'train to Bern', 'cancel train to Bern!', 'cancel flight to Rome!'])
})

test('the same of one that is cancelled itself', async () => {
  const begun = begin({ 'car to Rome': 1 })
  await (await leg(begun)).cancel()
  await begun.run.waitFor('CAUGHT')
  begun.run.send({ type: 'GO' })
  await ended(begun.run.result)
  expect(begun.did).toEqual(['flight to Rome', 'train to Bern', 'cancel train to Bern!', 'cancel flight to Rome!'])
})

test('one that takes back what it did is not kept from it by whoever has left it, nor is that done twice', async () => {
  const begun = begin({ note: 1, 'cancel train to Bern!': 3, 'car to Rome': 1 })
  const inner = await leg(begun)
  begun.run.send({ type: 'GO' })
  await next(begun.app, 'workflow-state', ({ id, state }) => id === 'one/leg.2' && state === 'COMPENSATING')
  begun.run.send({ type: 'LEAVE' })
  expect(await ended(begun.run.result)).toMatchObject({ message: 'no car to Rome' })
  expect(begun.did).toEqual(['flight to Rome', 'train to Bern', 'cancel flight to Rome!'])
  expect(await through(begun.clock, inner.result)).toMatchObject({ message: 'no note' })
  expect(begun.did.slice(3)).toEqual(['cancel train to Bern!'])
})

test('what is left of one that was cancelled while it took back what it did is taken back under another id', async () => {
  const begun = begin({ note: 1, 'cancel train to Bern!': 1, 'car to Rome': 1 })
  const inner = await leg(begun)
  begun.run.send({ type: 'GO' })
  await next(begun.app, 'task-failure', ({ id }) => id === 'one/leg.2/train.1.c1')
  await inner.cancel()
  await begun.run.waitFor('CAUGHT')
  begun.run.send({ type: 'GO' })
  expect(await ended(begun.run.result)).toMatchObject({ message: 'no car to Rome' })
  expect(begun.did).toEqual(['flight to Rome', 'train to Bern', 'cancel train to Bern!', 'cancel flight to Rome!'])
  expect((await begun.app.result('one/leg.2/train.1.c2')).state).toBe('SUCCESS')
})

test('who cancels a run leaves done what the runs that it invoked did, too', async () => {
  const begun = begin({})
  await leg(begun)
  await begun.run.cancel()
  await begun.clock.advance('1h')
  expect(begun.did).toEqual(['flight to Rome', 'train to Bern'])
})

test('a run that is a step of a canvas is on its own: what it did stays done once it has succeeded', async () => {
  const clock = new SimulatedClock()
  const did: string[] = []
  const { book, cancel, ...trip } = trips({ note: 1 }, did)
  const inner = setup({ actors: { train: fromTask(book.si('train', 'Bern'), { compensate: cancel }) } }).createMachine({
    id: 'inner',
    initial: 'riding',
    states: { riding: { invoke: { src: 'train', onDone: 'over' } }, over: { type: 'final' } },
  })
  const outer = setup({ actors: { both: fromCanvas(chain(workflow(inner).s(), trip.note.si())) } }).createMachine({
    id: 'outer',
    initial: 'going',
    states: { going: { invoke: { src: 'both', input: [null] } } },
  })
  const app = open({ tasks: [{ book, cancel, ...trip }], workflows: [outer, inner], clock })
  expect(await ended(app.workflow(outer).start().result)).toMatchObject({ message: 'no note' })
  expect(did).toEqual(['train to Bern'])
})
