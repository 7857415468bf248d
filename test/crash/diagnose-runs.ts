import { type ChartRow, isReady, isResultRow, pastStates, type ResultRow, type Row } from '@umbel/core'

type Rows = ReadonlyMap<string, Row>

/** What is wrong with a run of a machine. */
export function* ofRun(row: ChartRow, rows: Rows): Generator<string> {
  yield* ofEnd(row)
  yield* ofChildren(row, rows)
  yield* ofNumbers(row)
  yield* ofCompensating(row)
}

/** I12: what has ended says how, and has nothing left to wait for. */
function* ofEnd(row: ChartRow): Generator<string> {
  const { id, state, endedAt, closing, compensating, result, error, actions } = row
  const ended = endedAt !== undefined
  if (ended !== isReady(state)) yield `I2 run ${id} is ${state} and ended at ${String(endedAt)}`
  if (ended && (state === 'SUCCESS' ? result === undefined || error !== undefined : error === undefined))
    yield `I2 run ${id} has ended as ${state} with the wrong one of a result and an error`
  if (!ended && (closing === undefined || compensating !== undefined)) return
  for (const [what, left] of Object.entries(leftOf(row)))
    if (left > 0) yield `I12 run ${id} is over and has ${left} ${what} left`
  if (ended && (closing !== undefined || actions.length > 0))
    yield `I12 run ${id} has ended, and still had to run ${actions.length} actions`
  if (!ended && actions.length === 0) yield `I12 run ${id} ends as ${String(closing)} after actions, and has none`
}

const leftOf = ({ children, timers, kept, states }: ChartRow) => ({
  children: Object.keys(children).length,
  timers: timers.length,
  'kept events': kept.length,
  'active states': states.length,
})

/** I13: what a run waits for is there, has not ended, and will tell this run of its end. */
function* ofChildren(row: ChartRow, rows: Rows): Generator<string> {
  for (const [key, child] of Object.entries(row.children)) {
    if (child.ended === true) continue
    const one = rows.get(child.id)
    if (one === undefined || !isResultRow(one) || hasEnded(one))
      yield `I13 run ${row.id} waits for ${key} (${child.id}), which is over or nowhere`
    else if (settlesOf(one) !== row.id)
      yield `I13 run ${row.id} waits for ${key} (${child.id}), which is for ${String(settlesOf(one))}`
    else if ((child.kind === 'task') !== (one.kind === 'task'))
      yield `I13 run ${row.id} takes ${key} (${child.id}) for a ${child.kind}, and it is a ${one.kind}`
  }
}

/** I14: what goes on for something is what that waits for; but for a run that takes back what it did, which goes on by itself once it is left. */
export function* ofSettled(row: Row, rows: Rows): Generator<string> {
  if (!isResultRow(row) || hasEnded(row)) return
  if (row.kind === 'chart' && row.compensating !== undefined) return
  const settles = settlesOf(row)
  if (settles === undefined) return
  const one = rows.get(settles)
  const waits =
    (one?.kind === 'chart' &&
      Object.values(one.children).some(({ id, ended }) => id === row.id && ended !== true) &&
      one.endedAt === undefined) ||
    (one?.kind === 'task' && one.state === 'REPLACED' && one.replacedBy === row.id)
  if (!waits) yield `I14 ${row.kind} ${row.id} goes on for ${settles}, which does not wait for it`
}

/** I15: numbers of a run's own come in order, once each, and none is yet to come. */
function* ofNumbers({ id, begun, actions, children, past, heard, timers, ...row }: ChartRow): Generator<string> {
  const invoked = row.compensating === undefined ? Object.values(children) : []
  const numbers = [
    ...actions.map(({ n }) => n),
    ...invoked.map((child) => Number(child.id.slice(child.id.lastIndexOf('.') + 1))),
  ]
  if (numbers.some((n) => !(n >= 1 && n <= begun)) || new Set(numbers).size < numbers.length)
    yield `I15 run ${id} has begun ${begun}, and counts ${numbers.join(', ')}`
  if (actions.some(({ n }, index) => n <= (actions[index - 1]?.n ?? 0))) yield `I15 run ${id} has actions out of order`
  if (pastStates(past).some(({ at }, index, all) => at < (all[index - 1]?.at ?? 0)))
    yield `I15 run ${id} has a past out of order`
  if (new Set(heard.map((one) => one.id)).size < heard.length) yield `I15 run ${id} was told twice under one id`
  if (timers.some(({ due }) => !Number.isFinite(due))) yield `I15 run ${id} has a timer that is due at no time`
}

/** I16: a run takes back what it has done once it has failed, one thing at a time, the last first, and shows that it does. */
function* ofCompensating(row: ChartRow): Generator<string> {
  const { id, state, closing, compensating, done = [], children, timers } = row
  if (compensating === undefined) return
  const { step, error } = compensating
  const last = done.at(-1)
  const under = Object.values(children).map((child) => child.id)
  if (closing !== 'FAILURE' || last === undefined)
    yield `I16 run ${id} takes back what it did, and has not failed or done anything`
  if ((step === 'runs') !== (under.length === 1) || (step === 'waits') !== (timers.length === 1))
    yield `I16 run ${id} ${step}, with ${under.length} compensations and ${timers.length} timers`
  if (step === 'runs' && under[0] !== `${last?.id}.c${last?.sent}`)
    yield `I16 run ${id} takes back by ${under[0]}, and did ${last?.id} last`
  if (step === 'failed' && error === undefined) yield `I16 run ${id} failed to take back, and nothing was wrong`
  if (state !== (step === 'failed' ? 'COMPENSATION_FAILED' : 'COMPENSATING'))
    yield `I16 run ${id} takes back what it did (${step}), and shows ${state}`
}

const settlesOf = (row: ResultRow): string | undefined => (row.kind === 'join' ? undefined : row.settles)

const hasEnded = (row: ResultRow): boolean => (row.kind === 'join' ? row.remaining === 0 : row.endedAt !== undefined)
