import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { examine } from '../../../test/crash/examine.ts'
import { type App, chain, defineTasks, type Store, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { inThreads, onLoop } from './fixtures/once-tasks.ts'
import { open } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [])
const appOn = (store?: Store): App =>
  open({ tasks: [onLoop, inThreads], lanes: { default: { threads: 1, inline: 10 } }, ...(store && { store }) })

describe.each([
  ['on the main loop, with the memory store', onLoop, (): Store | undefined => undefined],
  ['on the main loop, with SQLite', onLoop, () => sqliteStore(newFile(), { sync: 'off' })],
  ['in a thread, with the memory store', inThreads, (): Store | undefined => undefined],
  ['in a thread, with SQLite', inThreads, () => sqliteStore(newFile(), { sync: 'off' })],
])('a handler %s', (_, tasks, store) => {
  test('has done once what later attempts find done, as it was', async () => {
    const app = appOn(store())
    const file = newFile()
    const result = app.delay(tasks.charge.s(file, 3))
    expect(await result.get()).toEqual([true, 1, 4])
    expect(linesOf(file)).toEqual([`${result.id}:charge`])
  })

  test('that asks twice at the same time does one thing, and each has a value of its own', async () => {
    expect(await appOn(store()).delay(tasks.together.s()).get()).toEqual([1, 1, 1, 2, false])
  })

  test('that failed at it may try again, and what threw is not recorded', async () => {
    expect(await appOn(store()).delay(tasks.throwing.s()).get()).toEqual(['RangeError: not now', 'now', 'now'])
  })

  test('is told what is no name, no function and no value that can be stored', async () => {
    expect(await appOn(store()).delay(tasks.wrong.s()).get()).toEqual([
      ...Array.from({ length: 4 }, () => 'UMBEL_BAD_OPTION'),
      'UMBEL_CANNOT_TRAVEL',
      'UMBEL_VALUE_TOO_LARGE',
    ])
  })

  test('may have 1,000 names in an attempt', async () => {
    const app = appOn(store())
    expect(await app.delay(tasks.many.s(1_000)).get()).toBe(1_000)
    await expect(app.delay(tasks.many.s(1_001)).get()).rejects.toMatchObject({ code: 'UMBEL_VALUE_TOO_LARGE' })
  })

  test('that has ended without waiting for it is told that nothing is recorded', async () => {
    const app = appOn(store())
    await app.delay(tasks.leaves.s()).get()
    expect(await app.delay(tasks.said.s()).get()).toBe('UMBEL_ATTEMPT_OVER')
  })

  test('does not do it again as what failed for good is sent again, and does it under the key it had', async () => {
    const app = appOn(store())
    const file = newFile()
    const charge = app.delay(tasks.failing.s(file, false))
    await charge.get().catch(() => {})
    const again = await app.deadLetters.redrive(charge.id, { args: [file, false] })
    await again.get().catch(() => {})
    const third = await app.deadLetters.redrive(again.id, { args: [file, true] })
    expect(await third.get()).toBe(`${charge.id}:charge`)
    expect(linesOf(file)).toEqual([`${charge.id}:charge`])
  })
})

test('a step of a workflow that is run again does not do again what it did', async () => {
  const file = newFile()
  let broken = true
  const tasks = defineTasks('steps', {
    step: task(
      async (ctx, before: string): Promise<string> => {
        const done = await ctx.once('step', (key) => {
          appendFileSync(file, `${key}\n`)
          return `${before}!`
        })
        if (broken) throw new RangeError('broken')
        return done
      },
      { inline: true },
    ),
  })
  const own = open({ tasks: [tasks] })
  const first = own.delay(chain(tasks.step.s('a'), tasks.step.s()))
  await first.get().catch(() => {})
  broken = false
  expect(await (await own.rerun(first.id)).get()).toBe('a!!')
  expect(linesOf(file)).toEqual([`${first.id}/0:step`, `${first.id}/1:step`])
})

/** An app whose one task has an effect that comes to the name of its life, and then waits for ever, or for `goes`. */
function life(file: string, name: string, hangs: 'before' | 'after' | 'never') {
  const keys: string[] = []
  let reached = (): void => {}
  const there = new Promise<void>((resolve) => {
    reached = resolve
  })
  const hang = (): Promise<never> => {
    reached()
    return new Promise(() => {})
  }
  const tasks = defineTasks('lives', {
    charge: async (ctx): Promise<string> => {
      const done = await ctx.once('charge', (key) => {
        keys.push(key)
        return hangs === 'before' ? hang() : name
      })
      return hangs === 'after' ? hang() : done
    },
  })
  return { app: open({ tasks: [tasks], store: sqliteStore(file) }), tasks, keys, there }
}

test('an effect that was recorded before the process died is not done again, one that was not is, under the same key', async () => {
  const file = newFile()
  const before = life(file, 'first', 'before')
  const { id } = before.app.delay(before.tasks.charge.s())
  await before.there
  const second = asIfKilled(file) // in the middle of the effect
  const after = life(second, 'second', 'after')
  await after.app.start()
  await after.there
  const third = asIfKilled(second) // after its record
  const last = life(third, 'third', 'never')
  await last.app.start()
  expect(await (await last.app.result(id)).get()).toBe('second')
  expect([before.keys, after.keys, last.keys]).toEqual([[`${id}:charge`], [`${id}:charge`], []])
  await last.app.stop()
  expect(examine(third)).toEqual([])
})
