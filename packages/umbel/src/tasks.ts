/**
 * What modules of tasks import: the same objects and types as from the index, without the engine. Each thread loads such a module anew, and with this
 * it loads no more than what runs tasks in it needs anyhow.
 */

export type {
  CeleryJsonLimits,
  CelerySignature,
  Duration,
  JsonValue,
  Place,
  Progress,
  RateLimit,
  RetryOptions,
  SignatureOptions,
  TaskHeaders,
  TimeLimit,
} from '@umbel/core'
// errors
export { ERRORS, type ErrorCode, Ignore, Reject, TaskError, UmbelError } from '@umbel/core/tasks'
export type { AnySignature, CallOptions, NoKeywords } from './any-signature.ts'
export { chain, chord, group } from './canvas.ts'
export type { Chunks } from './chunks.ts'
export type { RetryRequest, TaskContext, TaskLog, WriteParams, WriteValue } from './context.ts'
// tasks and canvases
export { defineTasks } from './define-tasks.ts'
export type { AttemptEnd, TaskDefinition, TaskModule, Upcast } from './definition.ts'
export { signature, type UntypedSignature } from './from-json.ts'
export type { LimitedCall, SharedLimit, TaskRateLimit } from './limits/task-limit.ts'
export type { Task } from './named-task.ts'
export type { Signature } from './signature.ts'
export type { StandardSchema } from './standard-schema.ts'
export type { BaseOptions, SharedOptions, TaskOptions } from './task.ts'
export { task } from './task.ts'
