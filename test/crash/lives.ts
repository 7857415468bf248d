import { readFileSync } from 'node:fs'
import { type App, type AppOptions, type AsyncResult, createApp, type Duration } from 'umbel'
import { type OwnedStore, sqliteStore } from 'umbel/sqlite'
import { type Passing, passing } from './crash-points.ts'
import { noted, pieceOf } from './load.ts'
import { machines } from './machines.ts'
import { randomOf } from './random.ts'
import { makeTables, request } from './requests.ts'
import { begin, find, type Owed, type RunPiece, runPieceOf, tellAll } from './run-pieces.ts'
import { work } from './tasks.ts'

/** What a life is given. */
export interface Life {
  readonly file: string
  /** The file in which tasks note what they did. */
  readonly effects: string
  readonly name: string
  readonly seed: number
  readonly say: (...words: readonly unknown[]) => void
  readonly pass: Passing
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** Go on with what there is, and send more and more, until the process is killed. */
export async function live(life: Life): Promise<void> {
  const { say, effects, seed, name } = life
  const random = randomOf(seed)
  const { app, store } = await started(life)
  const odd = (what: string) => (error: unknown) => say('ODD', what, String(error))
  redriveSome(app, life).catch(() => {}) // its process may end meanwhile
  for (let number = 0; number < 200; number += 1) {
    const kind = number % 4
    if (kind === 0) beginRun(life, app, runPieceOf((number >> 2) + seed, `run-${name}-${number}`, effects), odd)
    else if (kind === 2 && random() < 0.5)
      request(app, store, effects, `request-${name}-${number}`, number >> 2).then(
        (made) => made && say('ACK', made.result.id, noted(made.piece)),
        odd('request'),
      )
    else {
      const piece = pieceOf(number + seed, `${name}-${number}`, effects, random)
      const result = app.delay(piece.canvas)
      result.accepted
        .then(() => {
          say('ACK', result.id, noted(piece))
          return piece.meanwhile?.(app, result)
        })
        .catch(odd(piece.kind))
    }
    await pause(random() * 12)
  }
}

function beginRun({ say }: Life, app: App, piece: RunPiece, odd: (what: string) => (error: unknown) => void): void {
  const run = begin(app, piece.input.label, piece)
  run.accepted
    .then(() => {
      const { machine, words, cancelled } = piece
      say('ACK', run.id, { ...noted(piece), owed: { machine, words, cancelled } })
      return tellAll(run, piece)
    })
    .then((wrong) => {
      for (const one of wrong) odd(piece.kind)(one)
    })
    .catch(odd(piece.kind))
}

/** Send again, with other arguments, what has failed for good: now it goes through. */
async function redriveSome(app: App, { say, effects }: Life): Promise<void> {
  for (const { id, args } of await app.deadLetters.list({ task: 'work.mended', redriven: false, limit: 5 })) {
    const label = `${String(args?.[1])}.again`
    const result = await app.deadLetters.redrive(id, { args: [effects, label, false] })
    await result.accepted
    say('ACK', result.id, noted({ kind: 'redriven', expected: label, labels: [label] }))
  }
}

/** Let all that was asked for come to its end, and say what it is. */
export async function settle(life: Life, asked: string): Promise<void> {
  const { say } = life
  const { app } = await started(life, 6) // most of what is left only waits
  const end = endsIn(app)
  const ids = JSON.parse(readFileSync(asked, 'utf8')) as readonly (readonly [string, Owed | null])[]
  for (const [id, owed] of ids) {
    try {
      if (owed !== null) for (const wrong of await tellAll(await find(app, id, owed), owed)) say('ODD', id, wrong)
      const result = await app.result(id)
      await end(result).then(
        (value) => say('END', id, result.state, value),
        (error: { message: string; code?: string }) => say('END', id, error.code ?? result.state, error.message),
      )
    } catch (error) {
      say('END', id, (error as { code?: string }).code ?? 'LOST', String(error))
    }
  }
  await app.stop()
}

/**
 * Gives how to wait for an end. Stuck is what has not ended though nothing else has for a minute either: what is least urgent comes last,
 * behind all that the lives before have left, and that may take long.
 */
export function endsIn(app: App, stalled: Duration = '1m'): (result: AsyncResult<unknown>) => Promise<unknown> {
  let ended = 0
  app.on('task-postrun', () => {
    ended += 1
  })
  return async (result) => {
    for (;;) {
      const before = ended
      try {
        return await result.get({ timeout: stalled })
      } catch (error) {
        if ((error as { code?: string }).code !== 'UMBEL_TIMEOUT' || ended === before) throw error
      }
    }
  }
}

async function started(
  { file, say, pass }: Life,
  threads = 2,
): Promise<{ readonly app: App; readonly store: OwnedStore }> {
  const store = passing(sqliteStore(file, { setup: makeTables }), pass)
  const workflows = Object.values(machines) as unknown as NonNullable<AppOptions['workflows']>
  const app = createApp({ tasks: [work], workflows, store, lanes: { default: { threads } } })
  let began = 0
  const off = app.on('task-prerun', () => {
    off()
    say('FIRST', performance.now() - began, performance.now())
  })
  app.on('workflow-log', () => {}) // what machines log is not for the pipe
  began = performance.now()
  await app.start()
  say('READY', performance.now())
  return { app, store }
}
