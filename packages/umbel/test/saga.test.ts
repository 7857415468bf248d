import { expect, test } from 'vitest'
import { type AppOptions, defineTasks, graphOf, group, SimulatedClock, saga, task, toMermaid } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { ended, open, through } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

class SoldOut extends Error {
  override readonly name = 'SoldOut'
}

/** A trip whose parts and compensations fail as often as told; `did` is what really happened, kept outside. */
function begin(fails: Record<string, number>, did: string[] = [], options: AppOptions = {}) {
  const act = (what: string) => {
    const left = fails[what] ?? 0
    fails[what] = left - 1
    if (left > 0) throw new SoldOut(`no ${what}`)
    did.push(what)
    return `${what}!`
  }
  const trip = defineTasks(
    'trip',
    {
      flight: task((_ctx, to: string) => act(`flight to ${to}`)),
      hotel: task((_ctx, to: string) => act(`hotel in ${to}`)),
      car: task((_ctx, to: string) => act(`car in ${to}`)),
      note: task(() => act('note')),
      cancel: task((_ctx, booked: string) => act(`cancel ${booked}`)),
    },
    { errors: [SoldOut] },
  )
  const machine = saga('trip', [
    { run: trip.flight, compensate: trip.cancel },
    { run: trip.note.si() },
    { run: trip.hotel, compensate: trip.cancel },
    { run: trip.car, compensate: trip.cancel },
  ])
  const app = open({ tasks: [trip], workflows: [machine], ...options })
  return { app, did, runs: app.workflow(machine), machine }
}

test('parts run in order, each given the input, and their results are the result', async () => {
  const { runs, did } = begin({})
  const run = runs.start({ id: 'one', input: 'Rome' })
  expect(await run.result.get()).toEqual(['flight to Rome!', 'note!', 'hotel in Rome!', 'car in Rome!'])
  expect(did).toEqual(['flight to Rome', 'note', 'hotel in Rome', 'car in Rome'])
})

test('when a part fails, what succeeded is compensated in reverse, and the saga fails with its error', async () => {
  for (const [failing, did] of [
    ['flight to Rome', []],
    ['note', ['flight to Rome', 'cancel flight to Rome!']],
    ['hotel in Rome', ['flight to Rome', 'note', 'cancel flight to Rome!']],
    ['car in Rome', ['flight to Rome', 'note', 'hotel in Rome', 'cancel hotel in Rome!', 'cancel flight to Rome!']],
  ] as const) {
    const begun = begin({ [failing]: 1 })
    const error = await ended(begun.runs.start({ id: failing.replaceAll(' ', '-'), input: 'Rome' }).result)
    expect(error).toBeInstanceOf(SoldOut)
    expect(error).toMatchObject({ message: `no ${failing}` })
    expect(begun.did).toEqual(did)
  }
})

test('a compensation that fails is sent again, later each time, until it succeeds', async () => {
  const clock = new SimulatedClock()
  const { runs, did } = begin({ 'car in Rome': 1, 'cancel hotel in Rome!': 4 }, [], { clock })
  const end = await through(clock, runs.start({ id: 'one', input: 'Rome' }).result)
  expect(end).toMatchObject({ message: 'no car in Rome' })
  expect(did.slice(-2)).toEqual(['cancel hotel in Rome!', 'cancel flight to Rome!'])
})

test('one that fails for good is a state that everyone sees, until somebody tries again or goes on without it', async () => {
  const clock = new SimulatedClock()
  for (const [type, last, error] of [
    ['RETRY', ['cancel hotel in Rome!', 'cancel flight to Rome!'], { message: 'no car in Rome' }],
    ['SKIP', ['hotel in Rome', 'cancel flight to Rome!'], { code: 'UMBEL_COMPENSATION_FAILED' }],
  ] as const) {
    const { runs, did } = begin({ 'car in Rome': 1, 'cancel hotel in Rome!': 6 }, [], { clock, name: type })
    const run = runs.start({ id: type, input: 'Rome' })
    const stuck = run.waitFor('COMPENSATION_FAILED')
    await through(clock, { get: () => stuck })
    expect((await stuck).error).toMatchObject({
      code: 'UMBEL_COMPENSATION_FAILED',
      details: { compensations: [{ id: `${type}/run2.3`, message: 'no cancel hotel in Rome!' }] },
      cause: { message: 'no car in Rome' },
    })
    expect(run.result.info).toEqual((await stuck).error)
    expect(run.result.state).toBe('COMPENSATION_FAILED')
    expect(did).not.toContain('cancel flight to Rome!')
    run.send({ type })
    expect(await ended(run.result)).toMatchObject(error)
    expect(did.slice(-2)).toEqual(last)
  }
})

test('killed anywhere, it goes on where it stood: the same is done in the same order', async () => {
  let clock = new SimulatedClock()
  const whole = begin({ 'car in Rome': 1, 'cancel hotel in Rome!': 1 }, [], { clock })
  const first = await through(clock, whole.runs.start({ id: 'one', input: 'Rome' }).result)
  expect(first).toMatchObject({ message: 'no car in Rome' })

  const did: string[] = []
  let processes = 0
  const fails = () => ({ 'car in Rome': 99, 'cancel hotel in Rome!': ++processes < 5 ? 1 : 0 })
  let file = newFile()
  clock = new SimulatedClock()
  const at = (path: string) => ({ store: sqliteStore(path, { sync: 'off' }), clock, name: path })
  const begun = begin(fails(), did, at(file))
  await begun.runs.start({ id: 'one', input: 'Rome' }).accepted
  for (let cuts = 0; cuts < 12; cuts += 1) {
    // what runs ends first, so that no effect is cut off from its record: that is the task's own care
    await clock.advance(1)
    await Promise.all([...Array(5)].map(() => clock.advance(0)))
    clock = new SimulatedClock(clock.now() + 60_000)
    file = asIfKilled(file)
    await begin(fails(), did, at(file)).app.start()
  }
  const { runs, app } = begin(fails(), did, at(asIfKilled(file)))
  await app.start()
  expect(await through(clock, (await runs.get('one')).result)).toMatchObject({ message: 'no car in Rome' })
  expect([...new Set(did)]).toEqual(whole.did)
})

test('who cancels a saga leaves done what it has done, also while that is taken back', async () => {
  const clock = new SimulatedClock()
  const { runs, did } = begin({ 'car in Rome': 1, 'cancel hotel in Rome!': 99 }, [], { clock })
  const run = runs.start({ id: 'one', input: 'Rome' })
  await run.waitFor('COMPENSATING')
  await run.cancel()
  await clock.advance('1d')
  expect(await ended(run.result)).toMatchObject({ code: 'UMBEL_REVOKED' })
  expect(did).toEqual(['flight to Rome', 'note', 'hotel in Rome'])
})

test('it is drawn as what it is', () => {
  const { machine } = begin({})
  const text = toMermaid(graphOf(machine))
  for (const line of [
    'run0: runs trip.flight, compensated by trip.cancel',
    'run1: runs trip.note\n',
    'run0 --> run1: done',
    'run3 --> done: done',
  ])
    expect(text).toContain(line)
})

test('what is no saga is refused', () => {
  const code = (raise: () => unknown, expected: string) =>
    expect(raise).toThrow(expect.objectContaining({ code: expected }))
  code(() => saga('a', [] as never), 'UMBEL_BAD_OPTION')
  code(() => saga('a', 5 as never), 'UMBEL_BAD_OPTION')
  code(() => saga('a', [{ run: 5 }] as never), 'UMBEL_BAD_CANVAS')
  code(() => saga('a', [{}] as never), 'UMBEL_BAD_CANVAS')
  code(() => saga('a', [{ run: group([]), compensat: 5 }] as never), 'UMBEL_BAD_OPTION')
  code(() => saga('a', [{ run: group([]) }] as never, { tries: 5 } as never), 'UMBEL_BAD_OPTION')
  code(() => saga('a', [{ run: group([]) }] as never, { retry: { max: -1 } }), 'UMBEL_BAD_RETRY')
  code(() => saga('a', [{ run: group([]) }] as never, { retry: 5 } as never), 'UMBEL_BAD_RETRY')
})
