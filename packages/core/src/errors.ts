import { CHART_ERRORS } from './chart/errors.ts'

/**
 * Every error Umbel raises by its code: what went wrong, and what to do next. `umbelError` ends each message with its
 * next step.
 */
export const ERRORS = {
  UMBEL_NO_APP: {
    summary: 'No live app knows the task that was sent.',
    nextStep: 'Call createApp with its tasks first, or send it with app.delay(signature).',
  },
  UMBEL_AMBIGUOUS_APP: {
    summary: 'More than one live app knows the task that was sent.',
    nextStep: 'Say which one: app.delay(signature).',
  },
  UMBEL_APP_STOPPED: {
    summary: 'Something was asked of an app that has stopped.',
    nextStep: 'Send before app.stop(), or create another app.',
  },
  UMBEL_STREAM_OPEN: {
    summary: 'A stream was begun under the id of one that is open.',
    nextStep: 'Let that one end or break it off first, or give this one an id of its own.',
  },
  UMBEL_UNKNOWN_TASK: {
    summary: 'No task has this name.',
    nextStep: 'Check the spelling and list its module in createApp({ tasks }).',
  },
  UMBEL_DUPLICATE_TASK: {
    summary: 'Two tasks have the same name.',
    nextStep: 'Give one of the modules another namespace in defineTasks.',
  },
  UMBEL_NOT_A_TASK: {
    summary: 'Something else stands where a task is expected.',
    nextStep: 'Pass what defineTasks gave, or wrap the function in task().',
  },
  UMBEL_BAD_NAME: {
    summary: 'A name of a task or a namespace is malformed.',
    nextStep: 'Use letters, digits, dots, dashes and underscores, beginning with a letter.',
  },
  UMBEL_BAD_OPTION: {
    summary: 'An option is unknown or has a value it cannot have.',
    nextStep: 'Correct the option or leave it out for its default.',
  },
  UMBEL_WRONG_ARITY: {
    summary: 'A task was given too few or too many arguments.',
    nextStep: "Match the parameters of the task's handler after ctx; a previous result counts as the first.",
  },
  UMBEL_BAD_KWARGS: {
    summary: "Keyword arguments do not fit the task's schema.",
    nextStep: 'Set the missing ones with .kw({ ... }) and correct the others.',
  },
  UMBEL_CANNOT_TRAVEL: {
    summary: "A value cannot be carried to a worker, a store, or Celery's JSON.",
    nextStep:
      "Send plain data: JSON values and, but for Celery's JSON, undefined, Date, Map, Set, bigint, bytes, errors; plain objects and lists of them.",
  },
  UMBEL_VALUE_TOO_LARGE: {
    summary: 'A value is larger than values may be.',
    nextStep: 'Send a reference to the data (a path, a key) instead, or raise the option values.maxBytes.',
  },
  UMBEL_VALUE_TOO_DEEP: {
    summary: 'A value is nested too deeply.',
    nextStep: 'Flatten it: send a list of records that refer to each other by id.',
  },
  UMBEL_BAD_VALUE: {
    summary: 'Stored or received text is not an encoded value.',
    nextStep: 'Look for what else writes to this store, or for a version of Umbel that writes another format.',
  },
  UMBEL_BAD_DURATION: {
    summary: 'Something is not a duration.',
    nextStep: "Write milliseconds as a number, or '250ms', '30s', '5m', '24h', '7d'.",
  },
  UMBEL_BAD_RETRY: {
    summary: 'Retry options are malformed.',
    nextStep: 'Write retry as { on, max, backoff: { base, max, factor, jitter } }; all of them may be left out.',
  },
  UMBEL_BAD_KEY: {
    summary: 'What should give the key of a call threw, or gave something else.',
    nextStep: 'Let it give text of 1 to 1,024 characters for whatever the task may be given.',
  },
  UMBEL_IDEMPOTENCY_CONFLICT: {
    summary: 'A task was given other arguments than the one that has its idempotency key.',
    nextStep: 'Work all into the key that makes a difference, or send it as the first one was sent.',
  },
  UMBEL_BAD_RATE: {
    summary: 'A rate limit is malformed, or a task cannot be held to it.',
    nextStep:
      "Write '10/s', '100/m', { rate: '10/s', burst: 5 } or { window: '10/s' }; a key is text or a number, a weight at most the burst.",
  },
  UMBEL_UNKNOWN_LIMIT: {
    summary: 'No rate limit has this name.',
    nextStep: 'Add it to createApp({ limits }) or correct the name.',
  },
  UMBEL_BAD_ROUTE: {
    summary: 'A route is malformed or answered with something that is no target.',
    nextStep: "Give a lane's name or { lane, priority }, or undefined for no route.",
  },
  UMBEL_UNKNOWN_LANE: {
    summary: 'No lane has this name.',
    nextStep: 'Add it to createApp({ lanes }) or correct the route or the option lane.',
  },
  UMBEL_LANE_FULL: {
    summary: "A lane's backlog is full.",
    nextStep: "Wait for room with await signature.send(), or raise the lane's backlog.",
  },
  UMBEL_BAD_LANE: {
    summary: 'A lane is malformed, or cannot run the task sent to it.',
    nextStep: 'Give the lane threads for tasks of modules and inline slots for inline ones.',
  },
  UMBEL_BAD_PRIORITY: {
    summary: 'Something is not a priority.',
    nextStep: 'Use a whole number from 0 to 9; 9 runs first.',
  },
  UMBEL_BAD_ETA: {
    summary: 'The time at which to start is malformed.',
    nextStep: 'Set either countdown (a duration) or eta (a valid Date or milliseconds since the epoch).',
  },
  UMBEL_CANVAS_CYCLE: {
    summary: 'A canvas contains itself.',
    nextStep: 'Build each step anew; to repeat, let a handler end with ctx.replace.',
  },
  UMBEL_CANVAS_TOO_DEEP: {
    summary: 'A canvas is nested too deeply.',
    nextStep: 'Flatten nested chains and groups; to repeat, let a handler end with ctx.replace.',
  },
  UMBEL_CANVAS_TOO_LARGE: {
    summary: 'A canvas has too many tasks.',
    nextStep: 'Give each task more to do: use chunks or starmap.',
  },
  UMBEL_BAD_CANVAS: {
    summary: 'Something is not a canvas.',
    nextStep: 'Build it with chain, group, chord and the methods of a task.',
  },
  UMBEL_DUPLICATE_ID: {
    summary: 'An id was used before.',
    nextStep: 'Choose another id, or use app.result(id) to follow the one that exists.',
  },
  UMBEL_WOULD_DEADLOCK: {
    summary: 'A handler would wait for a task while it holds a worker.',
    nextStep: 'Use ctx.send, ctx.replace, a chain or a chord instead of get().',
  },
  UMBEL_TIMEOUT: {
    summary: 'A result did not come in time.',
    nextStep: 'Wait longer, or revoke it; the task itself goes on.',
  },
  UMBEL_ABORTED: {
    summary: 'The signal given to a wait or a stream was aborted.',
    nextStep: 'Wait again: a task goes on meanwhile. A stream goes on where it left off if it has an id.',
  },
  UMBEL_REVOKED: {
    summary: 'A task or a workflow was revoked.',
    nextStep: 'Send it again if it should run after all.',
  },
  UMBEL_EXPIRED: {
    summary: 'A task was not started before it expired.',
    nextStep: 'Give the lane more slots, or the task a later expires.',
  },
  UMBEL_REJECTED: {
    summary: 'A handler refused a task for good by throwing Reject.',
    nextStep: 'Mend what it was given before sending it again.',
  },
  UMBEL_IGNORED: {
    summary: 'A handler ended a task without a result by throwing Ignore.',
    nextStep: 'Do not wait for tasks that may be ignored.',
  },
  UMBEL_RETRIES_SPENT: {
    summary: 'A task asked for another attempt and had none left.',
    nextStep: "Look at the cause, or raise the task's retry.max.",
  },
  UMBEL_BAD_TIME_LIMIT: {
    summary: 'A time limit is malformed.',
    nextStep:
      "Write timeLimit as a duration, or as { soft, hard } with soft the shorter one: { soft: '20s', hard: '30s' }.",
  },
  UMBEL_SOFT_TIME_LIMIT: {
    summary: 'An attempt reached its soft time limit, and its handler did not catch that.',
    nextStep: 'Catch it to end in good order, do less in one task, or raise timeLimit.soft.',
  },
  UMBEL_HARD_TIME_LIMIT: {
    summary: 'An attempt reached its hard time limit and was ended.',
    nextStep: 'Look for what never ends in the handler, do less in one task, or raise timeLimit.',
  },
  UMBEL_WORKER_LOST: {
    summary: 'A worker died: its thread, or the whole process.',
    nextStep: 'Look for process.exit, an exhausted heap or a crashing add-on in the handler.',
  },
  UMBEL_SETUP_FAILED: {
    summary: "A base task's setup threw.",
    nextStep: 'Look at the cause: the task cannot run before its setup succeeds.',
  },
  UMBEL_SETUP_TIMEOUT: {
    summary: "A base task's setup did not end in time.",
    nextStep: 'Give the connections it opens a timeout of their own.',
  },
  UMBEL_HANDLER_THREW_NOTHING: {
    summary: 'A handler threw something that is not an error.',
    nextStep: 'Throw an Error: it brings a stack that says where.',
  },
  UMBEL_CHORD_FAILED: {
    summary: "A member of a chord's header failed, so its body was not run.",
    nextStep: "Look at the cause: it is the member's own error.",
  },
  UMBEL_NO_CHORD: {
    summary: 'A task that is no member of a chord was to extend one.',
    nextStep: "Call ctx.addToChord only in tasks that end a member of a chord's header.",
  },
  UMBEL_UNKNOWN_STATE: {
    summary: 'A handler set a state its task does not declare.',
    nextStep: 'Add it to the states of the task.',
  },
  UMBEL_UNKNOWN_RESULT: {
    summary: 'Nothing has this id.',
    nextStep: 'Check the id and that the app uses the store it was sent to.',
  },
  UMBEL_TASK_VERSION: {
    summary: 'A task was sent to a version of itself that the code here cannot take.',
    nextStep:
      "Run code that knows the version, or add the missing function to the task's option upcast; then redrive its dead letter.",
  },
  UMBEL_UNKNOWN_LETTER: {
    summary: 'No dead letter has this id.',
    nextStep: 'Look for it with app.deadLetters.list(); it may have been discarded, or be older than what is kept.',
  },
  UMBEL_CANNOT_RERUN: {
    summary: 'Something cannot be run again from where it failed.',
    nextStep: 'Send its canvas again as a whole, or run again what it was part of.',
  },
  UMBEL_RESULT_GONE: {
    summary: 'A result was dropped as its time of retention had passed.',
    nextStep: 'Read results sooner, or keep them longer.',
  },
  UMBEL_STORE_FAILED: {
    summary: 'The store did not take what was to be stored.',
    nextStep: 'Look at the cause: disk, permissions or connection.',
  },
  UMBEL_STORE_FOREIGN: {
    summary: 'What should be the file of a store is something else.',
    nextStep: 'Give the path of a store, or of a file that does not exist yet; nothing was changed in this one.',
  },
  UMBEL_STORE_CORRUPT: {
    summary: 'The file of a store is damaged.',
    nextStep: 'Restore a copy of it; nothing was overwritten.',
  },
  UMBEL_STORE_NEWER: {
    summary: 'The file of a store was written by a newer version of Umbel.',
    nextStep: 'Update Umbel; nothing was changed in the file.',
  },
  UMBEL_STORE_READ_ONLY: {
    summary: 'The file of a store cannot be written.',
    nextStep: 'Give the process the right to write the file and its folder.',
  },
  UMBEL_STORE_FULL: {
    summary: 'There is no space left for the store.',
    nextStep:
      'Free space on its disk: what has happened already is kept and stored then, what is sent meanwhile is refused.',
  },
  UMBEL_STORE_OWNED: {
    summary: 'Another app owns the store.',
    nextStep: "Stop that one first, or open the store with whenOwned: 'wait'.",
  },
  UMBEL_STORE_FENCED: {
    summary: 'Another app has taken the store over from this one.',
    nextStep: 'This app has stopped and wrote nothing since: its work goes on there.',
  },
  UMBEL_CANNOT_WRITE: {
    summary: 'A handler, or the setup of a store, was to write what cannot be written.',
    nextStep:
      'Write to tables of your own, one statement at a time, with `store: sqliteStore(file)` of umbel/sqlite on Node 24.10 or newer.',
  },
  UMBEL_WRITE_FAILED: {
    summary:
      'SQLite refused what a handler wrote with ctx.write, so its attempt has failed, and nothing of it was written.',
    nextStep:
      'Correct the statement or the table, then redrive the dead letter of the task. Where another attempt may do better, give the task retries.',
  },
  UMBEL_BAD_TRANSACTION: {
    summary: "A transaction on the user's own tables was used where it cannot be.",
    nextStep:
      'Give store.transaction() or setup a function that is not asynchronous, not within another one, and use what it is given only in there.',
  },
  UMBEL_ATTEMPT_OVER: {
    summary: 'A handler used its context after its attempt had ended.',
    nextStep: 'Await all that the handler begins before it returns.',
  },
  UMBEL_STORE_OLDER: {
    summary: 'The file of a store has the schema of an older version of Umbel.',
    nextStep: 'Start its owner with this version first: it brings the file up to date.',
  },
  UMBEL_STORE_BUSY: {
    summary: 'The file of a store was locked by another process for too long.',
    nextStep:
      'Send again, and look for what keeps the file: a process that is stopped, a backup, a disk that is too slow.',
  },
  UMBEL_INBOX_FULL: {
    summary: 'What senders have left for the owner of a store has reached its bound.',
    nextStep: 'Start the owner of the file, which takes it in; then send again.',
  },
  UMBEL_NO_OWNER: {
    summary: 'No owner of the store has answered a sender.',
    nextStep: 'Start the process that owns the file, then ask again.',
  },
  UMBEL_NOT_OWNER: {
    summary: 'A sender was asked for what only the owner of the store can do.',
    nextStep: "Ask for it in the process that owns the file: it opens the store without as: 'sender'.",
  },
  UMBEL_MODULE_FAILED: {
    summary: 'A module of tasks could not be loaded in a thread.',
    nextStep: 'Import the module by itself to see the cause; it must only define tasks when imported.',
  },
  ...CHART_ERRORS,
} as const satisfies Readonly<Record<`UMBEL_${string}`, { readonly summary: string; readonly nextStep: string }>>

/** The code of an error Umbel raises: a key of `ERRORS`. */
export type ErrorCode = keyof typeof ERRORS

/** An error Umbel raises. Made by `umbelError`; tell them apart by `code`, not by message. */
export class UmbelError extends Error {
  override readonly name = 'UmbelError'
  readonly code: ErrorCode
  /** Plain data about this case, for programs. Empty where there is none. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = options.details ?? {}
  }
}

/**
 * Make an error of this code. Its message is `message`, what went wrong in this case, and the next step of its code.
 */
export function umbelError(
  code: ErrorCode,
  message: string,
  options?: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> },
): UmbelError {
  return new UmbelError(code, codedMessage(code, message), options)
}

/** Put the next step of a code behind what went wrong, which becomes a sentence where it is none. */
export function codedMessage(code: ErrorCode, message: string): string {
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${ERRORS[code].nextStep}`
}
