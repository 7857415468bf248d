import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chainOf, chordOf, listGroupOf, pipeOf } from '../src/canvas.ts'
import { toCeleryJson } from '../src/celery-json.ts'
import { fromCeleryJson } from '../src/celery-json-read.ts'
import type { EngineEvent } from '../src/event.ts'
import type { Canvas, SignatureOptions } from '../src/signature.ts'
import { isReady } from '../src/states.ts'
import { anyCanvas, Desk, expected, plan } from './model.ts'

const MINUTE = 60_000
const revoked = { name: 'UmbelError', code: 'UMBEL_REVOKED', message: 'revoked' }
const died = { name: 'UmbelError', code: 'UMBEL_WORKER_LOST', message: 'died' }

/** What is drawn for each step: any number, again and again. */
const picks = fc.infiniteStream(fc.nat(1_000_000)).map((stream) => () => stream.next().value as number)

/** More than one task alone. */
const composed = anyCanvas.filter(({ kind }) => kind !== 'task')

/** How many of each, as text: what ran, whatever the order. */
const counted = (names: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/**
 * A world that does all that workers may: tasks start and end in any order, are lost, given back and retried, several facts come
 * in one batch, any fact may come again, at once or much later, and so may the outcome of a run that was given up.
 */
class World {
  readonly desk = new Desk()
  /** Outcomes that were taken, by task. */
  readonly ran: string[] = []
  readonly #pick: () => number
  readonly #running: string[] = []
  readonly #timers: string[] = []
  readonly #told: EngineEvent[] = []
  /** Outcomes of runs that were lost or given back. */
  readonly #late: EngineEvent[] = []
  #batch: { event: EngineEvent; task: string | undefined }[] = []

  constructor(canvas: Canvas, pick: () => number) {
    this.#pick = pick
    const event = { type: 'canvas-sent', id: 'w', plan: plan(canvas), at: 1 } as const
    this.#take({ ...event, input: undefined, parent: undefined, root: undefined, settles: undefined })
  }

  /** Go on until nothing is under way, or so many steps. */
  run(steps = Number.POSITIVE_INFINITY): void {
    for (let step = 0; step < steps; step += 1) {
      if (this.#pick() % 6 === 0) this.#again()
      if (this.#pick() % 8 === 0) this.#prioritise()
      const { runnable } = this.desk
      const open = runnable.length + this.#running.length + this.#timers.length
      if (open === 0 && this.#batch.length === 0) return
      const which = open === 0 ? 0 : this.#pick() % open
      if (which < runnable.length) this.#start(this.#draw(runnable))
      else if (which < runnable.length + this.#running.length) this.#end(this.#draw(this.#running))
      else if (open > 0) this.#take({ type: 'task-received', id: this.#draw(this.#timers), at: 4 })
      if (open === 0 || this.#pick() % 3 > 0) this.#flush()
    }
    this.#flush()
  }

  /** Revoke the whole or any one node of it, begun or not. */
  revoke(nodes: number): void {
    const whole = this.desk.rows.get('w')?.kind === 'workflow'
    const member = this.#pick() % 2 === 0
    if (!whole) this.#take({ type: 'task-revoked', id: 'w', error: revoked, at: 5 })
    else if (member) {
      const alone = this.#pick() % 2 === 0 && { alone: true as const }
      this.#take({ type: 'task-revoked', id: `w/${this.#pick() % nodes}`, ...alone, error: revoked, at: 5 })
    } else this.#take({ type: 'workflow-revoked', id: 'w', error: revoked, at: 5 })
  }

  /** Give the whole, or any one node of it, another priority: it changes nothing of what the laws speak of. */
  #prioritise(): void {
    const node = this.#pick() % 10
    this.#take({ type: 'task-prioritised', id: node === 0 ? 'w' : `w/${node - 1}`, priority: this.#pick() % 10, at: 4 })
  }

  #draw(from: string[]): string {
    return from.splice(this.#pick() % from.length, 1)[0] as string
  }

  #start(id: string): void {
    const row = this.desk.rows.get(id)
    if (row?.kind !== 'task' || isReady(row.state)) return
    this.#take({ type: 'task-started', id, attempt: row.attempt + 1, run: row.runs + 1, at: 2 })
    this.#running.push(id)
  }

  #end(id: string): void {
    const row = this.desk.rows.get(id)
    if (row?.kind !== 'task') return
    const given = { id, attempt: row.attempt, run: row.runs, at: 3 }
    const event = this.desk.outcome(id)
    const luck = this.#pick() % 12
    if (luck > 1 || (luck === 0 && row.losses >= 2)) return void this.#batch.push({ event, task: row.spec.task })
    this.#take(luck === 0 ? { type: 'task-lost', ...given, error: died } : { type: 'task-returned', ...given })
    this.#late.push(event)
  }

  /** Something that was told already comes again, or an outcome that nobody waits for any more. */
  #again(): void {
    const from = this.#late.length > 0 && this.#pick() % 2 === 0 ? this.#late : this.#told
    const event = from[this.#pick() % from.length]
    if (event !== undefined) this.#batch.push({ event, task: undefined })
  }

  /** Whether any outcome of a run that was given up was taken for one of a later run. */
  get deceived(): boolean {
    return this.#late.some((event) => this.desk.taken.has(event))
  }

  #flush(): void {
    const batch = this.#batch
    this.#batch = []
    this.#accept(batch.map(({ event }) => event))
    for (const { event, task } of batch) if (task !== undefined) this.#count(event, task)
  }

  /** An outcome counts as a run unless it came too late. */
  #count(event: EngineEvent, task: string): void {
    if (this.desk.taken.has(event)) this.ran.push(task)
  }

  #take(event: EngineEvent): void {
    this.#flush()
    this.#accept([event])
  }

  #accept(events: readonly EngineEvent[]): void {
    if (events.length === 0) return
    this.#told.push(...events)
    for (const command of this.desk.accept(...events)) if (command.type === 'start-timer') this.#timers.push(command.id)
  }
}

/** Nothing is left that waits. */
function everythingEnded({ desk }: World): void {
  for (const row of desk.rows.values()) {
    if (row.kind === 'stream') continue
    expect(row.kind === 'join' ? row.remaining === 0 : isReady(row.state)).toBe(true)
  }
}

function settledOnce({ desk }: World): void {
  expect(new Set(desk.settled).size).toBe(desk.settled.length)
}

test(
  '10,000 canvases come to what the model says, in every interleaving of ends, retries, losses, late and repeated facts',
  () => {
    const began = performance.now()
    fc.assert(
      fc.property(composed, picks, (canvas, pick) => {
        const world = new World(canvas, pick)
        world.run()
        const ran: string[] = []
        const model = expected(canvas, [], ran)
        expect(world.desk.state('w')).toBe(model.ok ? 'SUCCESS' : 'FAILURE')
        if (model.ok) expect(world.desk.result('w')).toEqual(model.value)
        expect(counted(world.ran)).toEqual(counted(ran))
        expect(world.deceived).toBe(false)
        everythingEnded(world)
        settledOnce(world)
      }),
      { numRuns: 10_000 },
    )
    console.log(`10,000 canvases in ${((performance.now() - began) / 1_000).toFixed(1)} s`)
  },
  5 * MINUTE,
)

test(
  'whatever of a canvas is revoked, and whenever: all of it ends, each result is delivered once, and nothing runs that would not have',
  () => {
    fc.assert(
      fc.property(composed, picks, fc.nat(30), fc.integer({ min: 1, max: 3 }), (canvas, pick, steps, times) => {
        const { nodes } = plan(canvas)
        const world = new World(canvas, pick)
        for (let time = 0; time < times; time += 1) {
          world.run(steps)
          world.revoke(nodes.length)
        }
        world.run()
        const ran: string[] = []
        const model = expected(canvas, [], ran)
        const atMost = counted(ran)
        for (const [task, count] of counted(world.ran)) expect(count).toBeLessThanOrEqual(atMost.get(task) ?? 0)
        if (world.desk.state('w') === 'SUCCESS') expect({ ok: true, value: world.desk.result('w') }).toEqual(model)
        everythingEnded(world)
        settledOnce(world)
      }),
      { numRuns: 4_000 },
    )
  },
  5 * MINUTE,
)

/** The same canvas with nothing in it that fails. */
const mended = (canvas: Canvas): Canvas =>
  JSON.parse(JSON.stringify(canvas).replaceAll('"task":"fail"', '"task":"mended"')) as Canvas

/** How often everything ran that succeeds, with what failed under the name of what it is once it is mended. */
const runsOf = (names: readonly string[]): Map<string, number> =>
  counted(names.map((name) => (name === 'fail' ? 'mended' : name)))

test(
  'a workflow that failed and is run again, once or in several goes, comes to what it would have, and nothing that succeeded runs twice',
  () => {
    let reruns = 0
    fc.assert(
      fc.property(composed, picks, fc.nat(2), (canvas, pick, goes) => {
        const desk = new Desk()
        desk.send(canvas)
        desk.run(() => pick() % 97)
        if (desk.rows.get('w')?.kind !== 'workflow' || desk.state('w') !== 'FAILURE') return
        reruns += 1
        let id = 'w'
        const rows = new Map(desk.rows)
        for (let go = 0; go <= goes; go += 1) {
          desk.mended = go === goes
          desk.rerun(id, `${id}.d1`)
          desk.rerun(id, `${id}.d1`) // a second time changes nothing
          id = `${id}.d1`
          desk.run(() => pick() % 97)
        }
        for (const [old, row] of rows) expect(desk.rows.get(old)).toBe(row)
        const ran: string[] = []
        const model = expected(mended(canvas), [], ran)
        expect(desk.state(id)).toBe('SUCCESS')
        expect(JSON.stringify(desk.result(id)).replaceAll('"fail"', '"mended"')).toBe(
          JSON.stringify(model.ok ? model.value : undefined),
        )
        expect(runsOf(desk.ran.filter((_, index) => !desk.failed.has(index)))).toEqual(counted(ran))
        expect(new Set(desk.settled).size).toBe(desk.settled.length)
        for (const row of desk.rows.values()) if (row.kind === 'task') expect(isReady(row.state)).toBe(true)
      }),
      { numRuns: 4_000 },
    )
    expect(reruns).toBeGreaterThan(100)
  },
  5 * MINUTE,
)

/** What a canvas comes to on the engine, and what runs on the way. */
function behaviour(canvas: Canvas): unknown {
  const desk = new Desk()
  desk.send(canvas)
  desk.run(() => 0)
  return { state: desk.state('w'), result: desk.result('w'), ran: counted(desk.ran) }
}

/**
 * A canvas as callers build it, its groups from lists: one written with a single member is, as in Celery, that member behind a
 * step and a group in front of one, so that it matters how the chain was put together.
 */
function built(canvas: Canvas): Canvas {
  if (canvas.kind === 'chain') return chainOf(canvas.steps.map(built))
  if (canvas.kind === 'group') return listGroupOf(canvas.members.map(built))
  return canvas.kind === 'chord' ? chordOf(canvas.header.map(built), built(canvas.body)) : canvas
}
const builtCanvas = anyCanvas.map(built)

test(
  'chains are associative',
  () => {
    fc.assert(
      fc.property(builtCanvas, builtCanvas, builtCanvas, (a, b, c) => {
        const flat = behaviour(chainOf([a, b, c]))
        expect(behaviour(chainOf([chainOf([a, b]), c]))).toEqual(flat)
        expect(behaviour(chainOf([a, chainOf([b, c])]))).toEqual(flat)
        expect(behaviour(pipeOf(pipeOf(a, b), c))).toEqual(flat)
        expect(behaviour(pipeOf(a, pipeOf(b, c)))).toEqual(flat)
      }),
      { numRuns: 2_000 },
    )
  },
  5 * MINUTE,
)

const options: fc.Arbitrary<SignatureOptions> = fc.record(
  {
    lane: fc.constantFrom('low', 'high'),
    priority: fc.nat(9),
    countdown: fc.nat(100_000),
    expires: fc.nat(100_000),
    ignoreResult: fc.boolean(),
    link: fc.array(anyCanvas, { maxLength: 2 }),
    linkError: fc.array(anyCanvas, { maxLength: 2 }),
    headers: fc.constantFrom(
      { tenant: 'a' },
      { tenant: null, trace: { ids: [1] } },
      { priority: 1, origin: 'web' },
      {},
    ),
  },
  { requiredKeys: [] },
)

test(
  "Celery's JSON changes nothing on the way there and back",
  () => {
    fc.assert(
      fc.property(anyCanvas, options, (plain, more) => {
        const canvas = { ...plain, options: more }
        const text = JSON.stringify(toCeleryJson(canvas))
        const back = fromCeleryJson(JSON.parse(text))
        expect(back).toEqual(canvas)
        expect(JSON.stringify(toCeleryJson(back))).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  },
  5 * MINUTE,
)
