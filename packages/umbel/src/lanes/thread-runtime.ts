import { syncBuiltinESMExports } from 'node:module'
import { MessageChannel, parentPort, receiveMessageOnPort, threadId, workerData } from 'node:worker_threads'
import {
  type AbortReason,
  type AttemptCall,
  type AttemptReports,
  makeIds,
  type Outcome,
  toErrorData,
  umbelError,
} from '@umbel/core'
import { runAttempt } from '../attempt.ts'
import type { AttemptEnvironment } from '../attempt-context.ts'
import { AttemptControl } from '../attempt-control.ts'
import { currentAttempt } from '../current-attempt.ts'
import { definitionOf, type TaskDefinition } from '../definition.ts'
import { Resources } from '../resources.ts'
import { systemClock, systemRandom } from '../system.ts'
import { Outboxes } from './outbox.ts'
import {
  type Answer,
  BEGUN,
  CELL_SIZE,
  CULPRIT,
  type Hello,
  type Item,
  type Order,
  type Outcomes,
  packOutcome,
  RUNNING,
  THREAD,
  type ThreadData,
  type Told,
  unpackWork,
  type Work,
} from './thread-protocol.ts'
import { ThreadQuestions } from './thread-questions.ts'
import { ThreadResults } from './thread-results.ts'

/** Most aborts remembered for items that have not started here. Aborts go to all threads of a pool. */
const MAX_EARLY_ABORTS = 4_096

interface Running {
  readonly number: number
  readonly control: AttemptControl
  /** Called once its outcome, told before it was over, is stored. */
  finish: (() => void) | undefined
}

const { cells, maxBytes, takesWrites, outboxes: shared } = workerData as ThreadData
const outboxes = new Outboxes(shared)
const { port1: port, port2 } = new MessageChannel()

/** The item that runs, if one does. */
let running: Running | undefined
let cell = 0

const earlyAborts = new Map<number, AbortReason>()

const results = new ThreadResults()
let told = 0
const tell = (what: Told): void => {
  told += 1
  port.postMessage(what)
}
const questions = new ThreadQuestions(tell)
/** Every call here is an item. */
const numberOf = (call: AttemptCall): number => (call as Item).number

const reports: AttemptReports = {
  state: (call, state, meta) => tell(['state', numberOf(call), state, meta]),
  progress: (call, done, total) => tell(['progress', numberOf(call), done, total]),
  begun: (call, at) => tell(['begun', numberOf(call), at]),
  send: (call, id, canvas, as) => {
    const number = numberOf(call)
    tell(['send', number, id, canvas, as, running?.number === number ? undefined : call])
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
  ids: makeIds(() => systemClock.now(), systemRandom),
  handleOf: (id) => results.handle(id),
}

/** Run the items of one message in order, up to where it is recalled. Never rejects. */
export async function runWork(work: Work): Promise<Answer> {
  const { cell: place, items } = unpackWork(work)
  const outcomes: Outcomes = []
  cell = place * CELL_SIZE
  Atomics.store(cells, cell + THREAD, threadId)
  let since = systemClock.monotonic()
  for (const [index, item] of items.entries()) {
    if (Atomics.compareExchange(cells, cell + BEGUN, index, index + 1) !== index) break
    const outcome = await runItem(item)
    const now = systemClock.monotonic()
    const took = now - since
    since = now
    if (outcome === undefined) continue
    const isLast = index === items.length - 1
    if (!isLast && isBareText(outcome) && outboxes.put(place, item.number, took, outcome.result)) continue
    packOutcome(outcomes, item.number, outcome, took)
    if (!isLast) tell(['outcomes', outcomes.splice(0)])
  }
  Atomics.store(cells, cell + RUNNING, 0)
  return { thread: threadId, told, outcomes }
}

/** Whether an outcome is a result of text and nothing else. */
const isBareText = (outcome: Outcome): outcome is { readonly kind: 'succeeded'; readonly result: string } =>
  outcome.kind === 'succeeded' && typeof outcome.result === 'string' && outcome.writes === undefined

/** Run an item to its end. Gives the outcome unless that was told already. */
async function runItem(item: Item): Promise<Outcome | undefined> {
  const { number, task, module } = item
  const timed = item.timeLimit === undefined ? undefined : () => tell(['timed', number])
  const control = new AttemptControl(item, { look: takeOrders, timed })
  const current: Running = { number, control, finish: undefined }
  running = current
  Atomics.store(cells, cell + CULPRIT, 0)
  Atomics.store(cells, cell + RUNNING, number)
  try {
    const early = earlyAborts.get(number)
    if (early !== undefined) control.abort(early)
    const definition = definitionOf(task) ?? (await importedDefinition(task, module))
    const outcome = await new Promise<Outcome>((ended) => runAttempt(definition, item, environment, control, { ended }))
    if (control.rest === undefined) return outcome
    await new Promise<void>((resolve) => {
      current.finish = resolve
      tell(['unfinished', number, outcome])
    })
    await control.rest()
    return undefined
  } catch (error) {
    return { kind: 'failed', error: toErrorData(error) }
  } finally {
    running = undefined
  }
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
  switch (order[0]) {
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
parentPort?.postMessage({ umbel: 'hello', thread: threadId, port: port2 } satisfies Hello, [port2])
