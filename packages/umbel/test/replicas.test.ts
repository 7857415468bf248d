import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { examine } from '../../../test/crash/examine.ts'
import { here } from '../../../test/machine-time.ts'
import { type Child, startReplica } from './fixtures/durable/child.ts'
import { newFile } from './fixtures/store-file.ts'

/** Milliseconds until an owner is followed: two seconds are promised, a busy machine may take longer. */
const LATEST = 6_000

/** A file, and how to start a process on it; what its tasks did, line by line. */
function ground() {
  const file = newFile()
  const effects = `${file}-effects`
  const effectsDone = (): string[] =>
    existsSync(effects) ? readFileSync(effects, 'utf8').split('\n').slice(0, -1) : []
  const start = (name: string, ...rest: string[]): Child => startReplica(name, file, effects, ...rest)
  const successor = async (...rest: string[]): Promise<Child> => {
    const child = start('own', ...rest)
    expect(await child.line()).toBe('up')
    return child
  }
  const owner = async (...rest: string[]): Promise<Child> => {
    const child = await successor(...rest)
    expect(await child.line()).toMatch(/^owner/)
    return child
  }
  return { file, start, owner, successor, effectsDone }
}
/** States of the tasks that stand in a file, each with how many there are. */
function states(file: string): Record<string, number> {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = database.prepare('SELECT state, count(*) AS count FROM rows GROUP BY state').all()
    return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]))
  } finally {
    database.close()
  }
}

test('what processes send to an owner whose lane is full waits in the inbox, and all of it runs, though owners are killed', async () => {
  const { file, start, owner, successor, effectsDone } = ground()
  const senders = ['a', 'b'].map((who) => start('send', who, '500'))
  for (const sender of senders) expect(await sender.line()).toBe('ready')
  for (const sender of senders) sender.tell('go')
  for (const sender of senders) expect(await sender.line()).toBe('accepted') // nobody owns the file: all is in the inbox
  const first = await owner('10s', '5')
  const follows = await successor('10s', '5')
  await expect.poll(() => effectsDone().length, { interval: 5 }).toBeGreaterThan(100)
  await first.kill()
  expect(await follows.line()).toMatch(/^owner/)
  for (const sender of senders) expect(await sender.line()).toBe('ended 500')
  expect(new Set(effectsDone()).size).toBe(1_000)
  expect(states(file)).toEqual({ SUCCESS: 1_000 })
  expect(examine(file)).toEqual([])
})

test('three senders send thousands at once, the owner is killed in the middle and another follows: nothing is lost or doubled', async () => {
  const { file, start, owner, successor, effectsDone } = ground()
  const first = await owner()
  const follows = await successor()
  const senders = ['a', 'b', 'c'].map((who) => start('send', who, '1000'))
  for (const sender of senders) expect(await sender.line()).toBe('ready')
  for (const sender of senders) sender.tell('go')
  await expect.poll(() => effectsDone().length, { interval: 5 }).toBeGreaterThan(300)
  await first.kill()
  expect(await follows.line()).toMatch(/^owner/)
  for (const sender of senders) expect([await sender.line(), await sender.line()]).toEqual(['accepted', 'ended 1000'])
  // each was sent once and has one row; what was running as the first was killed has run again
  const done = effectsDone()
  expect(new Set(done).size).toBe(3_000)
  expect(done.length).toBeLessThanOrEqual(3_000 + 20)
  expect(states(file)).toEqual({ SUCCESS: 3_000 })
  expect(examine(file)).toEqual([])
})

test('a sender is killed in the middle: what it was told is accepted runs', async () => {
  const { file, start, owner, effectsDone } = ground()
  const accepted: string[] = []
  const before = start('trickle', 'before') // while nobody owns the file
  while (accepted.length < 20) accepted.push(await before.line())
  await before.kill()
  await owner()
  const beside = start('trickle', 'beside')
  while (accepted.length < 60) accepted.push(await beside.line())
  await beside.kill()
  await expect.poll(() => accepted.filter((label) => !effectsDone().includes(label))).toEqual([])
  expect(effectsDone().length).toBe(new Set(effectsDone()).size)
  expect(examine(file)).toEqual([])
})

test.each([
  [
    'stops',
    async (first: Child) => {
      first.tell('stop')
      expect(await first.line()).toMatch(/^stopped/)
    },
  ],
  ['is killed', (first: Child) => first.kill()],
])(
  'when an owner %s the next one follows within two seconds, and senders notice a delay',
  async (_, end) => {
    const { file, start, owner, successor } = ground()
    const first = await owner()
    const sender = start('single')
    expect(await sender.line()).toBe('ready')
    sender.tell('one')
    expect(await sender.line()).toMatch(/^took/)
    const second = await successor()
    const follows = second.line()
    await end(first)
    const ended = Date.now()
    sender.tell('two')
    const [, since] = (await follows).split(' ')
    expect(Number(since) - ended).toBeLessThan(here(LATEST))
    expect(await sender.line()).toMatch(/^took/)
    expect(examine(file)).toEqual([])
  },
  60_000,
)

test('a sender that waits for nothing ends by itself, and what it has sent is in the file', async () => {
  const { start, owner, effectsDone } = ground()
  const idle = start('idle')
  const gone = once(idle.process, 'exit')
  expect(await idle.line()).toBe('PENDING')
  expect(await gone).toEqual([0, null])
  await owner()
  await expect.poll(effectsDone).toEqual(['idle'])
})

test('an owner that is stopped in the middle is followed, and its senders are served by the next; as it comes back it takes nothing in', async () => {
  const { file, start, owner, effectsDone } = ground()
  const first = await owner('1s')
  const sender = start('single')
  expect(await sender.line()).toBe('ready')
  first.process.kill('SIGSTOP')
  sender.tell('while it is stopped')
  await owner('1s') // once the lease of the first is over
  expect(await sender.line()).toMatch(/^took/)
  first.process.kill('SIGCONT')
  sender.tell('after it came back')
  expect(await sender.line()).toMatch(/^took/)
  expect(effectsDone()).toEqual(['while it is stopped', 'after it came back'])
  expect(examine(file)).toEqual([])
})

test('a run is started and told by other processes, owners and senders are killed between: each event counts once', async () => {
  const { file, start, owner, successor, effectsDone } = ground()
  const one = start('run', 'r') // while nobody owns the file
  expect(await one.line()).toBe('started')
  one.tell('a')
  expect(await one.line()).toBe('told a')
  const first = await owner()
  const follows = await successor()
  one.tell('b')
  expect(await one.line()).toBe('told b')
  await first.kill()
  one.tell('b') // as a process does that was not told whether it counted
  expect(await one.line()).toBe('told b')
  await one.kill()
  expect(await follows.line()).toMatch(/^owner/)
  const two = start('run', 'r') // the run that exists
  expect(await two.line()).toBe('started')
  for (const line of ['b', 'c', 'end']) two.tell(line)
  for (const line of ['b', 'c', 'end']) expect(await two.line()).toBe(`told ${line}`)
  expect(await two.line()).toBe('result r 3')
  const three = start('run', 'r') // it has ended, and stays so
  expect([await three.line(), await three.line()].sort()).toEqual(['result r 3', 'started'])
  expect(effectsDone()).toEqual(['r 3'])
  expect(examine(file)).toEqual([])
})
