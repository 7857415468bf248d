import { syncBuiltinESMExports } from 'node:module'
import { MessageChannel, parentPort, receiveMessageOnPort, threadId, workerData } from 'node:worker_threads'
import type { AbortReason, AttemptCall, AttemptReports, Outcome } from '@umbel/core'
import { EMPTY_LIST, makeIds, toErrorData, umbelError } from '@umbel/core/tasks'
import { type AttemptOwner, runAttempt } from '../attempt.ts'
import type { AttemptEnvironment } from '../attempt-context.ts'
import { AttemptControl } from '../attempt-control.ts'
import { currentAttempt } from '../current-attempt.ts'
import { definitionOf, type TaskDefinition } from '../definition.ts'
import { Resources } from '../resources.ts'
import { nextTurn, stopwatch, systemClock, systemRandom } from '../system.ts'
import { BusyThreads, Lingering } from './linger.ts'
import { Outboxes } from './outbox.ts'
import {
  ANSWERED,
  BEGUN,
  CELL_SIZE,
  CULPRIT,
  type Hello,
  type Item,
  ORDERED,
  type Order,
  type Outcomes,
  packOutcome,
  RUNNING,
  resultBuffers,
  type ThreadData,
  type Told,
  unpackWork,
  type Work,
} from './thread-protocol.ts'
import { ThreadQuestions } from './thread-questions.ts'
import { ThreadResults } from './thread-results.ts'

/** Milliseconds for which a thread lingers at most when it has done what it had to do, and for which its loop need not turn while it has more. */
const LONGEST_LINGER = 0.2
const LONGEST_TURN = 2

/** Most aborts remembered for items that have not started here. Aborts go to all threads of a pool. */
const MAX_EARLY_ABORTS = 4_096

/** An item that runs. */
class Running implements AttemptOwner {
  readonly number: number
  readonly control: AttemptControl
  /** What it came to. */
  outcome: Outcome | undefined
  /** Called once it has come to that, where it did not at once. */
  over: (() => void) | undefined
  /** Called once its outcome, told before it was over, is stored. */
  finish: (() => void) | undefined

  constructor(number: number, control: AttemptControl) {
    this.number = number
    this.control = control
  }

  ended(outcome: Outcome): void {
    this.outcome = outcome
    this.over?.()
  }
}

const { cells, maxBytes, takesWrites, outboxes: shared, busy } = workerData as ThreadData
const outboxes = new Outboxes(shared)
const { port1: port, port2 } = new MessageChannel()
const bell = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
/** Orders taken so far. */
let taken = 0
const isOrdered = (): boolean => Atomics.load(bell, ORDERED) !== taken
const lingering = new Lingering(LONGEST_LINGER, new BusyThreads(busy))

/** The item that runs, if one does. */
let running: Running | undefined
let cell = 0

const earlyAborts = new Map<number, AbortReason>()

const results = new ThreadResults()
const tell = (what: Told): void => port.postMessage(what)
/** Tell outcomes. The bytes of their results were made for that alone: they go over, and are not copied. */
const tellOutcomes = (kind: 'outcomes' | 'answer', outcomes: Outcomes): void =>
  port.postMessage([kind, outcomes] satisfies Told, resultBuffers(outcomes))
const questions = new ThreadQuestions(tell)
/** Every call here is an item. */
const numberOf = (call: AttemptCall): number => (call as Item).number

const reports: AttemptReports = {
  state: (call, state, meta) => tell(['state', numberOf(call), state, meta]),
  progress: (call, done, total) => tell(['progress', numberOf(call), done, total]),
  begun: (call, at) => tell(['begun', numberOf(call), at]),
  send: (call, id, canvas, as) => {
    const number = numberOf(call)
    // without its arguments: the handler has taken their bytes, and nobody asks for them
    const ended = running?.number === number ? undefined : { ...call, args: EMPTY_LIST, kwargs: undefined }
    tell(['send', number, id, canvas, as, ended])
  },
  log: (call, level, message, fields) => tell(['log', numberOf(call), level, message, fields]),
  recall: (call, name) => questions.ask(numberOf(call), ['recall', name]),
  record: async (call, name, result) => void (await questions.ask(numberOf(call), ['record', name, result])),
}

const environment: AttemptEnvironment = {
  reports,
  clock: systemClock,
  resources: new Resources(systemClock),
  maxBytes,
  takesWrites,
  ownsValues: true,
  ids: makeIds(() => systemClock.now(), systemRandom),
  handleOf: (id) => results.handle(id),
}

/** Messages that are to be run after the one that is. */
const works: Work[] = []
let isWorking = false

/** Run messages in order, and answer each. Never rejects. */
async function work(): Promise<void> {
  isWorking = true
  let turned = stopwatch()
  for (let next = works.shift(); next !== undefined; next = works.shift()) {
    const outcomes = await runWork(next)
    tellOutcomes('answer', outcomes)
    Atomics.add(bell, ANSWERED, 1)
    if (stopwatch() - turned > LONGEST_TURN) {
      await nextTurn()
      turned = stopwatch()
    } else if (works.length === 0 && lingering.until(isOrdered)) takeOrders()
  }
  isWorking = false
}

/** Run the items of one message in order, up to where it is recalled. Never rejects. */
async function runWork(packed: Work): Promise<Outcomes> {
  const { cell: place, items } = unpackWork(packed)
  const outcomes: Outcomes = []
  cell = place * CELL_SIZE
  let since = stopwatch()
  for (const [index, item] of items.entries()) {
    if (Atomics.compareExchange(cells, cell + BEGUN, index, index + 1) !== index) break
    const outcome = await runItem(item) // in any case: what an item has put off for a moment comes before the next one
    const now = stopwatch()
    const took = now - since
    since = now
    if (outcome === undefined) continue
    const isLast = index === items.length - 1
    if (!isLast && isBareText(outcome) && outboxes.put(place, item.number, took, outcome.result)) continue
    packOutcome(outcomes, item.number, outcome, took)
    if (!isLast) tellOutcomes('outcomes', outcomes.splice(0))
  }
  Atomics.store(cells, cell + RUNNING, 0)
  return outcomes
}

/** Whether an outcome is a result of text and nothing else. */
const isBareText = (outcome: Outcome): outcome is { readonly kind: 'succeeded'; readonly result: string } =>
  outcome.kind === 'succeeded' && typeof outcome.result === 'string' && outcome.writes === undefined

/**
 * Run an item to its end. Gives the outcome unless that was told already: at once where its handler promises nothing, as each promise
 * would cost as much as all else that is done for a tiny task here.
 */
function runItem(item: Item): Outcome | Promise<Outcome | undefined> {
  const { number, task, module } = item
  const timed = item.timeLimit === undefined ? undefined : () => tell(['timed', number])
  const current = new Running(number, new AttemptControl(item, { look: takeOrders, timed }))
  running = current
  Atomics.store(cells, cell + RUNNING, number)
  const early = earlyAborts.size === 0 ? undefined : earlyAborts.get(number)
  if (early !== undefined) current.control.abort(early)
  const definition = definitionOf(task)
  if (definition === undefined) return runImported(item, current, importedDefinition(task, module))
  runAttempt(definition, item, environment, current.control, current)
  if (current.outcome === undefined || current.control.rest !== undefined) return runOn(current)
  running = undefined
  return current.outcome
}

async function runImported(
  item: Item,
  current: Running,
  imported: Promise<TaskDefinition>,
): Promise<Outcome | undefined> {
  try {
    runAttempt(await imported, item, environment, current.control, current)
  } catch (error) {
    running = undefined
    return { kind: 'failed', error: toErrorData(error) }
  }
  return runOn(current)
}

/** Wait for what an item comes to, and for the rest of it, which is run once that is stored. */
async function runOn(current: Running): Promise<Outcome | undefined> {
  if (current.outcome === undefined)
    await new Promise<void>((resolve) => {
      current.over = resolve
    })
  const { number, control, outcome } = current
  if (control.rest !== undefined && outcome !== undefined) {
    await new Promise<void>((resolve) => {
      current.finish = resolve
      tell(['unfinished', number, outcome])
    })
    await control.rest()
  }
  running = undefined
  return control.rest === undefined ? outcome : undefined
}

/** The definition of a task whose module has not been imported yet. @throws UMBEL_MODULE_FAILED, UMBEL_UNKNOWN_TASK */
async function importedDefinition(task: string, module: string): Promise<TaskDefinition> {
  try {
    await import(module)
  } catch (cause) {
    throw umbelError('UMBEL_MODULE_FAILED', `The module of ${task} could not be imported: ${module}`, { cause })
  }
  const definition = definitionOf(task)
  if (definition === undefined) throw umbelError('UMBEL_UNKNOWN_TASK', `The module ${module} defines no task ${task}.`)
  return definition
}

function take(order: Order): void {
  taken = (taken + 1) | 0 // as the bell counts
  switch (order[0]) {
    case 'work':
      works.push(order[1])
      if (!isWorking) work()
      return
    case 'abort': {
      const [, number, reason] = order
      if (running?.number === number) return running.control.abort(reason)
      earlyAborts.set(number, reason)
      for (const oldest of earlyAborts.keys()) {
        if (earlyAborts.size <= MAX_EARLY_ABORTS) return
        earlyAborts.delete(oldest)
      }
      return
    }
    case 'finish':
      if (running?.number === order[1]) running.finish?.()
      return
    case 'answer':
      return questions.answered(order[1], order[2])
    case 'ping':
      return tell(['pong', order[1]])
    case 'tear-down':
      environment.resources.tearDown((error) => tell(['stray', toErrorData(error)])).then(() => tell(['torn-down']))
  }
}

/** Take in what has arrived on the port and was not seen yet, as while a handler never lets the loop turn. */
function takeOrders(): void {
  if (!isOrdered()) return
  for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port))
    take(got.message as Order)
}

/** An error nobody caught: it fails the handler whose callback threw it, if that still runs, and else nobody. */
function stray(error: unknown): void {
  const owner = currentAttempt.getStore()
  if (
    owner !== undefined &&
    running !== undefined &&
    numberOf(owner.call) === running.number &&
    running.control.fail(error)
  )
    return
  tell(['stray', toErrorData(error)])
}

/** `process.exit` ends this thread alone. Leave behind who called it, so that nobody else is blamed. */
function guardExit(): void {
  const exit = process.exit
  process.exit = (code) => {
    const owner = currentAttempt.getStore()
    if (owner !== undefined) Atomics.store(cells, cell + CULPRIT, numberOf(owner.call))
    try {
      return exit(code)
    } catch (error) {
      // a listener to the exit threw: such a thread is neither dead nor alive
      tell(['stray', toErrorData(error)])
      return (process as unknown as { reallyExit(code: number): never }).reallyExit(Number(code ?? 0))
    }
  }
  syncBuiltinESMExports()
}

port.on('message', take)
port.unref()
process.on('uncaughtException', stray)
process.on('unhandledRejection', stray)
guardExit()
parentPort?.postMessage({ umbel: 'hello', thread: threadId, port: port2, bell } satisfies Hello, [port2])
