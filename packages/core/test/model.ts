import fc from 'fast-check'
import { advance } from '../src/advance.ts'
import { decode, type Encoded, encode } from '../src/codec.ts'
import type { Command } from '../src/command.ts'
import { compilePlan } from '../src/compile-plan.ts'
import type { EngineEvent } from '../src/event.ts'
import type { Plan, TaskSpec } from '../src/plan.ts'
import type { Row } from '../src/rows.ts'
import type { Canvas, MapSignature, TaskSignature } from '../src/signature.ts'

/** A signature of a made-up task. One called `fail` fails; any other returns its name and arguments. */
export const sig = (task: string, args: readonly unknown[] = [], more: Partial<TaskSignature> = {}): TaskSignature => ({
  kind: 'task',
  task,
  args,
  kwargs: {},
  options: {},
  immutable: false,
  ...more,
})

/** A spec with nothing special about it. */
const spec = (signature: TaskSignature | MapSignature, more: Partial<TaskSpec> = {}): TaskSpec => ({
  task: signature.task,
  via: 'call',
  immutable: signature.kind === 'task' && signature.immutable,
  lane: 'default',
  inline: true,
  priority: 5,
  states: NO_STATES,
  countdown: undefined,
  eta: undefined,
  expires: undefined,
  ignoreResult: false,
  link: [],
  linkError: [],
  ...more,
})
const argsOf = (signature: TaskSignature | MapSignature): Encoded =>
  encode(signature.kind === 'task' ? signature.args : [signature.items])
const NO_STATES: readonly string[] = []

export const plan = (canvas: Canvas): Plan =>
  compilePlan(canvas, {
    task: (signature) => ({ spec: spec(signature), args: argsOf(signature), kwargs: undefined }),
    errorCallbacks: () => [],
  })

/** The plan of one task with what a case changes about its spec. */
export const planOfOne = (task: string, more: Partial<TaskSpec>): Plan => ({
  entry: 0,
  exit: 0,
  nodes: [{ kind: 'task', spec: spec(sig(task), more), args: encode([]), kwargs: undefined, next: -1 }],
})

/** The engine with nothing around it: rows, and what is to be done. */
export class Desk {
  readonly rows = new Map<string, Row>()
  readonly runnable: string[] = []
  readonly commands: Command[] = []
  readonly ran: string[] = []
  /** Places in it of what failed. */
  readonly failed = new Set<number>()
  readonly settled: string[] = []
  /** Whether what used to fail succeeds by now. */
  mended = false
  /** Facts that changed anything. */
  readonly taken = new Set<EngineEvent>()

  accept(...events: EngineEvent[]): readonly Command[] {
    const step = advance(this.rows, events)
    for (const row of step.rows) this.rows.set(row.id, row)
    for (const fact of step.facts) this.taken.add(fact)
    for (const command of step.commands) {
      if (command.type === 'run-task') this.runnable.push(command.id)
      if (command.type === 'settle') this.settled.push(command.id)
      this.commands.push(command)
    }
    return step.commands
  }

  send(canvas: Canvas | Plan, id = 'w'): readonly Command[] {
    return this.accept({
      type: 'canvas-sent',
      id,
      plan: 'nodes' in canvas ? canvas : plan(canvas),
      input: undefined,
      parent: undefined,
      root: undefined,
      settles: undefined,
      at: 1,
    })
  }

  /** Send again, under an id, a workflow that failed. */
  rerun(of: string, id: string): void {
    const row = this.rows.get(of)
    if (row?.kind !== 'workflow') throw new Error(`no workflow ${of}`)
    const { plan, input } = row
    this.accept({
      type: 'canvas-sent',
      id,
      plan,
      input,
      parent: of,
      root: row.root,
      settles: undefined,
      redrives: of,
      at: 9,
    })
  }

  state(id: string): string | undefined {
    const row = this.rows.get(id)
    if (row?.kind === 'stream') return `cursor ${row.cursor}`
    return row?.kind === 'join' ? `remaining ${row.remaining}` : row?.state
  }

  result(id: string): unknown {
    const row = this.rows.get(id)
    const result = row?.kind === 'stream' ? undefined : row?.result
    return result === undefined ? undefined : decode(result)
  }

  /** The fact that an attempt of a task has begun. */
  start(id: string): void {
    const row = this.rows.get(id)
    if (row?.kind === 'task')
      this.accept({ type: 'task-started', id, attempt: row.attempt + 1, run: row.runs + 1, at: 2 })
  }

  /** The fact that the running attempt of a task came to what its name says. */
  outcome(id: string): EngineEvent {
    const row = this.rows.get(id)
    if (row?.kind !== 'task') throw new Error(`no task ${id}`)
    const { task } = row.spec
    const { attempt, runs: run } = row
    this.ran.push(task)
    if (task === 'fail' && !this.mended) this.failed.add(this.ran.length - 1)
    if (task === 'fail' && !this.mended)
      return { type: 'task-failed', id, attempt, run, error: { name: 'Error', message: 'boom' }, at: 3 }
    if (task === 'flaky' && attempt < 3)
      return { type: 'task-retried', id, attempt, run, error: undefined, delay: 10, at: 3 }
    return {
      type: 'task-succeeded',
      id,
      attempt,
      run,
      result: encode([task, ...(decode(row.args) as unknown[])]),
      at: 3,
    }
  }

  /** Run everything, taking in the order of ends from `pick`, several at a time. */
  run(pick: () => number): void {
    while (this.runnable.length > 0) {
      const batch: EngineEvent[] = []
      const many = 1 + (pick() % 3)
      for (let count = 0; count < many && this.runnable.length > 0; count += 1) {
        const [id] = this.runnable.splice(pick() % this.runnable.length, 1) as [string]
        this.start(id)
        batch.push(this.outcome(id))
      }
      const commands = this.accept(...batch)
      for (const command of commands)
        if (command.type === 'start-timer') this.accept({ type: 'task-received', id: command.id, at: command.at })
    }
  }
}

/** What a canvas should come to, by the plainest reading of its definition. */
export type Expected = { readonly ok: true; readonly value: unknown } | { readonly ok: false }

export function expected(canvas: Canvas, input: readonly unknown[], ran: string[]): Expected {
  return comesTo(whole(canvas), input, ran)
}

/** As in Celery, a group of one that ends in a group is that group. */
function whole(canvas: Canvas): Canvas {
  if (canvas.kind === 'chain' && canvas.steps.length === 1) return whole(unrolled(canvas.steps[0] as Canvas))
  if (canvas.kind !== 'group') return canvas
  const [only, ...others] = flat(canvas.members)
  return only !== undefined && others.length === 0 && endsInGroup(only) ? only : canvas
}

function endsInGroup(canvas: Canvas): boolean {
  if (canvas.kind === 'chain') return endsInGroup(unrolled(canvas.steps.at(-1) as Canvas))
  return canvas.kind === 'group' || (canvas.kind === 'chord' && endsInGroup(canvas.body))
}

/** A step that is a group of one is its member. */
const unrolled = (step: Canvas): Canvas =>
  step.kind === 'group' && step.members.length === 1 ? (step.members[0] as Canvas) : step

function comesTo(canvas: Canvas, input: readonly unknown[], ran: string[]): Expected {
  switch (canvas.kind) {
    case 'task': {
      for (let attempt = 0; attempt < (canvas.task === 'flaky' ? 3 : 1); attempt += 1) ran.push(canvas.task)
      if (canvas.task === 'fail') return { ok: false }
      return { ok: true, value: [canvas.task, ...(canvas.immutable ? [] : input), ...canvas.args] }
    }
    case 'chain': {
      let now = input
      let last: Expected = { ok: true, value: undefined }
      for (const step of canvas.steps) {
        last = comesTo(unrolled(step), now, ran)
        if (!last.ok) return last
        now = [last.value]
      }
      return last
    }
    case 'group':
      return joined(canvas.members, input, ran)
    case 'chord': {
      const header = joined(canvas.header, input, ran)
      return header.ok ? comesTo(canvas.body, [header.value], ran) : header
    }
    default:
      throw new Error('not modelled')
  }
}

function joined(members: readonly Canvas[], input: readonly unknown[], ran: string[]): Expected {
  const ends = flat(members).map((member) => comesTo(member, input, ran))
  return ends.every((end) => end.ok) ? { ok: true, value: ends.map((end) => end.value) } : { ok: false }
}

/** As in Celery, a group directly inside a group is part of it. */
const flat = (members: readonly Canvas[]): readonly Canvas[] =>
  members.flatMap((member) => (member.kind === 'group' ? flat(member.members) : [member]))

/** Any canvas, nested up to five levels deep. */
export const anyCanvas: fc.Arbitrary<Canvas> = fc.letrec<{ canvas: Canvas }>((tie) => ({
  canvas: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    {
      weight: 4,
      arbitrary: fc
        .record({
          task: fc.constantFrom('a', 'b', 'c', 'a', 'b', 'flaky', 'fail'),
          args: fc.array(fc.nat(9), { maxLength: 2 }),
          immutable: fc.boolean(),
        })
        .map(({ task, args, immutable }) => sig(task, args, { immutable })),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(tie('canvas'), { minLength: 1, maxLength: 4 })
        .map((steps): Canvas => ({ kind: 'chain', steps, options: {} })),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(tie('canvas'), { maxLength: 4 })
        .map((members): Canvas => ({ kind: 'group', members, options: {} })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ header: fc.array(tie('canvas'), { maxLength: 3 }), body: tie('canvas') })
        .map(({ header, body }): Canvas => ({ kind: 'chord', header, body, options: {} })),
    },
  ),
})).canvas
