/**
 * What modules of tasks and the threads that run them need of core: the same as from the index, in a part of its own that loads neither the fold nor
 * XState, as each thread loads it anew.
 */

// policies
export { arityOf } from './arity.ts'
export {
  chainOf,
  chainOfOne,
  chordOf,
  chunksOf,
  groupOf,
  listGroupOf,
  mapSignature,
  pipeOf,
  taskSignature,
  unchained,
} from './canvas.ts'
// tasks and canvases as data
export { underHeaders } from './canvas-options.ts'
export {
  addLink,
  addLinkError,
  chunkMembers,
  replaceParts,
  setImmutable,
  setOptions,
  withCall,
} from './canvas-parts.ts'
export { toCeleryJson } from './celery-json.ts'
export { fromCeleryJson } from './celery-json-read.ts'
// values and errors
export { decode, decodeOwned, EMPTY_LIST, encode, encodedSize, encodeList } from './codec.ts'
export { dependencyOf } from './coded-error.ts'
export { Ignore, Reject } from './control-errors.ts'
export { didYouMean } from './did-you-mean.ts'
export { milliseconds } from './duration.ts'
export { effectKey } from './effect.ts'
export { fromErrorData, toErrorData } from './error-data.ts'
export { ERRORS, type ErrorCode, UmbelError, umbelError } from './errors.ts'
export { globMatcher } from './glob.ts'
export { badHeaders, checkedHeaders, frozenJson, NO_HEADERS } from './headers.ts'
export { makeIds } from './ids.ts'
export { END } from './plan.ts'
export { headersOf, previousNodes } from './plan-walk.ts'
export { ratePolicy } from './rate.ts'
export { retryDelay, retryPolicy, unitHash, wantsRetry } from './retry.ts'
// rows and states
export { isResultRow, nodeId } from './rows.ts'
export { stampCanvas } from './stamp.ts'
export { isReady, TASK_STATES } from './states.ts'
export { TaskError } from './task-error.ts'
export { limitsOver, timeLimits } from './time-limit.ts'
