import { expect, test } from 'vitest'
import { assign, raise, setup } from 'xstate'
import {
  type AppOptions,
  chain,
  defineTasks,
  fromCanvas,
  fromTask,
  graphOf,
  group,
  SimulatedClock,
  task,
  toMermaid,
  workflow,
} from '../src/index.ts'
import { ended, next, open, record, through } from './fixtures/open-app.ts'
import { begin, SoldOut, trips } from './fixtures/trip.ts'

const HOTEL = 'cancel hotel to Rome, hotel to Rome!'

test('a run that succeeds takes nothing back', async () => {
  const { runs, did } = begin({})
  expect(await runs.start({ id: 'one', input: 'Rome' }).result.get()).toBe('Rome')
  expect(did).toEqual(['flight to Rome', 'note', 'hotel to Rome', 'car to Rome'])
})

test('when a run fails, what succeeded is taken back in reverse, and it ends with its own error', async () => {
  for (const [failing, did] of [
    ['flight to Rome', []],
    ['note', ['flight to Rome', 'cancel flight to Rome!']],
    ['hotel to Rome', ['flight to Rome', 'note', 'cancel flight to Rome!']],
    ['car to Rome', ['flight to Rome', 'note', 'hotel to Rome', HOTEL, 'cancel flight to Rome!']],
  ] as const) {
    const begun = begin({ [failing]: 1 }, [], { name: failing })
    const run = begun.runs.start({ id: failing.replaceAll(' ', '-'), input: 'Rome' })
    const error = await ended(run.result)
    expect(error).toBeInstanceOf(SoldOut)
    expect(error).toMatchObject({ message: `no ${failing}` })
    expect(begun.did).toEqual(did)
    const states = (await run.history()).map(({ state }) => state)
    expect(states).toEqual(did.length === 0 ? ['BOOKING', 'FAILURE'] : ['BOOKING', 'COMPENSATING', 'FAILURE'])
    expect(await run.query(({ status }) => status)).toBe('error')
  }
})

test('a machine that throws takes back what it has done, that of the task which it threw for included', async () => {
  const did: string[] = []
  const trip = trips({}, did)
  const machine = setup({
    actors: { flight: fromTask(trip.book.si('flight', 'Rome'), { compensate: trip.cancel }) },
    actions: {
      refuse: assign(() => {
        throw new RangeError('too dear')
      }),
    },
  }).createMachine({
    id: 'throws',
    initial: 'flying',
    states: { flying: { invoke: { src: 'flight', onDone: { actions: 'refuse' } } } },
  })
  const run = open({ tasks: [trip] })
    .workflow(machine)
    .start()
  expect(await ended(run.result)).toMatchObject({ message: 'too dear' })
  expect(did).toEqual(['flight to Rome', 'cancel flight to Rome!'])
})

test('a compensation is retried as its task says, and then sent again, each time under an id of its own', async () => {
  const clock = new SimulatedClock()
  const { app, runs, did } = begin({ 'car to Rome': 1, [HOTEL]: 7 }, [], { clock })
  const seen = record(app, 'task-prerun', 'task-failure')
  const moved = record(app, 'workflow-state')
  const run = runs.start({ id: 'one', input: 'Rome' })
  expect(await through(clock, run.result)).toMatchObject({ message: 'no car to Rome' })
  expect(did.slice(-2)).toEqual([HOTEL, 'cancel flight to Rome!'])
  const begun = seen.filter(({ name, event }) => name === 'task-prerun' && event.task !== 'trip.book')
  expect(begun.map(({ event }) => event.id).filter((id) => id.includes('.c'))).toEqual([
    ...Array(3).fill('one/0.trip.sleeping.3.c1'),
    ...Array(3).fill('one/0.trip.sleeping.3.c2'),
    ...Array(2).fill('one/0.trip.sleeping.3.c3'),
    'one/0.trip.flying.1.c1',
  ])
  expect(moved.map(({ event }) => event.state)).toEqual(['BOOKING', 'COMPENSATING'])
})

test('one that fails for good is a state that everyone sees, until somebody tries again', async () => {
  const clock = new SimulatedClock()
  const { app, runs, did } = begin({ 'car to Rome': 1, [HOTEL]: 9 }, [], { clock })
  const run = runs.start({ id: 'one', input: 'Rome' })
  const stuck = run.waitFor('COMPENSATION_FAILED')
  await through(clock, { get: () => stuck })
  expect(run.result.state).toBe('COMPENSATION_FAILED')
  expect(did).not.toContain('cancel flight to Rome!')
  const said = {
    code: 'UMBEL_COMPENSATION_FAILED',
    details: {
      compensations: [{ id: 'one/0.trip.sleeping.3', name: 'SoldOut', message: `no ${HOTEL}` }],
    },
    cause: { message: 'no car to Rome' },
  }
  expect(run.result.info).toMatchObject(said)
  expect((await stuck).error).toMatchObject(said)
  expect((await app.inspect.runs()).runs).toMatchObject([
    {
      id: 'one',
      state: 'COMPENSATION_FAILED',
      states: ['COMPENSATION_FAILED'],
      waits: [{ kind: 'event' }],
      next: [
        { from: 'trip', on: { kind: 'event', event: 'RETRY' } },
        { from: 'trip', on: { kind: 'event', event: 'SKIP' } },
      ],
    },
  ])
  await run.send({ type: 'RETRY' }, { by: 'ann', dedupe: 'click' }).accepted
  await run.send({ type: 'RETRY' }, { by: 'ann', dedupe: 'click' }).accepted
  expect(await through(clock, run.result)).toMatchObject({ message: 'no car to Rome' })
  expect(did.slice(-2)).toEqual([HOTEL, 'cancel flight to Rome!'])
  expect((await run.history()).map(({ state, by }) => [state, by])).toEqual([
    ['BOOKING', undefined],
    ['COMPENSATING', undefined],
    ['COMPENSATION_FAILED', undefined],
    ['COMPENSATING', 'ann'],
    ['FAILURE', undefined],
  ])
})

test('or goes on without it: then the run fails with an error that names it, whose cause is the first one', async () => {
  const clock = new SimulatedClock()
  const { runs, did } = begin({ 'car to Rome': 1, [HOTEL]: 9, 'cancel flight to Rome!': 6 }, [], { clock })
  const run = runs.start({ id: 'one', input: 'Rome' })
  const stuck = () => through(clock, { get: () => run.waitFor('COMPENSATION_FAILED') })
  await stuck()
  await run.send({ type: 'SKIP' }, { by: 'ann' }).accepted
  await stuck()
  await run.send({ type: 'SKIP' }, { by: 'bob' }).accepted
  const error = (await ended(run.result)) as Error
  expect(error.message).toContain(
    `Run one failed (SoldOut: no car to Rome), and was not able to take back one/0.trip.sleeping.3 (SoldOut: no ${HOTEL}), one/0.trip.flying.1 (SoldOut: no cancel flight to Rome!).`,
  )
  expect(error).toMatchObject({ code: 'UMBEL_COMPENSATION_FAILED', cause: { name: 'SoldOut' } })
  expect(error.cause).toBeInstanceOf(SoldOut)
  expect(did).toEqual(['flight to Rome', 'note', 'hotel to Rome'])
  expect((await run.history()).slice(-2).map(({ state, by }) => [state, by])).toEqual([
    ['COMPENSATION_FAILED', undefined],
    ['FAILURE', 'bob'],
  ])
})

test('a run that takes back what it has done takes no event of its machine, nor RETRY or SKIP before their time', async () => {
  const clock = new SimulatedClock()
  const { runs, app } = begin({ 'car to Rome': 1, [HOTEL]: 9 }, [], { clock })
  const run = runs.start({ id: 'one', input: 'Rome' })
  run.send({ type: 'SKIP' }) // kept by the machine, which has no such event, and dropped with it
  await next(app, 'workflow-state', ({ state }) => state === 'COMPENSATING')
  const code = (sent: Promise<unknown>) => sent.catch((error: { code: string }) => error.code)
  expect(await code(run.send({ type: 'GO' }).accepted)).toBe('UMBEL_RUN_ENDED')
  expect(await code(run.send({ type: 'SKIP' }).accepted)).toBe('UMBEL_EVENT_NOT_TAKEN')
  expect(await code(run.update({ type: 'RETRY' }))).toBe('UMBEL_EVENT_NOT_TAKEN')
  await through(clock, { get: () => run.waitFor('COMPENSATION_FAILED') })
  expect(await code(run.send({ type: 'GO' }).accepted)).toBe('UMBEL_RUN_ENDED')
  expect(await run.update({ type: 'SKIP' })).toBeUndefined()
  expect(await ended(run.result)).toMatchObject({ code: 'UMBEL_COMPENSATION_FAILED' })
  expect(await code(run.send({ type: 'SKIP' }).accepted)).toBe('UMBEL_RUN_ENDED')
})

test('what a state did twice is taken back twice', async () => {
  const did: string[] = []
  const trip = trips({ note: 1 }, did)
  const machine = setup({
    types: {} as { context: { leg: number } },
    actors: { book: fromTask(trip.book, { compensate: trip.cancel }), note: fromTask(trip.note) },
    guards: { isFirst: ({ context }) => context.leg === 1 },
    actions: { further: assign({ leg: ({ context }) => context.leg + 1 }) },
  }).createMachine({
    id: 'legs',
    context: { leg: 1 },
    initial: 'flying',
    states: {
      flying: {
        invoke: {
          src: 'book',
          input: ({ context }) => [`leg ${context.leg}`, 'Rome'],
          onDone: [{ guard: 'isFirst', target: 'flying', reenter: true, actions: 'further' }, { target: 'noting' }],
        },
      },
      noting: { invoke: { src: 'note' } },
    },
  })
  const run = open({ tasks: [trip] })
    .workflow(machine)
    .start()
  expect(await ended(run.result)).toMatchObject({ message: 'no note' })
  expect(did).toEqual(['leg 1 to Rome', 'leg 2 to Rome', 'cancel leg 2 to Rome!', 'cancel leg 1 to Rome!'])
})

test('of regions side by side all that succeeded is taken back; what still ran is revoked, and is not', async () => {
  const did: string[] = []
  const trip = trips({ 'car to Rome': 1 }, did)
  const actors = {
    flight: fromTask(trip.book.si('flight', 'Rome'), { compensate: trip.cancel }),
    hotel: fromTask(trip.book.si('hotel', 'Rome'), { compensate: trip.cancel }),
    car: fromTask(trip.book.si('car', 'Rome'), { compensate: trip.cancel }),
    hang: fromTask(trip.hang, { compensate: trip.note.si() }),
  }
  const region = <Src extends string>(src: Src) => ({
    initial: 'on',
    states: { on: { invoke: { src, id: src, onDone: 'off' } }, off: { type: 'final' as const } },
  })
  const machine = setup({ types: {} as { events: { type: 'DRIVE' } }, actors }).createMachine({
    id: 'beside',
    type: 'parallel',
    states: {
      flight: region('flight'),
      hotel: region('hotel'),
      hang: region('hang'),
      car: { initial: 'off', states: { off: { on: { DRIVE: 'on' } }, on: { invoke: { src: 'car', id: 'car' } } } },
    },
  })
  const app = open({ tasks: [trip] })
  const run = app.workflow(machine).start({ id: 'one' })
  await run.waitFor((snapshot) => snapshot.matches({ flight: 'off', hotel: 'off' }))
  run.send({ type: 'DRIVE' })
  expect(await ended(run.result)).toMatchObject({ message: 'no car to Rome' })
  expect(did).toEqual(['flight to Rome', 'hotel to Rome', 'cancel hotel to Rome!', 'cancel flight to Rome!'])
  expect((await app.result('one/hang.3')).state).toBe('REVOKED')
})

test('a canvas is taken back whole, by a task or a canvas', async () => {
  const did: string[] = []
  const trip = trips({ note: 1 }, did)
  const machine = setup({
    actors: {
      both: fromCanvas(group([trip.book.s('Rome'), trip.book.s('Bern')]), {
        compensate: (booked, { args: [what] }) => group([...booked, what].map((one) => trip.cancel.s(one))),
      }),
      one: fromCanvas((to: string) => chain(trip.book.s('bus', to), trip.book.s('Linz')), {
        compensate: chain(trip.cancel.s(), trip.cancel.s()),
      }),
      note: fromTask(trip.note),
    },
  }).createMachine({
    id: 'canvases',
    initial: 'both',
    states: {
      both: { invoke: { src: 'both', input: ['train'], onDone: 'one' } },
      one: { invoke: { src: 'one', input: ['Graz'], onDone: 'note' } },
      note: { invoke: { src: 'note' } },
    },
  })
  const run = open({ tasks: [trip] })
    .workflow(machine)
    .start()
  expect(await ended(run.result)).toMatchObject({ message: 'no note' })
  expect(did.slice(0, 6)).toEqual([
    'train to Rome',
    'train to Bern',
    'bus to Graz',
    'bus to Graz! to Linz',
    'cancel bus to Graz! to Linz!',
    'cancel cancel bus to Graz! to Linz!!',
  ])
  expect(did.slice(6)).toEqual(['cancel train to Rome!', 'cancel train to Bern!', 'cancel train'])
})

test('a chain goes on only once all is taken back, and a group member fails with the run’s own error', async () => {
  const { app, did, machine, trip } = begin({ 'car to Rome': 1 })
  const step = app.delay(chain(workflow(machine).s('Rome'), trip.note.si()))
  expect(await ended(step)).toMatchObject({ message: 'no car to Rome' })
  expect(did).toEqual(['flight to Rome', 'note', 'hotel to Rome', HOTEL, 'cancel flight to Rome!'])
  const again = begin({ 'car to Rome': 1 }, [], { name: 'group' })
  const members = again.app.delay(group([workflow(again.machine).s('Rome'), again.trip.note.si()]))
  expect(await ended(members)).toMatchObject({ message: 'no car to Rome' })
  expect(again.did).toContain('cancel flight to Rome!')
})

test('who cancels a run leaves done what it has done, also while that is taken back', async () => {
  const clock = new SimulatedClock()
  const { app, runs, did } = begin({ 'car to Rome': 1, [HOTEL]: 99 }, [], { clock })
  const run = runs.start({ id: 'one', input: 'Rome' })
  await next(app, 'workflow-state', ({ state }) => state === 'COMPENSATING')
  await run.cancel()
  const error = await ended(run.result)
  expect(error).toMatchObject({ code: 'UMBEL_REVOKED', cause: { message: 'no car to Rome' } })
  await clock.advance('1d')
  expect((await app.result('one/0.trip.sleeping.3.c1')).state).toBe('REVOKED')
  expect(did).not.toContain('cancel flight to Rome!')
  expect((await run.history()).map(({ state }) => state)).toEqual(['BOOKING', 'COMPENSATING', 'REVOKED'])
})

test('a run whose compensation has failed for good can be cancelled', async () => {
  const clock = new SimulatedClock()
  const { app, runs, did } = begin({ note: 1, 'cancel flight to Rome!': 6 }, [], { clock })
  const run = runs.start({ id: 'one', input: 'Rome' })
  await through(clock, { get: () => run.waitFor('COMPENSATION_FAILED') })
  await run.cancel()
  expect(await ended(run.result)).toMatchObject({ code: 'UMBEL_REVOKED', cause: { message: 'no note' } })
  expect((await app.inspect.runs()).total).toBe(0)
  expect(did).toEqual(['flight to Rome'])
})

test('actions that the machine asked for before it failed are run before anything is taken back', async () => {
  const did: string[] = []
  const trip = trips({}, did)
  const machine = setup({
    types: {} as { events: { type: 'GO' } },
    actors: { flight: fromTask(trip.book.si('flight', 'Rome'), { compensate: trip.cancel }) },
    actions: {
      shout: () => void did.push('shout'),
      refuse: assign(() => {
        throw new RangeError('too dear')
      }),
    },
  }).createMachine({
    id: 'acts',
    initial: 'flying',
    states: {
      flying: {
        invoke: { src: 'flight', onDone: { target: 'there', actions: ['shout', raise({ type: 'GO' }, { delay: 0 })] } },
      },
      there: { on: { GO: { actions: 'refuse' } } },
    },
  })
  const run = open({ tasks: [trip] })
    .workflow(machine)
    .start()
  expect(await ended(run.result)).toMatchObject({ message: 'too dear' })
  expect(did).toEqual(['flight to Rome', 'shout', 'cancel flight to Rome!'])
})

test('options of what compensates are checked as it is written', () => {
  const trip = trips({}, [])
  const code = (raise: () => unknown, expected: string) =>
    expect(raise).toThrow(expect.objectContaining({ code: expected }))
  code(() => fromTask(trip.book, { compensate: 5 } as never), 'UMBEL_BAD_CANVAS')
  code(() => fromTask(trip.book, { retry: { max: 5 } } as never), 'UMBEL_BAD_CANVAS')
  code(() => fromTask(trip.book, { compensate: trip.cancel, tries: 5 } as never), 'UMBEL_BAD_OPTION')
  code(() => fromTask(trip.book, 5 as never), 'UMBEL_BAD_OPTION')
  code(() => fromTask(trip.book, { compensate: trip.cancel, retry: { max: -1 } }), 'UMBEL_BAD_RETRY')
  code(() => fromCanvas(trip.book, { compensate: trip.cancel, retry: 5 } as never), 'UMBEL_BAD_RETRY')
})

test('a compensation that could never be sent is refused with its machine, by the place where it stands', () => {
  const trip = trips({}, [])
  const other = defineTasks('other', { cancel: task((_ctx, booked: string) => booked) })
  const inner = setup({ actors: { gone: fromTask(trip.book, { compensate: other.cancel }) } }).createMachine({
    id: 'inner',
  })
  const { createMachine } = setup({
    actors: { many: fromTask(trip.book, { compensate: trip.cancelTrip as never }), inner },
  })
  const machine = createMachine({
    id: 'outer',
    initial: 'flying',
    states: {
      flying: { invoke: { src: fromTask(trip.book, { compensate: chain(trip.cancel.s(), other.cancel.s()) }) } },
    },
  } as never) as never
  const refused = (options: AppOptions) => expect(() => open({ tasks: [trip], ...options }))
  const of = (path: string) => expect.objectContaining({ path, says: expect.stringContaining('could never be sent') })
  refused({ workflows: [machine] }).toThrow(
    expect.objectContaining({
      code: 'UMBEL_BAD_MACHINE',
      message: expect.stringContaining(
        'outer.actors.many is compensated by trip.cancelTrip, which could never be sent: trip.cancelTrip takes 3',
      ),
      details: {
        path: 'outer.actors.many',
        faults: [of('outer.actors.many'), of('outer.states.flying.invoke[0]'), of('inner.actors.gone')],
      },
    }),
  )
  const app = open({ tasks: [trip], name: 'later' })
  for (let times = 0; times < 2; times += 1)
    expect(() => app.workflow(machine)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_MACHINE' }))
})

test('what compensates is drawn beside what it takes back', () => {
  const { machine } = begin({})
  const { nodes } = graphOf(machine)
  expect(nodes.flatMap(({ invokes }) => invokes).map(({ compensate }) => compensate)).toEqual([
    'trip.cancel',
    undefined,
    'computed',
    'trip.cancel',
  ])
  const text = toMermaid(graphOf(machine))
  expect(text).toContain('flying: runs trip.book, compensated by trip.cancel')
  expect(text).toContain('noting: runs trip.note\n')
})
