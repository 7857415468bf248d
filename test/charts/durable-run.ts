import { createApp, defineTasks, fromTask, SimulatedClock, type TaskContext, task, workflow } from 'umbel'
import { type ReplayCode, replayRuns, sqliteStore } from 'umbel/sqlite'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { asIfKilled, newFile } from '../../packages/umbel/test/fixtures/store-file.ts'
import { buildChart } from './build-chart.ts'
import { errorOf, outputOf, type Shown } from './live-run.ts'
import { type Happening, type RandomState, TICK } from './random-chart.ts'

/** A happening, and whether the process is killed behind it. */
export interface Turn {
  readonly happening: Happening
  readonly killed: boolean
}

/**
 * Run a random machine durably: what it shows at first and after each happening. Where a turn says so the process is dropped as if
 * killed, and another one goes on with what is in the file.
 */
export async function durableRun(chart: RandomState, turns: readonly Turn[]): Promise<readonly Shown[]> {
  const emitted: unknown[] = []
  const dropped: Process[] = []
  let process = new Process(chart, newFile(), new SimulatedClock().now(), emitted)
  try {
    await process.begin(true)
    const shown = [await process.show()]
    for (const { happening, killed } of turns) {
      await process.happen(happening)
      if (killed) {
        dropped.push(process)
        process = new Process(chart, asIfKilled(process.file), process.now, emitted)
        await process.begin(false)
      }
      shown.push(await process.show())
    }
    process.checkReplay()
    return shown
  } finally {
    await Promise.all([...dropped, process].map((one) => one.stop()))
  }
}

interface Waiting {
  resolve(output: string): void
  reject(error: Error): void
}

type AnyRun = ReturnType<ReturnType<ReturnType<typeof createApp>['workflow']>['start']>

/** One process, with the file that it has found. */
class Process {
  readonly file: string
  readonly #clock: SimulatedClock
  readonly #app: ReturnType<typeof createApp>
  readonly #machine: AnyStateMachine
  readonly #code: ReplayCode
  readonly #emitted: unknown[]
  /** Children whose handler runs, and who waits for one to begin. */
  readonly #children = new Map<string, Waiting>()
  readonly #wanted = new Map<string, () => void>()
  #run!: AnyRun

  constructor(chart: RandomState, file: string, now: number, emitted: unknown[]) {
    this.file = file
    this.#emitted = emitted
    this.#clock = new SimulatedClock(now)
    const tasks = defineTasks('random', { child: task((ctx, id: string, _n: number) => this.#child(ctx, id)) })
    this.#machine = buildChart(chart, fromTask(tasks.child) as never)
    this.#code = { tasks: [tasks], workflows: [workflow(this.#machine, { keep: 0 })] }
    this.#app = createApp({
      name: file,
      ...this.#code,
      store: sqliteStore(file, { sync: 'off' }),
      lanes: { default: { threads: 0, inline: 100 } },
      clock: this.#clock,
    })
  }

  get now(): number {
    return this.#clock.now()
  }

  async begin(anew: boolean): Promise<void> {
    const runs = this.#app.workflow(this.#machine)
    if (anew) {
      this.#run = runs.start({ id: 'run' } as never)
      this.#listen()
      await this.#run.accepted
    } else {
      this.#run = await runs.get('run')
      this.#listen()
      await this.#app.start()
    }
    await this.#settled()
  }

  async happen(happening: Happening): Promise<void> {
    switch (happening.kind) {
      case 'event':
        // one that has ended refuses it
        await this.#run.send({ type: happening.event } as never).accepted.catch(() => {})
        break
      case 'time':
        for (let passed = 0; passed < happening.ms; passed += TICK) {
          await this.#clock.advance(TICK)
          await this.#settled()
        }
        break
      case 'child': {
        const { children } = await this.show()
        const id = children[happening.pick % children.length]
        if (id !== undefined) await this.#endChild(id, happening.ok)
      }
    }
    await this.#settled()
  }

  async show(): Promise<Shown> {
    const snapshot = (await this.#run.query((now: unknown) => now)) as AnyMachineSnapshot
    const { status, value, context, output, error } = snapshot
    return {
      status,
      value,
      context,
      output,
      error: error instanceof Error ? error.message : undefined,
      children:
        status === 'active'
          ? Object.keys(snapshot.children)
              .filter((id) => isActive(snapshot, id))
              .sort()
          : [],
      emitted: [...this.#emitted],
    }
  }

  /** What the file has recorded leads the same machine to where it is. */
  checkReplay(): void {
    const bad = replayRuns(this.file, this.#code).filter(({ verdict }) => verdict !== 'same')
    if (bad.length > 0) throw new Error(`Replayed runs come elsewhere: ${JSON.stringify(bad)}`)
  }

  async stop(): Promise<void> {
    await this.#app.stop({ deadline: 0 })
  }

  #listen(): void {
    this.#run.on('*', (event: unknown) => this.#emitted.push(event))
  }

  /** Everything that was begun so far is taken in. */
  async #settled(): Promise<void> {
    await this.#clock.advance(0)
    await this.#run.query(() => undefined)
  }

  #child(ctx: TaskContext<never>, id: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#children.set(id, { resolve, reject })
      ctx.signal.addEventListener('abort', () => {
        this.#children.delete(id)
        reject(ctx.signal.reason as Error)
      })
      this.#wanted.get(id)?.()
    })
  }

  async #endChild(id: string, ok: boolean): Promise<void> {
    if (!this.#children.has(id)) await new Promise<void>((resolve) => this.#wanted.set(id, resolve))
    const child = this.#children.get(id) as Waiting
    this.#children.delete(id)
    const ended = new Promise<void>((resolve) => {
      const off = this.#app.on('task-postrun', () => {
        off()
        resolve()
      })
    })
    if (ok) child.resolve(outputOf(id))
    else child.reject(errorOf(id))
    await ended
  }
}

const isActive = ({ children }: AnyMachineSnapshot, id: string): boolean =>
  (children[id]?.getSnapshot() as { status?: string } | undefined)?.status === 'active'
