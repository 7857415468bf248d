import { expect, test } from 'vitest'
import { setup } from 'xstate'
import { examine } from '../../../test/crash/examine.ts'
import { fromTask, SimulatedClock, workflow } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { ended, next, open, through } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'
import { begin, trips } from './fixtures/trip.ts'

const HOTEL = 'cancel hotel to Rome, hotel to Rome!'

/** A store that keeps a copy of its file as it stood after each commit, with what had been done by then. */
function copying(did: readonly string[], clock: SimulatedClock) {
  const copies: { file: string; did: string[]; now: number }[] = []
  const file = newFile()
  const store = sqliteStore(file, { sync: 'off' })
  const commit = store.commit.bind(store)
  store.commit = async (batch) => {
    const last = await commit(batch)
    copies.push({ file: asIfKilled(file), did: [...did], now: clock.now() })
    return last
  }
  return { store, copies }
}

/** What is wrong with a file as its process left it: that tasks run in it is not. */
const wrongWith = (file: string): string[] => examine(file).filter((finding) => !finding.startsWith('I4'))

/** The app in the next process, on a copy. */
function reopened(fails: Record<string, number>, { file, did, now }: ReturnType<typeof copying>['copies'][number]) {
  const clock = new SimulatedClock(now + 1)
  const after = [...did]
  return { clock, ...begin(fails, after, { store: sqliteStore(file, { sync: 'off' }), clock, name: file }) }
}

test('dropped at each stored step, a run that fails takes back the same, in the same order, and ends the same', async () => {
  const did: string[] = []
  const clock = new SimulatedClock()
  const { store, copies } = copying(did, clock)
  const { runs } = begin({ 'car to Rome': 1, [HOTEL]: 4 }, did, { store, clock, name: 'whole' })
  const whole = runs.start({ id: 'one', input: 'Rome' })
  const end = await through(clock, whole.result)
  expect(end).toMatchObject({ message: 'no car to Rome' })
  const states = (await whole.history()).map(({ state }) => state)
  expect(states).toEqual(['BOOKING', 'COMPENSATING', 'FAILURE'])
  expect(copies.length).toBeGreaterThan(15)
  for (const copy of copies) {
    expect(wrongWith(copy.file)).toEqual([])
    const { app, clock, runs, did: after } = reopened({ 'car to Rome': 99, [HOTEL]: 1 }, copy)
    await app.start()
    const run = await runs.get('one')
    expect(await through(clock, run.result)).toEqual(end)
    expect([...new Set(after)]).toEqual(did)
    expect((await run.history()).map(({ state }) => state)).toEqual(states)
    await app.stop()
    expect(examine(copy.file)).toEqual([])
  }
})

test('the same with a compensation that fails for good, which waits for a person in the next process too', async () => {
  const fails = { 'car to Rome': 99, [HOTEL]: 99 }
  const did: string[] = []
  const clock = new SimulatedClock()
  const { store, copies } = copying(did, clock)
  const { runs } = begin({ ...fails }, did, { store, clock, name: 'whole' })
  const toEnd = async (clock: SimulatedClock, run: Awaited<ReturnType<typeof runs.get>>) => {
    const stuck = run.waitFor('COMPENSATION_FAILED').then(
      () => run.send({ type: 'SKIP' }, { by: 'ann', dedupe: 'click' }),
      () => 'it has ended',
    )
    await through(clock, { get: () => stuck })
    return through(clock, run.result)
  }
  const whole = runs.start({ id: 'one', input: 'Rome' })
  const end = await toEnd(clock, whole)
  expect(end).toMatchObject({ code: 'UMBEL_COMPENSATION_FAILED', cause: { message: 'no car to Rome' } })
  const history = (await whole.history()).map(({ state, by }) => [state, by])
  expect(history.slice(-2)).toEqual([
    ['COMPENSATING', 'ann'],
    ['FAILURE', undefined],
  ])
  for (const copy of copies) {
    expect(wrongWith(copy.file)).toEqual([])
    const { app, clock, runs, did: after } = reopened({ ...fails }, copy)
    await app.start()
    const run = await runs.get('one')
    expect(await toEnd(clock, run)).toEqual(end)
    expect([...new Set(after)]).toEqual(did)
    expect((await run.history()).map(({ state, by }) => [state, by])).toEqual(history)
    await app.stop()
    expect(examine(copy.file)).toEqual([])
  }
})

test('runs that wait for a person sleep in the store where they are many, and are woken by what they are told', async () => {
  const did: string[] = []
  const { book, cancel, note } = trips({ note: 2_000, 'cancel flight to Rome!': 1_050 }, did)
  const machine = setup({
    actors: {
      flight: fromTask(book.si('flight', 'Rome'), { compensate: cancel, retry: { max: 0 } }),
      note: fromTask(note),
    },
  }).createMachine({
    id: 'stuck',
    initial: 'flying',
    states: { flying: { invoke: { src: 'flight', onDone: 'noting' } }, noting: { invoke: { src: 'note' } } },
  })
  const app = open({ tasks: [{ book, cancel, note }], store: sqliteStore(newFile(), { sync: 'off' }) })
  const runs = app.workflow(machine)
  const started = Array.from({ length: 1_050 }, (_, index) => runs.start({ id: `run-${index}` }))
  await Promise.all(started.map((run) => run.waitFor('COMPENSATION_FAILED')))
  const listed = await app.inspect.runs({ limit: 2_000 })
  expect(listed.runs.map(({ state }) => state)).toEqual(Array(1_050).fill('COMPENSATION_FAILED'))
  const first = await runs.get('run-0')
  expect(await first.query(({ error }) => error)).toMatchObject({ code: 'UMBEL_COMPENSATION_FAILED' })
  await first.send({ type: 'RETRY' }).accepted
  expect(await ended(first.result)).toMatchObject({ message: 'no note' })
  expect(did.filter((what) => what === 'cancel flight to Rome!')).toHaveLength(1)
})

test('a run whose machine is not registered waits with what it takes back, and goes on once it is', async () => {
  for (const registers of ['in the same process', 'in the next one']) {
    const clock = new SimulatedClock()
    const file = newFile()
    const { app, runs } = begin({ 'car to Rome': 1, [HOTEL]: 3 }, [], {
      store: sqliteStore(file, { sync: 'off' }),
      clock,
    })
    const run = runs.start({ id: 'one', input: 'Rome' })
    await next(app, 'workflow-state', ({ state }) => state === 'COMPENSATING')
    void run
    const did: string[] = []
    const trip = trips({}, did)
    const now = new SimulatedClock(clock.now())
    const copy = asIfKilled(file)
    const other = open({ tasks: [trip], store: sqliteStore(copy, { sync: 'off' }), clock: now, name: 'other' })
    await other.start()
    await now.advance('1h')
    expect(did).toEqual([HOTEL])
    expect((await other.inspect.runs()).runs).toMatchObject([
      { id: 'one', state: 'COMPENSATING', waits: [{ kind: 'unregistered' }], next: [] },
    ])
    expect(examine(copy)).toEqual([])
    if (registers === 'in the same process') {
      const machine = setup({
        actors: { flight: fromTask(trip.book, { compensate: trip.cancel }) },
      }).createMachine({ id: 'trip' })
      const again = await other.workflow(machine).get('one')
      expect(await ended(again.result)).toMatchObject({ message: 'no car to Rome' })
      expect(did).toEqual([HOTEL, 'cancel flight to Rome!'])
    } else {
      const later = begin({}, did, { store: sqliteStore(asIfKilled(copy)), clock: now, name: 'later' })
      await later.app.start()
      expect(await ended((await later.runs.get('one')).result)).toMatchObject({ message: 'no car to Rome' })
      expect(did).toEqual([HOTEL, 'cancel flight to Rome!'])
    }
  }
})

test('what a run of a version that is gone has done is taken back as the version says that takes over its runs', async () => {
  const clock = new SimulatedClock()
  const file = newFile()
  const { app, runs } = begin({ 'car to Rome': 1, [HOTEL]: 3 }, [], {
    store: sqliteStore(file, { sync: 'off' }),
    clock,
  })
  runs.start({ id: 'one', input: 'Rome' })
  await next(app, 'workflow-state', ({ state }) => state === 'COMPENSATING')
  const did: string[] = []
  const trip = trips({}, did)
  const machine = setup({
    actors: {
      flight: fromTask(trip.book, { compensate: (booked) => trip.cancelTrip.s('nowhere', 'it', booked) }),
      hotel: fromTask(trip.book),
    },
  }).createMachine({ id: 'trip' })
  const second = workflow(machine, { version: '2', migrate: { 1: ({ context }) => ({ value: {}, context }) as never } })
  const now = new SimulatedClock(clock.now())
  const store = sqliteStore(asIfKilled(file), { sync: 'off' })
  const later = open({ tasks: [trip], workflows: [second], store, clock: now, name: 'later' })
  await later.start()
  // the hotel was on its way to be taken back as the version before it says
  const result = await later.result('one')
  expect(await through(now, result)).toMatchObject({ message: 'no car to Rome' })
  expect(did).toEqual([HOTEL, 'cancel it to nowhere, flight to Rome!'])
})

test('one that nothing compensates any more is a compensation that has failed, and says so', async () => {
  const clock = new SimulatedClock()
  const file = newFile()
  const { app, runs } = begin({ 'car to Rome': 1, [HOTEL]: 3 }, [], {
    store: sqliteStore(file, { sync: 'off' }),
    clock,
  })
  runs.start({ id: 'one', input: 'Rome' })
  await next(app, 'workflow-state', ({ state }) => state === 'COMPENSATING')
  const did: string[] = []
  const trip = trips({}, did)
  const machine = setup({ actors: { flight: fromTask(trip.book), hotel: fromTask(trip.book) } }).createMachine({
    id: 'trip',
  })
  const now = new SimulatedClock(clock.now())
  const store = sqliteStore(asIfKilled(file), { sync: 'off' })
  const later = open({ tasks: [trip], workflows: [machine], store, clock: now, name: 'later' })
  const stuck = next(later, 'workflow-state', ({ state }) => state === 'COMPENSATION_FAILED')
  await later.start()
  await through(now, { get: () => stuck })
  const run = await later.workflow(machine).get('one')
  expect((run.result.info as Error).message).toContain(
    'one/0.trip.flying.1 is to be taken back, and nothing of trip, version 1, compensates flight here.',
  )
  expect(did).toEqual([HOTEL])
})
