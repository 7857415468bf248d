/**
 * The pure heart of Umbel: data in, data out; no clock, no randomness, no effects.
 *
 * The words, one for one thing:
 * - **task**: a named function with options. **Signature**: one call of it as plain data. **Canvas**: signatures composed.
 * - **plan**: a canvas compiled to a flat list of nodes. **Workflow**: a plan that runs, with an id and a statechart.
 * - **run**: a machine of the user's at work, with an id; its row is a **chart**. **Child**: a task or workflow that it invoked.
 * - **event**: a fact, taken in by `advance`. **Row**: the truth about one task, join, workflow, chart or stream. **Command**: what is to be done.
 * - **attempt**: one run of a task's handler; it comes to an **outcome**.
 * - **permit**: the right to start one task now under a rate. **Gate**: where tasks wait for one, holding no slot.
 * - **lane**: a named queue with the workers that serve it. **Store**: where rows and events are kept.
 */

// values and errors
export {
  concatLists,
  decode,
  decodeOwned,
  EMPTY_LIST,
  type Encoded,
  encode,
  encodedSize,
  encodeList,
  encodeRest,
} from './codec.ts'
export { type ErrorClass, type ErrorClasses, type ErrorData, fromErrorData, toErrorData } from './error-data.ts'
export { ERRORS, type ErrorCode, UmbelError, umbelError } from './errors.ts'
export { TaskError } from './task-error.ts'
export { Ignore, Reject } from './control-errors.ts'

// tasks and canvases as data
export * from './signature.ts'
export * from './canvas.ts'
export {
  addLink,
  addLinkError,
  chunkMembers,
  type Parts,
  replaceParts,
  setImmutable,
  setOptions,
  withCall,
} from './canvas-parts.ts'
export { stampedCallbacks, underHeaders } from './canvas-options.ts'
export {
  badHeaders,
  checkedHeaders,
  frozenJson,
  headersMatch,
  type JsonValue,
  NO_HEADERS,
  type TaskHeaders,
} from './headers.ts'
export { stampCanvas } from './stamp.ts'
export { type CeleryOptions, type CelerySignature, toCeleryJson } from './celery-json.ts'
export { type CeleryJsonLimits, fromCeleryJson } from './celery-json-read.ts'
export { compilePlan, MAX_CANVAS_DEPTH, type Resolve } from './compile-plan.ts'
export {
  END,
  type ErrorCallback,
  type Expiry,
  type Plan,
  type PlanNode,
  planOfOne,
  type TaskNode,
  type TaskSpec,
  type WorkflowName,
} from './plan.ts'
export { commonHeaders, eachEntryTask, headersOf, previousNodes } from './plan-walk.ts'
export { chordOfTask, type Place, placeOf } from './place.ts'

// policies
export { type Arity, arityOf } from './arity.ts'
export { closest, didYouMean } from './did-you-mean.ts'
export { type Duration, milliseconds } from './duration.ts'
export { globMatcher } from './glob.ts'
export { makeIds } from './ids.ts'
export {
  type Rate,
  type RateLimit,
  type RateOfBucket,
  type RateOfWindow,
  type RatePolicy,
  ratePolicy,
  rateText,
  sameRate,
} from './rate.ts'
export { type RetryOptions, type RetryPolicy, retryDelay, retryPolicy, unitHash, wantsRetry } from './retry.ts'
export {
  asksForCall,
  compileRoutes,
  type Route,
  type RouteCall,
  type RouteFunction,
  type RouteObject,
  type RouteTarget,
} from './routing.ts'
export { limitsOver, type TimeLimit, type TimeLimits, timeLimits } from './time-limit.ts'

// what happens
export { advance, type Step } from './advance.ts'
export { type Effect, effectIds, effectKey } from './effect.ts'
export type { Answer } from './draft.ts'
export type { Chart, Charts, ChildStart, Compensation, Position, Successor } from './chart/charts.ts'
export type { CompensationEvent, CompensationState } from './chart/compensation.ts'
export { lengthOf, NO_PAST, type Past, type PastState, pastStates, pastWith } from './chart/past.ts'
export { newChart } from './chart/life.ts'
export { loopError, snapshotOf, tagsOf, takes } from './chart/transition.ts'
export type { Command, LogLine } from './command.ts'
export {
  type CanvasSent,
  type ChartStarted,
  type ChartTold,
  type EngineEvent,
  EVENT_VERSION,
  type TaskEvent,
  type TaskKey,
  type UniqueSend,
  canvasSent,
} from './event.ts'
export { type LetterChange, type LetterRow, redrivenId } from './dead-letter.ts'
export { neededRows } from './needed-rows.ts'
export { priorityOf } from './priority-life.ts'
export type { Outcome } from './outcome.ts'
export { attemptLost, isIdleRun, pendingActions, pendingCommand, resumedRun } from './recovery.ts'
export { expiredError, isExpired, isParked, replacementId } from './task-life.ts'
export {
  type ChartAction,
  type ChartRow,
  currentRun,
  isKeyRowId,
  isResultRow,
  type JoinRow,
  type KeyRow,
  keyRowId,
  nodeId,
  type PastAttempt,
  type Progress,
  parentOf,
  type ResultRow,
  type Row,
  type RowReader,
  type Seat,
  type StreamRow,
  streamRowId,
  uniqueRowId,
  type TaskRow,
  type WorkflowRow,
} from './rows.ts'
export { type CommonState, isReady, READY_STATES, TASK_STATES, type TaskState } from './states.ts'

// the statecharts
export { MACHINES, Machines } from './machines.ts'
export { type TaskFact, taskFacts, taskMachine } from './task-machine.ts'
export {
  actorOf,
  type ChartActor,
  chartActor,
  invokedActor,
  invokedMachines,
  isMachine,
  type PlacedPlaceholder,
  placedPlaceholders,
  withMachines,
} from './chart/actors.ts'
export type { ChartGraph, EdgeTrigger, InvokeData, StateEdge, StateNodeData } from './drawing/chart-graph.ts'
export { nextEdges } from './drawing/chart-graph.ts'
export type {
  CanvasEdge,
  CanvasGraph,
  CanvasGraphOptions,
  CanvasGroup,
  CanvasNode,
  CanvasTask,
} from './drawing/canvas-graph.ts'
export { type Graph, graphOf } from './drawing/graph.ts'
export { toMermaid } from './drawing/mermaid.ts'
export { type ChartFault, chartFaults, checkChart, checkLocalChart, refuseFaults } from './chart/checks.ts'
export {
  type CompensatedLogic,
  notHere,
  PLACEHOLDER,
  type Placeholder,
  type PlaceholderCompensation,
  type PlaceholderEvent,
  type PlaceholderHost,
  type PlaceholderLogic,
  type PlaceholderSnapshot,
  placeholderLogic,
  placeholderOf,
} from './chart/placeholder.ts'
export { stateName, transitionTable } from './transition-table.ts'
export { WORKFLOW_FACTS, type WorkflowFact, type WorkflowState, workflowMachine } from './workflow-machine.ts'

// ports
export type { Clock, Random, Timer } from './ports/clock.ts'
export {
  type Batch,
  type Between,
  type Store,
  type StoredEvent,
  type TaskWrites,
  WritesRefused,
} from './ports/store.ts'
export type { Entry, FoundEntry, Inbox, Owner, Reply, Request, SenderStore, Standing } from './ports/inbox.ts'
export type { PermitBlock, TokenSource } from './ports/token-source.ts'
export type {
  AbortReason,
  AttemptCall,
  AttemptReports,
  Pong,
  SentAs,
  ThreadsSeen,
  UnderWay,
  Worker,
} from './ports/worker.ts'
export { dependencyOf } from './coded-error.ts'
