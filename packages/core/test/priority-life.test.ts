import { describe, expect, test } from 'vitest'
import type { Command } from '../src/command.ts'
import { priorityOf } from '../src/priority-life.ts'
import { Desk, planOfOne, sig } from './model.ts'

const chain = (...steps: ReturnType<typeof sig>[]) => ({ kind: 'chain', steps, options: {} }) as const
const group = (...members: ReturnType<typeof sig>[]) => ({ kind: 'group', members, options: {} }) as const

const prioritise = (desk: Desk, id: string, priority = 9): readonly Command[] =>
  desk.accept({ type: 'task-prioritised', id, priority, at: 5 })
const priorities = (desk: Desk, ...ids: string[]) => ids.map((id) => priorityOf(desk.rows, id))

describe('another priority', () => {
  test.each([
    ['PENDING', []],
    ['RECEIVED', [{ type: 'reprioritise-task', id: 'w' }]],
    ['RETRY', []],
  ])('of a task that is %s is in its row, and its lane hears of it where it waits in one', (state, commands) => {
    const desk = new Desk()
    desk.send(planOfOne('flaky', { countdown: state === 'PENDING' ? 100 : undefined }))
    if (state === 'RETRY') desk.start('w')
    if (state === 'RETRY')
      desk.accept({ type: 'task-retried', id: 'w', attempt: 1, run: 1, error: undefined, delay: 5, at: 3 })
    expect(desk.state('w')).toBe(state)
    expect(prioritise(desk, 'w')).toEqual(commands)
    expect([desk.state('w'), ...priorities(desk, 'w')]).toEqual([state, 9])
    expect(prioritise(desk, 'w')).toEqual([])
  })

  test('stays for later attempts', () => {
    const desk = new Desk()
    desk.send(sig('flaky'))
    prioritise(desk, 'w', 1)
    desk.start('w')
    desk.accept(desk.outcome('w'))
    desk.accept({ type: 'task-received', id: 'w', at: 20 })
    expect([desk.state('w'), ...priorities(desk, 'w')]).toEqual(['RECEIVED', 1])
  })

  test('changes nothing of a task that runs, has ended, or is unknown', () => {
    const desk = new Desk()
    desk.send(sig('a'))
    desk.start('w')
    const running = desk.rows.get('w')
    expect([prioritise(desk, 'w'), desk.rows.get('w')]).toEqual([[], running])
    desk.accept(desk.outcome('w'))
    const ended = desk.rows.get('w')
    expect([prioritise(desk, 'w'), desk.rows.get('w')]).toEqual([[], ended])
    expect([prioritise(desk, 'nobody'), prioritise(desk, 'nobody/3')]).toEqual([[], []])
    expect(priorities(desk, 'nobody', 'nobody/3')).toEqual([undefined, undefined])
  })

  test('of a node whose turn has not come counts from its turn on, and for that node alone', () => {
    const desk = new Desk()
    desk.send(chain(sig('a'), sig('b'), sig('c')))
    prioritise(desk, 'w/1')
    expect(priorities(desk, 'w/0', 'w/1', 'w/2')).toEqual([5, 9, 5])
    desk.run(() => 0)
    expect(desk.state('w')).toBe('SUCCESS')
    expect(priorities(desk, 'w/0', 'w/1', 'w/2')).toEqual([5, 9, 5])
  })

  test('of a workflow is that of all its tasks that have not started', () => {
    const desk = new Desk()
    desk.send({
      kind: 'chord',
      header: [sig('a'), sig('b'), sig('c')],
      body: chain(sig('d'), sig('e')),
      options: {},
    } as never)
    const tasks = [...desk.rows.keys()].filter((id) => desk.state(id) === 'RECEIVED')
    desk.start(tasks[0] as string)
    expect(prioritise(desk, 'w')).toEqual(tasks.slice(1).map((id) => ({ type: 'reprioritise-task', id })))
    expect(priorities(desk, ...tasks)).toEqual([5, 9, 9])
    desk.accept(desk.outcome(tasks[0] as string))
    desk.runnable.splice(desk.runnable.indexOf(tasks[0] as string), 1)
    desk.run(() => 0)
    const later = [...desk.rows.values()].filter((row) => row.kind === 'task' && !tasks.includes(row.id))
    expect([desk.state('w'), later.length]).toEqual(['SUCCESS', 2])
    expect(priorities(desk, ...later.map(({ id }) => id))).toEqual([9, 9])
    expect(prioritise(desk, 'w', 3)).toEqual([])
  })

  test('of a group of 100,000 takes one pass over it', () => {
    const desk = new Desk()
    desk.send(group(...Array.from({ length: 100_000 }, () => sig('a'))))
    expect(prioritise(desk, 'w').length).toBe(100_000)
    expect(prioritise(desk, 'w').length).toBe(0)
  })
})
