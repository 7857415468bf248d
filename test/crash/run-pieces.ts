import type { App, Run } from 'umbel'
import type { AnyStateMachine } from 'xstate'
import type { Piece } from './load.ts'
import { machines, type RunInput } from './machines.ts'

/** What a run is told, always under the same id: at once, and again whenever nobody knows whether it came. */
export interface Word {
  readonly event: { readonly type: string }
  readonly dedupe: string
  /** What the machine answers; of a word that is not asked for an answer none. */
  readonly answer?: unknown
}

/** A run of a machine, in the load. */
export interface RunPiece extends Piece {
  readonly machine: keyof typeof machines
  readonly input: RunInput
  readonly words: readonly Word[]
  /** Whether it is cancelled once it is told all. */
  readonly cancelled: boolean
}

/** What has to be done about a run until it is known to be done. */
export type Owed = Pick<RunPiece, 'machine' | 'words' | 'cancelled'>

const add = (n: number, dedupe: string, sum?: number): Word => ({
  event: { type: 'ADD', n } as { type: string },
  dedupe,
  ...(sum !== undefined && { answer: { type: 'SUM', sum } }),
})
const GO: Word = { event: { type: 'GO' }, dedupe: 'go' }

/** Make the run of a number: all kinds in turn. */
export function runPieceOf(number: number, name: string, effects: string): RunPiece {
  const under = (...ends: string[]): string[] => ends.map((end) => `${name}.${end}`)
  const input = { effects, label: name }
  const plain = { input, words: [], cancelled: false, ends: 'SUCCESS' }
  const kinds: readonly (() => RunPiece)[] = [
    () => ({
      ...plain,
      kind: 'told run',
      machine: 'tour',
      words: [add(1, 'one'), add(2, 'two'), GO],
      expected: `${name} 3`,
      labels: under('0', '1', 'left', 'over'),
      rows: under('0', '1'),
    }),
    () => ({
      ...plain,
      kind: 'asked run',
      machine: 'tour',
      words: [add(4, 'four', 4), add(5, 'five', 9), GO],
      expected: `${name} 9`,
      labels: under('0', '1', 'left', 'over'),
      rows: under('0', '1'),
    }),
    () => ({
      ...plain,
      kind: 'family',
      machine: 'family',
      expected: `${name} 1`,
      labels: under('0', 'member', '2', '3', '4', '5'),
      rows: under('0', '2', '3', '4', '5'),
    }),
    () => ({
      ...plain,
      kind: 'deadline',
      machine: 'deadline',
      expected: `${name} 0`,
      labels: under('late'),
      rows: [],
      failing: under('0'),
    }),
    () => ({
      ...plain,
      kind: 'run told by its task',
      machine: 'told',
      expected: `${name} 1`,
      labels: under('0'),
    }),
    () => ({
      ...plain,
      kind: 'cancelled run',
      machine: 'endless',
      cancelled: true,
      ends: 'UMBEL_REVOKED',
      expected: `${name} was revoked. Send it again if it should run after all.`,
      labels: [],
      failing: under('member'),
    }),
    () => ({
      ...plain,
      kind: 'saga',
      machine: 'trip',
      input: { ...input, fails: 'none' },
      expected: under('one', 'two', 'three').map((label) => JSON.stringify([effects, label])),
      labels: under('one', 'two', 'three'),
      failing: under('one.undone', 'two.undone', 'three.undone'),
      rows: under('one', 'two', 'three'),
    }),
    () => ({
      ...plain,
      kind: 'failing saga',
      machine: 'trip',
      input: { ...input, fails: 'three' },
      ends: 'FAILURE',
      expected: name,
      labels: under('one', 'two', 'three', 'two.undone', 'one.undone'),
      failing: under('three', 'three.undone'),
      rows: under('one', 'two', 'two.undone', 'one.undone'),
    }),
  ]
  return (kinds[number % kinds.length] as () => RunPiece)()
}

/** Start a run, or find the one of its id. */
export const begin = (app: App, id: string, { machine, input }: Pick<RunPiece, 'machine' | 'input'>): AnyRun =>
  app.workflow(machines[machine] as AnyStateMachine).start({ id, input }) as AnyRun

/** Find a run again. */
export const find = (app: App, id: string, { machine }: Pick<RunPiece, 'machine'>): Promise<AnyRun> =>
  app.workflow(machines[machine] as AnyStateMachine).get(id) as Promise<AnyRun>

type AnyRun = Run<AnyStateMachine>

/** Tell a run all that it has to be told, each twice: it counts once. Resolves with what was answered wrongly. */
export async function tellAll(run: AnyRun, { words, cancelled }: Owed): Promise<readonly string[]> {
  const asks = words.some(({ answer }) => answer !== undefined)
  // what is asked for is not kept for a state that takes it
  if (asks) await run.waitFor('WAITING', { timeout: '2m' }).catch(unlessEnded)
  const told = [...words, ...words].map(({ event, dedupe, answer }) =>
    answer === undefined
      ? run.send(event, { dedupe, by: 'torture' }).accepted.then(() => undefined, unlessEnded)
      : run.update(event, { dedupe }).then((given) => wrongly(dedupe, answer, given), unlessEnded),
  )
  if (cancelled) await run.cancel()
  return (await Promise.all(told)).filter((one) => one !== undefined)
}

const wrongly = (dedupe: string, answer: unknown, given: unknown): string | undefined =>
  JSON.stringify(given) === JSON.stringify(answer) ? undefined : `${dedupe} was answered ${JSON.stringify(given)}`

/** One that has ended has heard all, or has failed: its end tells. */
function unlessEnded(error: unknown): undefined {
  if ((error as { code?: string }).code !== 'UMBEL_RUN_ENDED') throw error
}
