import { type AnySignature, type App, type AsyncResult, chain, chord, group } from 'umbel'
import { machines } from './machines.ts'
import { work } from './tasks.ts'

/** One thing of the load: what it must come to, and the labels of all that it does on the way. */
export interface Piece {
  readonly kind: string
  /** Its result, or the message of its error. What is revoked comes to this or to its revocation, as it happens. */
  readonly expected: unknown
  /** How it ends: `SUCCESS`, else the code of its error, `FAILURE` where that has none. Default `SUCCESS`. */
  readonly ends?: string
  /** What is done outside of the store by its end. */
  readonly labels: readonly string[]
  /** What fails or is revoked: it leaves no row. */
  readonly failing?: readonly string[]
  /** What leaves a row by its end. Default: all of its labels, where nothing fails. */
  readonly rows?: readonly string[]
}

/** A canvas of the load. */
export interface CanvasPiece extends Piece {
  readonly canvas: AnySignature
  /** What is done about it once it is accepted. */
  readonly meanwhile?: (app: App, result: AsyncResult<unknown>) => unknown
}

/** What the ledger notes of a piece. */
export const noted = ({ kind, expected, ends = 'SUCCESS', labels, failing = [], rows }: Piece) => ({
  kind,
  expected,
  ends,
  labels,
  failing,
  rows: rows ?? (failing.length === 0 ? labels : []), // else some may have been left running
})

/** Keys that all lives share: what is done under one of them is done once in all. */
const SHARED_KEYS = 40

const revoke = (app: App, { id }: AsyncResult<unknown>): unknown => app.control.revoke(id)

/** Make the piece of a number: all kinds in turn. `random` gives a number in [0, 1). */
export function pieceOf(number: number, name: string, effects: string, random: () => number): CanvasPiece {
  const millis = (): number => Math.floor(random() * 40)
  const [a, b, c, d] = Array.from({ length: 4 }, (_, index) => `${name}.${index}`) as [string, string, string, string]
  const step = (label: string) => work.effect.si(effects, label, millis())
  const shared = `shared.${Math.floor(random() * SHARED_KEYS)}`
  const kinds: readonly (() => CanvasPiece)[] = [
    () => ({ kind: 'task', canvas: step(a), expected: a, labels: [a] }),
    () => ({ kind: 'chain', canvas: chain(step(a), step(b), step(c)), expected: c, labels: [a, b, c] }),
    () => ({ kind: 'group', canvas: group([step(a), step(b), step(c)]), expected: [a, b, c], labels: [a, b, c] }),
    () => ({
      kind: 'chord',
      canvas: chord([chain(step(a), step(b)), step(c)], work.gather.s(effects, d)),
      expected: `${b}+${c}`,
      labels: [a, b, c, d],
    }),
    () => ({ kind: 'retries', canvas: work.flaky.si(effects, a), expected: a, labels: [a] }),
    () => ({ kind: 'timer', canvas: timed(step(a), random() * 800), expected: a, labels: [a] }),
    () => ({
      kind: 'failing chord',
      ends: 'FAILURE',
      canvas: chord([step(a), work.failing.si(effects, b)], work.gather.s(effects, d)),
      expected: b,
      labels: [a, b],
      failing: [b],
    }),
    () => ({
      kind: 'dead letter',
      ends: 'FAILURE',
      canvas: work.mended.si(effects, a, true),
      expected: a,
      labels: [a],
      failing: [a],
    }),
    () => ({
      kind: 'keyed',
      canvas: group([work.keyed.si(effects, a), work.keyed.si(effects, a), work.keyed.si(effects, shared)]),
      expected: [a, a, shared],
      labels: [a, shared],
    }),
    () => ({ kind: 'unique', canvas: work.only.s(3 * millis()), expected: 'only', labels: [] }),
    () => ({ kind: 'revoked timer', canvas: timed(step(a), 2_000), expected: a, labels: [], meanwhile: revoke }),
    () => ({
      kind: 'revoked waiting',
      canvas: step(a).set({ priority: 0 }),
      expected: a,
      labels: [],
      meanwhile: revoke,
    }),
    () => ({
      kind: 'revoked running',
      canvas: work.obedient.si(effects, a, 300).set({ priority: 9 }),
      expected: a,
      labels: [],
      meanwhile: (app, result) => whenRunning(app, result, () => revoke(app, result)),
    }),
    () => ({
      kind: 'urgent',
      canvas: step(a).set({ priority: 0 }),
      expected: a,
      labels: [a],
      meanwhile: (app, { id }) => app.control.priority(id, 9),
    }),
    () => ({ kind: 'rows refused at first', canvas: work.early.si(effects, a), expected: a, labels: [a] }),
    () => ({
      kind: 'refused rows',
      canvas: work.refused.si(effects, a),
      ends: 'UMBEL_WRITE_FAILED',
      expected: undefined,
      labels: [a],
      failing: [a],
    }),
    () => ({
      kind: 'run in a chain',
      canvas: chain(step(`${name}.x`), machines.family.si({ effects, label: name }), step(`${name}.y`)),
      expected: `${name}.y`,
      labels: ['x', '0', 'member', '2', '3', '4', '5', 'y'].map((end) => `${name}.${end}`),
      rows: ['x', '0', '2', '3', '4', '5', 'y'].map((end) => `${name}.${end}`),
    }),
  ]
  return (kinds[number % kinds.length] as () => CanvasPiece)()
}

/** Do something once a task runs. */
function whenRunning(app: App, result: AsyncResult<unknown>, act: () => unknown): void {
  if (result.state === 'STARTED') return void act()
  const off = app.on('task-prerun', ({ id }) => {
    if (id !== result.id) return
    off()
    act()
  })
}

const timed = (step: ReturnType<typeof work.effect.si>, countdown: number) =>
  step.set({ countdown: Math.floor(countdown) })
