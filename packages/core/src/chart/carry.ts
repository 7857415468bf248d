import { type Encoded, encode } from '../codec.ts'
import type { Draft } from '../draft.ts'
import { umbelError } from '../errors.ts'
import type { ChartRow, ChartTimer } from '../rows.ts'
import type { Chart } from './charts.ts'
import { startChild, stopChild } from './children.ts'
import type { ChartEffect, Target } from './effects.ts'

/** What carrying out a step's effects comes to. */
interface Carried {
  readonly row: ChartRow
  /** The first event that was emitted, encoded. */
  readonly emitted: Encoded | undefined
}

/** Carry out what a step asks for: the row with what that changes, messages and commands. @throws what cannot travel */
export function carryOut(draft: Draft, row: ChartRow, chart: Chart, effects: readonly ChartEffect[]): Carried {
  let at: Carried = { row, emitted: undefined }
  for (const [index, effect] of effects.entries()) {
    if (effect.kind === 'start' && isStoppedBehind(effects, index, effect.child)) continue
    at = carry(draft, at, chart, effect)
  }
  return at.row.timers.some((timer) => isUnbound(at.row, timer)) ? { ...at, row: withBound(at.row) } : at
}

function carry(draft: Draft, at: Carried, chart: Chart, effect: ChartEffect): Carried {
  const { row } = at
  const { maxBytes } = draft.machines.charts
  const travels: Travels = (value, path) => encode(value, { maxBytes, path })
  switch (effect.kind) {
    case 'start':
      return { ...at, row: startChild(draft, row, chart, effect) }
    case 'stop':
      return { ...at, row: stopChild(draft, row, effect.child) }
    case 'later':
      return { ...at, row: { ...row, timers: [...row.timers, bound(row, timerOf(effect, draft.at, travels))] } }
    case 'cancel':
      return { ...at, row: { ...row, timers: row.timers.filter(({ send }) => send !== effect.send) } }
    case 'tell':
      tell(draft, row, effect.to, travels(effect.event, 'event'))
      return at
    case 'emit': {
      const event = travels(effect.event, 'event')
      draft.commands.push({ type: 'emit', id: row.id, event })
      return { row, emitted: at.emitted ?? event }
    }
    case 'log':
      draft.commands.push({ type: 'log', id: row.id, label: effect.label, value: travels(effect.value, 'value') })
      return at
    case 'act':
      return { ...at, row: withAction(draft, row, chart, effect, travels) }
  }
}

/** XState does not start what the same step stops again. */
function isStoppedBehind(effects: readonly ChartEffect[], index: number, child: string): boolean {
  const next = effects
    .slice(index + 1)
    .find((effect) => (effect.kind === 'start' || effect.kind === 'stop') && effect.child === child)
  return next?.kind === 'stop'
}

type Travels = (value: unknown, path: string) => Encoded

function timerOf(
  { send, delay, event, to }: Extract<ChartEffect, { kind: 'later' }>,
  now: number,
  travels: Travels,
): ChartTimer {
  const due = Math.min(now + Math.max(0, delay), Number.MAX_SAFE_INTEGER)
  const target = to.kind === 'child' ? to.id : to.kind === 'parent' ? PARENT : undefined
  return { send, due, event: travels(event, 'event'), ...(target !== undefined && { to: target }) }
}

/** How a timer names the run that invoked its own. No child is called so. */
const PARENT = ''

/** Who an event that is due goes to. */
export const targetOfTimer = ({ to }: ChartTimer): Target =>
  to === undefined ? { kind: 'self' } : to === PARENT ? { kind: 'parent' } : { kind: 'child', id: to }

/** A timer for a child goes to the one that there is as it is scheduled; a step may schedule it before it starts that. */
const bound = (row: ChartRow, timer: ChartTimer): ChartTimer => {
  const child = timer.to === undefined ? undefined : row.children[timer.to]?.id
  return timer.child !== undefined || child === undefined ? timer : { ...timer, child }
}

const isUnbound = (row: ChartRow, timer: ChartTimer): boolean => bound(row, timer) !== timer

const withBound = (row: ChartRow): ChartRow => ({ ...row, timers: row.timers.map((timer) => bound(row, timer)) })

/** Whether the child that a timer was scheduled for is no more: what is due is lost then, as in XState. */
export const isForNobody = ({ children }: ChartRow, { to = '', child }: ChartTimer): boolean =>
  child !== undefined && children[to]?.id !== child

/** Hand an event to whoever it is for; one for a task, or for nobody, is lost, as in XState. */
export function tell(draft: Draft, row: ChartRow, to: Target, event: Encoded): void {
  const id = idOf(row, to)
  if (id !== undefined) draft.mail.push({ type: 'chart-heard', id, event })
}

function idOf(row: ChartRow, to: Target): string | undefined {
  switch (to.kind) {
    case 'self':
      return row.id
    case 'parent':
      return row.settles
    case 'child':
      return row.children[to.id]?.id
  }
}

function withAction(
  draft: Draft,
  row: ChartRow,
  chart: Chart,
  { action, params, event, context }: Extract<ChartEffect, { kind: 'act' }>,
  travels: Travels,
): ChartRow {
  if (chart.machine.implementations.actions[action] === undefined)
    throw umbelError('UMBEL_BAD_MACHINE', `The action ${action} of ${row.machine} has no name in setup({ actions }).`)
  const begun = row.begun + 1
  const asked = {
    n: begun,
    action,
    params: params === undefined ? undefined : travels(params, 'params'),
    event: travels(event, 'event'),
    context: travels(context, 'context'),
  }
  draft.commands.push({ type: 'run-actions', id: row.id })
  return { ...row, begun, actions: [...row.actions, asked] }
}
