/** Umbel: Celery's patterns as an in-process orchestration framework. What users import; everything else is inside. */

// tasks and canvases
export { defineTasks } from './define-tasks.ts'
export { task } from './task.ts'
export { chain, chord, group } from './canvas.ts'
export { signature, type UntypedSignature } from './from-json.ts'
export type { Task } from './named-task.ts'
export type { Signature } from './signature.ts'
export type { AnySignature, CallOptions, NoKeywords } from './any-signature.ts'
export type { Chunks } from './chunks.ts'
export type { RetryRequest, TaskContext, TaskLog, WriteParams, WriteValue } from './context.ts'
export type { AttemptEnd, TaskDefinition, TaskModule, Upcast } from './definition.ts'
export type { StandardSchema } from './standard-schema.ts'
export { type Duration, Ignore, Reject, type RetryOptions, type SignatureOptions, type TimeLimit } from '@umbel/core'
export type { BaseOptions, SharedOptions, TaskOptions } from './task.ts'
export type { CeleryJsonLimits, CelerySignature, JsonValue, TaskHeaders } from '@umbel/core'
export type { Place, Progress, TaskState } from '@umbel/core'

// what machines invoke
export { fromCanvas, fromTask, type MadeInput } from './from-task.ts'
export type { CallInput, GivenCall } from './call-input.ts'
export type { CompensateOptions, CompensationRetry, Compensator } from './compensation.ts'
export type {
  CompensatedLogic,
  CompensationEvent,
  CompensationState,
  PlaceholderLogic,
  PlaceholderSnapshot,
} from '@umbel/core'
export {
  type SagaContext,
  type SagaEvent,
  type SagaInput,
  type SagaMachine,
  type SagaOptions,
  type SagaPart,
  type SagaResults,
  type SagaTag,
  saga,
} from './workflows/saga.ts'
export { graphOf, nextEdges, toMermaid } from '@umbel/core'
export type {
  CanvasEdge,
  CanvasGraph,
  CanvasGraphOptions,
  CanvasGroup,
  CanvasNode,
  CanvasTask,
  ChartGraph,
  EdgeTrigger,
  Graph,
  InvokeData,
  StateEdge,
  StateNodeData,
} from '@umbel/core'

// machines as workflows
export { type LocalOptions, workflow, type Workflow, type WorkflowOptions } from './workflows/workflow.ts'
export type { StartOptions, WorkflowRuns } from './workflows/workflow-runs.ts'
export type { Run, SentEvent } from './workflows/run.ts'
export type { RunEvent, RunTag } from './workflows/compensated.ts'
export type { SendOptions } from './workflows/run-event.ts'
export type { RunPast } from './workflows/run-door.ts'
export type { InspectedRun, RunListing, RunWait } from './workflows/runs-list.ts'

// the app
export { App, createApp } from './app.ts'
export type { StopOptions } from './shutdown.ts'
export type { DeadLetter, DeadLetterFilter, DeadLetterQuery, DeadLetters, RedriveOptions } from './dead-letters.ts'
export type { Control } from './control.ts'
export type { Health, HealthOptions } from './health.ts'
export type { ActiveTask, Inspect, LaneStatus, Ping, RegisteredTask, ScheduledTask } from './inspect.ts'
export type { LimitStatus } from './limits/limits.ts'
export type { InspectedTask } from './inspected-task.ts'
export type { RunTotals, TaskTotals } from './totals.ts'
export type { Listing, Waiting, WaitingTask, WaitingWorkflow, WaitReason } from './waiting-list.ts'
export type { MapStreamOptions } from './map-stream.ts'
export type { AppOptions } from './app-options.ts'
export type { Backlog, LaneOptions } from './lanes/lane-options.ts'
export type { Route, RouteCall, RouteFunction, RouteObject, RouteTarget } from '@umbel/core'
export type { Rate, RateLimit, RateOfBucket, RateOfWindow } from '@umbel/core'
export type { LimitedCall, SharedLimit, TaskRateLimit } from './limits/task-limit.ts'
export { bottleneckTokens, type BottleneckTokensOptions } from './limits/bottleneck.ts'
export type { Suspect } from './lanes/loop-watch.ts'
export type { AttemptSignal, ListenOptions, SignalName, Signals, TaskSignal } from './signals.ts'
export { memoryStore, type MemoryStoreOptions } from './stores/memory.ts'
export { SimulatedClock } from './simulated-clock.ts'
export type { Clock, PermitBlock, Random, RatePolicy, SenderStore, Store, Timer, TokenSource } from '@umbel/core'

// results and errors
export { AsyncResult, type GetOptions, type Update } from './async-result.ts'
export { GroupResult, type MemberResult } from './group-result.ts'
export { type ErrorCode, ERRORS, TaskError, UmbelError } from '@umbel/core'
