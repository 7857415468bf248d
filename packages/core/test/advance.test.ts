import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { setup } from 'xstate'
import { advance } from '../src/advance.ts'
import { encode } from '../src/codec.ts'
import { Machines } from '../src/machines.ts'
import { isReady } from '../src/states.ts'
import { workflowMachine } from '../src/workflow-machine.ts'
import { anyCanvas, Desk, expected, plan, planOfOne, sig } from './model.ts'

const chain = (...steps: ReturnType<typeof sig>[]) => ({ kind: 'chain', steps, options: {} }) as const
const error = { name: 'UmbelError', code: 'UMBEL_REVOKED', message: 'revoked' }

describe('one task', () => {
  test('goes from sent to its result', () => {
    const desk = new Desk()
    expect(desk.send(sig('a', [1]))).toEqual([{ type: 'run-task', id: 'w' }])
    desk.start('w')
    expect(desk.state('w')).toBe('STARTED')
    expect(desk.accept(desk.outcome('w'))).toEqual([{ type: 'settle', id: 'w' }])
    expect([desk.state('w'), desk.result('w')]).toEqual(['SUCCESS', ['a', 1]])
  })

  test('with a countdown waits for its time', () => {
    const desk = new Desk()
    const commands = desk.send(planOfOne('a', { countdown: 500 }))
    expect(commands).toEqual([{ type: 'start-timer', id: 'w', at: 501 }])
    expect(desk.accept({ type: 'task-received', id: 'w', at: 501 })).toEqual([{ type: 'run-task', id: 'w' }])
  })

  test('sent twice under one id starts once', () => {
    const desk = new Desk()
    desk.send(sig('a'))
    expect(desk.send(sig('a'))).toEqual([])
  })

  test('takes no outcome of an attempt that was given up', () => {
    const desk = new Desk()
    desk.send(sig('a'))
    desk.start('w')
    desk.accept({ type: 'task-retried', id: 'w', attempt: 1, run: 1, error: undefined, delay: 5, at: 3 })
    desk.accept({ type: 'task-received', id: 'w', at: 8 })
    desk.start('w')
    expect(desk.accept({ type: 'task-succeeded', id: 'w', attempt: 1, run: 1, result: encode('late'), at: 9 })).toEqual(
      [],
    )
    expect(desk.state('w')).toBe('STARTED')
  })

  test('that runs takes no word that it became due', () => {
    const desk = new Desk()
    desk.send(planOfOne('a', { countdown: 500 }))
    desk.accept({ type: 'task-received', id: 'w', at: 501 })
    desk.start('w')
    expect(desk.accept({ type: 'task-received', id: 'w', at: 502 })).toEqual([])
    expect(desk.state('w')).toBe('STARTED')
  })

  test('takes no word of an earlier start that comes again', () => {
    const desk = new Desk()
    desk.send(sig('flaky'))
    desk.start('w')
    desk.accept(desk.outcome('w'))
    desk.accept({ type: 'task-received', id: 'w', at: 13 })
    expect(desk.accept({ type: 'task-started', id: 'w', attempt: 1, run: 1, at: 14 })).toEqual([])
    expect([desk.state('w'), desk.rows.get('w')]).toMatchObject(['RECEIVED', { attempt: 1 }])
  })

  test('whose worker dies three times is not started a fourth time', () => {
    const desk = new Desk()
    desk.send(sig('a'))
    for (let death = 1; death <= 3; death += 1) {
      desk.start('w')
      const commands = desk.accept({
        type: 'task-lost',
        id: 'w',
        attempt: 1,
        run: death,
        error: { name: 'UmbelError', message: 'died' },
        at: death,
      })
      expect(commands).toEqual([death < 3 ? { type: 'run-task', id: 'w' } : { type: 'settle', id: 'w' }])
    }
    expect(desk.state('w')).toBe('FAILURE')
  })

  test('given back by its worker uses up no attempt', () => {
    const desk = new Desk()
    desk.send(sig('a'))
    desk.start('w')
    expect(desk.accept({ type: 'task-returned', id: 'w', attempt: 1, run: 1, at: 3 })).toEqual([
      { type: 'run-task', id: 'w', again: true },
    ])
    desk.start('w')
    expect(desk.rows.get('w')).toMatchObject({ attempt: 1, runs: 2, losses: 0 })
  })

  test.each(['task-lost', 'task-returned'] as const)(
    'told of %s again, and late, goes on with the run it is in',
    (type) => {
      const desk = new Desk()
      desk.send(sig('a'))
      desk.start('w')
      const outcome = desk.outcome('w')
      const given = { id: 'w', attempt: 1, run: 1, error: { name: 'UmbelError', message: 'died' }, at: 3 }
      const again = type === 'task-returned' || undefined
      expect(desk.accept({ type, ...given })).toEqual([{ type: 'run-task', id: 'w', again }])
      desk.start('w')
      expect(desk.accept({ type, ...given }, outcome)).toEqual([])
      expect(desk.rows.get('w')).toMatchObject({ state: 'STARTED', attempt: 1, runs: 2 })
      desk.accept(desk.outcome('w'))
      expect(desk.state('w')).toBe('SUCCESS')
    },
  )

  test.each([
    ['PENDING', [{ type: 'cancel-timer', id: 'w' }]],
    ['RECEIVED', [{ type: 'withdraw-task', id: 'w' }]],
    ['STARTED', [{ type: 'abort-task', id: 'w' }]],
    ['RETRY', [{ type: 'cancel-timer', id: 'w' }]],
  ])('revoked while %s is taken away from where it is, and ends', (state, commands) => {
    const desk = new Desk()
    const countdown = state === 'PENDING' ? 100 : undefined
    desk.send(planOfOne('a', { countdown }))
    if (state === 'STARTED' || state === 'RETRY') desk.start('w')
    if (state === 'RETRY')
      desk.accept({ type: 'task-retried', id: 'w', attempt: 1, run: 1, error: undefined, delay: 5, at: 3 })
    expect(desk.state('w')).toBe(state)
    expect(desk.accept({ type: 'task-revoked', id: 'w', error, at: 4 })).toEqual([
      ...commands,
      { type: 'settle', id: 'w' },
    ])
    expect(desk.accept({ type: 'task-revoked', id: 'w', error, at: 5 })).toEqual([])
    expect(desk.state('w')).toBe('REVOKED')
  })

  test('may only take the states it declared', () => {
    const desk = new Desk()
    desk.send(planOfOne('a', { states: ['LOADING'] }))
    desk.start('w')
    desk.accept({ type: 'task-state', id: 'w', attempt: 1, run: 1, state: 'SINGING', meta: undefined, at: 3 })
    expect(desk.state('w')).toBe('STARTED')
    desk.accept({ type: 'task-state', id: 'w', attempt: 1, run: 1, state: 'LOADING', meta: encode({ step: 1 }), at: 3 })
    expect(desk.state('w')).toBe('LOADING')
    expect(desk.accept(desk.outcome('w'))).toEqual([{ type: 'settle', id: 'w' }])
  })

  test('sends its callbacks after success, its error callbacks after failure', () => {
    for (const [task, id, args] of [
      ['a', 'w.l0', ['a']],
      ['fail', 'w.e0', 'w'],
    ] as const) {
      const desk = new Desk()
      const callbacks = {
        link: [plan(sig('linked'))],
        linkError: [{ plan: plan(sig('mourner')), takes: 1 }],
      } as const
      desk.send(planOfOne(task, callbacks))
      desk.run(() => 0)
      expect(desk.result(id)).toEqual([task === 'a' ? 'linked' : 'mourner', args])
    }
  })

  test('that was replaced ends as what replaced it ends', () => {
    for (const [last, state] of [
      ['a', 'SUCCESS'],
      ['fail', 'FAILURE'],
    ] as const) {
      const desk = new Desk()
      desk.send(chain(sig('first'), sig('after')))
      desk.start('w/0')
      desk.accept({
        type: 'task-replaced',
        id: 'w/0',
        attempt: 1,
        run: 1,
        plan: plan(chain(sig('b'), sig(last))),
        at: 3,
      })
      expect(desk.state('w/0')).toBe('REPLACED')
      desk.runnable.shift()
      desk.run(() => 0)
      expect([desk.state('w/0'), desk.state('w')]).toEqual([state, state])
    }
  })

  test('that was replaced and is revoked revokes what replaced it', () => {
    const desk = new Desk()
    desk.send(sig('first'))
    desk.start('w')
    desk.accept({ type: 'task-replaced', id: 'w', attempt: 1, run: 1, plan: plan(chain(sig('b'), sig('c'))), at: 3 })
    desk.accept({ type: 'task-revoked', id: 'w', error, at: 4 })
    expect([desk.state('w'), desk.state('w.r1'), desk.state('w.r1/0')]).toEqual(['REVOKED', 'REVOKED', 'REVOKED'])
  })
})

describe('the machines decide', () => {
  test('a changed transition of the task machine changes what the engine does', () => {
    // a task that fails goes back to its lane instead of ending
    const forgiving = (): never =>
      setup({ actions: { run: () => {}, settle: () => {} } }).createMachine({
        id: 'task',
        initial: 'PENDING',
        states: {
          PENDING: { on: { 'task-received': { target: 'RECEIVED', actions: 'run' } } },
          RECEIVED: { on: { 'task-started': 'STARTED' } },
          STARTED: { on: { 'task-failed': { target: 'RECEIVED', actions: 'run' } } },
        },
      }) as never
    const machines = new Machines(forgiving, workflowMachine)
    const rows = new Map()
    const take = (event: Parameters<typeof advance>[1][number]): string[] => {
      const step = advance(rows, [event], machines)
      for (const row of step.rows) rows.set(row.id, row)
      return step.commands.map((command) => command.type)
    }
    take({
      type: 'canvas-sent',
      id: 'w',
      plan: plan(sig('a')),
      input: undefined,
      parent: undefined,
      root: undefined,
      settles: undefined,
      at: 1,
    })
    take({ type: 'task-started', id: 'w', attempt: 1, run: 1, at: 2 })
    expect(take({ type: 'task-failed', id: 'w', attempt: 1, run: 1, error, at: 3 })).toEqual(['run-task'])
    expect(rows.get('w').state).toBe('RECEIVED')
  })
})

test('what replaces a task starts only where the machine asks for it', () => {
  // this one takes the fact that a task was replaced, but asks for nothing
  const idle = (): never =>
    setup({ actions: { run: () => {} } }).createMachine({
      id: 'task',
      initial: 'PENDING',
      states: {
        PENDING: { on: { 'task-received': { target: 'RECEIVED', actions: 'run' } } },
        RECEIVED: { on: { 'task-started': 'STARTED' } },
        STARTED: { on: { 'task-replaced': 'REPLACED' } },
        REPLACED: {},
      },
    }) as never
  const replaced = (machines?: Machines): boolean => {
    const rows = new Map()
    const take = (event: Parameters<typeof advance>[1][number]): void => {
      for (const row of advance(rows, [event], machines).rows) rows.set(row.id, row)
    }
    take({
      type: 'canvas-sent',
      id: 'w',
      plan: plan(sig('a')),
      input: undefined,
      parent: undefined,
      root: undefined,
      settles: undefined,
      at: 1,
    })
    take({ type: 'task-started', id: 'w', attempt: 1, run: 1, at: 2 })
    take({ type: 'task-replaced', id: 'w', attempt: 1, run: 1, plan: plan(sig('b')), at: 3 })
    expect(rows.get('w').state).toBe('REPLACED')
    return rows.has('w.r1')
  }
  expect([replaced(), replaced(new Machines(idle, workflowMachine))]).toEqual([true, false])
})

describe('canvases', () => {
  test('every canvas ends as its definition says, in any order of ends, with each leaf run as often as it should', () => {
    fc.assert(
      fc.property(anyCanvas, fc.infiniteStream(fc.nat(1_000)), (canvas, picks) => {
        const desk = new Desk()
        desk.send(canvas)
        desk.run(() => picks.next().value as number)
        const ran: string[] = []
        const model = expected(canvas, [], ran)
        expect(desk.state('w')).toBe(model.ok ? 'SUCCESS' : 'FAILURE')
        if (model.ok) expect(desk.result('w')).toEqual(model.value)
        expect(desk.ran.sort()).toEqual(ran.sort())
        expect(new Set(desk.settled).size).toBe(desk.settled.length)
        for (const row of desk.rows.values())
          expect(row.kind === 'join' ? row.remaining === 0 : row.kind !== 'stream' && isReady(row.state)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a revoked workflow ends as REVOKED at once, starts nothing more, and every node of it has ended', () => {
    fc.assert(
      fc.property(anyCanvas, fc.nat(20), fc.infiniteStream(fc.nat(1_000)), (canvas, steps, picks) => {
        const desk = new Desk()
        desk.send(canvas)
        for (let step = 0; step < steps && desk.runnable.length > 0; step += 1) {
          const [id] = desk.runnable.splice((picks.next().value as number) % desk.runnable.length, 1) as [string]
          desk.start(id)
          desk.accept(desk.outcome(id))
        }
        const row = desk.rows.get('w')
        if (row === undefined || row.kind === 'join' || row.kind === 'stream' || isReady(row.state)) return
        const commands = desk.accept({
          type: row.kind === 'workflow' ? 'workflow-revoked' : 'task-revoked',
          id: 'w',
          error,
          at: 9,
        })
        expect(desk.state('w')).toBe('REVOKED')
        expect(commands.filter((command) => command.type === 'run-task')).toEqual([])
        for (const one of desk.rows.values())
          expect(one.kind === 'join' ? one.remaining === 0 : one.kind !== 'stream' && isReady(one.state)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test('a chain of 100,000 steps that fails at once ends without recursion', () => {
    const desk = new Desk()
    desk.send(chain(sig('fail'), ...Array.from({ length: 99_999 }, () => sig('a'))))
    desk.run(() => 0)
    expect([desk.state('w'), desk.state('w/99999'), desk.ran.length]).toEqual(['FAILURE', 'FAILURE', 1])
  })

  test('advance changes nothing of what it is given', () => {
    const desk = new Desk()
    desk.send({ kind: 'group', members: [sig('a'), sig('b')], options: {} })
    const before = structuredClone([...desk.rows])
    advance(desk.rows, [
      { type: 'task-started', id: 'w/1', attempt: 1, run: 1, at: 2 },
      { type: 'workflow-revoked', id: 'w', error, at: 3 },
    ])
    expect([...desk.rows]).toEqual(before)
  })
})
