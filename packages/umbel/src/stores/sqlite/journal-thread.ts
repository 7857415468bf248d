import { fdatasyncSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { BusyThreads, Lingering } from '../../lanes/linger.ts'
import { stopwatch } from '../../system.ts'
import { Backlog } from './backlog.ts'
import {
  ANSWERED,
  ASKED,
  AWAKE,
  ENDED,
  type JournalAnswer,
  type JournalError,
  type JournalRequest,
  type JournalStart,
  SETTLED,
  STORED,
} from './journal-protocol.ts'
import { JournalTable } from './journal-table.ts'
import { LogTable } from './log-table.ts'

// What the thread of `journal.ts` runs: it stores each batch in the journal, which is one row, and answers. What rows that comes to goes to
// its tables and into the file while nothing is asked; what is not done by then goes into the file with the batch that comes next.

/** Rows that are written between two looks at what is asked. */
const STEP = 16

/** Rows that may be still to be written while a batch is stored: whoever needs them all waits for no more. */
const MOST = 1_000

/** Milliseconds without a request after which tasks that have not ended are written, too. */
const IDLE = 5

/** Milliseconds for which it lingers at most for the next request. */
const LONGEST_LINGER = 0.6

const { file, token, synchronous, checkpointPages, cells, busy, port } = workerData as JournalStart
const database = new DatabaseSync(file)
database.exec(`PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = OFF; PRAGMA synchronous = ${synchronous};
  PRAGMA wal_autocheckpoint = ${checkpointPages}`)
const wal = openSync(`${file}-wal`, 'r+')
const log = new LogTable(database)
const journal = new JournalTable(database)
const backlog = new Backlog(database)
const others = new BusyThreads(busy)
const lingering = new Lingering(LONGEST_LINGER, others)
const owner = database.prepare('SELECT token FROM owner')

class Fenced extends Error {}

/** Whether a transaction is open; whether one was rolled back, so that the backlog is to be read; whether nothing is tried until something is asked. */
let open = false
let stale = false
let stuck = false
/** Batches that came. */
let batches = 0

port.postMessage({ kind: 'ready' } satisfies JournalAnswer)
wake()
try {
  for (;;) turn()
} finally {
  rest()
  Atomics.store(cells, ENDED, 1)
  Atomics.add(cells, SETTLED, 1)
  Atomics.notify(cells, SETTLED)
}

/** Do what is asked, else what is left to do, else sleep. */
function turn(): void {
  const asked = Atomics.load(cells, ASKED)
  const request = receiveMessageOnPort(port)?.message as JournalRequest | undefined
  if (request?.kind === 'put') return put(request)
  if (request?.kind === 'settle') return settle()
  if (!stuck && backlog.size > 0) return void attempt(work)
  if (open) return void attempt(commit)
  if (lingering.until(() => Atomics.load(cells, ASKED) !== asked)) return
  if (!stuck && !backlog.empty) {
    if (sleep(asked, IDLE)) backlog.hurry()
  } else {
    if (!stale && backlog.empty) Atomics.store(cells, STORED, batches)
    sleep(asked, Number.POSITIVE_INFINITY)
  }
}

/** Sleep until something is asked, or for so many milliseconds. Returns whether these have passed. */
function sleep(asked: number, most: number): boolean {
  rest()
  const woken = Atomics.wait(cells, ASKED, asked, most)
  wake()
  return woken === 'timed-out'
}

/** It has something to do. */
function wake(): void {
  others.add(1)
  Atomics.store(cells, AWAKE, 1)
}

/** It has nothing to do. */
function rest(): void {
  Atomics.store(cells, AWAKE, 0)
  others.add(-1)
}

function put({ log: row, rows, written, waits }: Extract<JournalRequest, { kind: 'put' }>): void {
  batches = (batches + 1) | 0
  const error = attempt(() => {
    begin()
    if (backlog.size > MOST) backlog.step(backlog.size - MOST)
    journal.put(row.last, written)
    log.put(row)
    commit()
  })
  if (error !== undefined) return answer({ kind: 'put', error })
  const since = stopwatch()
  try {
    if (waits) fdatasyncSync(wal)
    answer({ kind: 'put', waited: stopwatch() - since })
  } catch (cause) {
    answer({ kind: 'put', unsafe: true, error: errorOf(cause) })
  }
  backlog.add(row.last, rows, written)
}

/** Put everything into its tables, for whoever waits for it. */
function settle(): void {
  const error = attempt(() => {
    if (!open && !stale && backlog.empty) return
    begin()
    backlog.finish()
    commit()
  })
  answer(error === undefined ? { kind: 'settle' } : { kind: 'settle', error })
  if (error === undefined) Atomics.store(cells, STORED, batches)
  Atomics.add(cells, SETTLED, 1)
  Atomics.notify(cells, SETTLED)
}

function work(): void {
  begin()
  backlog.step(STEP)
}

function begin(): void {
  if (open) return
  database.exec('BEGIN IMMEDIATE')
  open = true
  if (owner.get()?.token !== token) throw new Fenced()
  if (stale) backlog.read()
  stale = false
}

function commit(): void {
  backlog.leave()
  database.exec('COMMIT')
  open = false
}

/** Do something within a transaction. Where it fails, all that the transaction had is undone, and nothing is tried until something is asked. */
function attempt(act: () => void): JournalError | undefined {
  try {
    act()
    stuck = false
    return undefined
  } catch (cause) {
    stuck = stale = true
    if (database.isTransaction) database.exec('ROLLBACK')
    open = false
    return errorOf(cause)
  }
}

function errorOf(cause: unknown): JournalError {
  if (cause instanceof Fenced) return 'fenced'
  const { errcode, message } = (cause ?? {}) as { readonly errcode?: number; readonly message?: string }
  return { errcode, message: message ?? String(cause) }
}

function answer(given: JournalAnswer): void {
  port.postMessage(backlog.takeKeeps() ? { ...given, recount: true } : given)
  Atomics.add(cells, ANSWERED, 1)
}
