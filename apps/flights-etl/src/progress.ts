import type { SingleBar } from 'cli-progress'

/** Shows how far each stage is. A stage is a number of tasks of the same kind; each counts for the share it has done. */
export interface Progress {
  /** A task has set a state of its own. */
  state(stage: string, task: string, state: string): void
  /** A task has done this share, 0 to 1. */
  share(stage: string, task: string, share: number): void
  /** A task has ended well. */
  done(stage: string, task: string): void
  /** Show no more, and leave the terminal as it was. */
  stop(): void
}

interface Stage {
  readonly name: string
  readonly tasks: number
  readonly shares: Map<string, number>
  readonly states: Map<string, string>
}

/** Show stages, given with their numbers of tasks: as bars on a terminal, as plain lines elsewhere. */
export async function showProgress(
  stages: Readonly<Record<string, number>>,
  stream: NodeJS.WriteStream,
): Promise<Progress> {
  const known = new Map(
    Object.entries(stages).map(([name, tasks]): [string, Stage] => [
      name,
      { name, tasks, shares: new Map(), states: new Map() },
    ]),
  )
  const view = stream.isTTY ? await bars([...known.values()], stream) : lines(stream)
  const change = (name: string, how: (stage: Stage) => void) => {
    const stage = known.get(name)
    if (!stage) return
    how(stage)
    view.show(stage)
  }
  return {
    state: (name, task, state) => change(name, ({ states }) => states.set(task, state)),
    share: (name, task, share) => change(name, ({ shares }) => shares.set(task, share)),
    done: (name, task) =>
      change(name, ({ shares, states }) => {
        shares.set(task, 1)
        states.delete(task)
      }),
    stop: () => view.stop(),
  }
}

interface View {
  show(stage: Stage): void
  stop(): void
}

async function bars(stages: readonly Stage[], stream: NodeJS.WriteStream): Promise<View> {
  const { MultiBar } = await import('cli-progress')
  const width = Math.max(...stages.map(({ name }) => name.length))
  const digits = String(Math.max(...stages.map(({ tasks }) => tasks))).length
  const board = new MultiBar({
    stream,
    hideCursor: true,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    format: ' {stage}  {bar} {percentage} %  {finished}/{tasks}  {states}',
    formatValue: (value, _options, type) => (type === 'percentage' ? String(value).padStart(3) : String(value)),
  })
  const payload = (stage: Stage) => ({
    stage: stage.name.padEnd(width),
    finished: String(finished(stage)).padStart(digits),
    tasks: String(stage.tasks).padEnd(digits),
    states: [...new Set(stage.states.values())].sort().join(' '),
  })
  const each = new Map<string, SingleBar>(stages.map((stage) => [stage.name, board.create(1, 0, payload(stage))]))
  return {
    show: (stage) => each.get(stage.name)?.update(shareOf(stage), payload(stage)),
    stop: () => board.stop(),
  }
}

/** One line when a stage first enters a state, and one for each quarter it has done. */
function lines(stream: NodeJS.WriteStream): View {
  const said = new Set<string>()
  const say = (line: string) => {
    if (said.has(line)) return
    said.add(line)
    stream.write(`${line}\n`)
  }
  return {
    show(stage) {
      for (const state of stage.states.values()) say(`${stage.name}: ${state}`)
      const quarter = Math.floor(shareOf(stage) * 4) * 25
      if (quarter > 0) say(`${stage.name}: ${quarter} %`)
    },
    stop() {},
  }
}

function finished({ shares }: Stage): number {
  return [...shares.values()].filter((share) => share === 1).length
}

function shareOf({ shares, tasks }: Stage): number {
  return [...shares.values()].reduce((sum, share) => sum + share, 0) / tasks
}
