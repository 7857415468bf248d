import { readFileSync } from 'node:fs'
import { type App, type AsyncResult, createApp, type Duration } from 'umbel'
import { sqliteStore, type Tables } from 'umbel/sqlite'
import { type Passing, passing } from './crash-points.ts'
import { pieceOf } from './load.ts'
import { randomOf } from './random.ts'
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
  const { say, effects, seed } = life
  const random = randomOf(seed)
  const app = await started(life)
  redriveSome(app, life).catch(() => {}) // its process may end meanwhile
  for (let number = 0; number < 200; number += 1) {
    const piece = pieceOf(number + seed, `${life.name}-${number}`, effects, random)
    const result = app.delay(piece.canvas)
    result.accepted
      .then(() => {
        say('ACK', result.id, piece.kind, piece.expected, piece.labels, piece.failing ?? [])
        return piece.meanwhile?.(app, result)
      })
      .catch((error: unknown) => say('ODD', piece.kind, String(error)))
    await pause(random() * 12)
  }
}

/** Send again, with other arguments, what has failed for good: now it goes through. */
async function redriveSome(app: App, { say, effects }: Life): Promise<void> {
  for (const { id, args } of await app.deadLetters.list({ task: 'work.mended', redriven: false, limit: 5 })) {
    const label = `${String(args?.[1])}.again`
    const result = await app.deadLetters.redrive(id, { args: [effects, label, false] })
    await result.accepted
    say('ACK', result.id, 'redriven', label, [label], [])
  }
}

/** Let all that was asked for come to its end, and say what it is. */
export async function settle(life: Life, asked: string): Promise<void> {
  const { say } = life
  const app = await started(life)
  const end = endsIn(app)
  for (const id of JSON.parse(readFileSync(asked, 'utf8')) as string[]) {
    try {
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

/** Where outcomes leave their rows. */
const makeTable = (db: Tables): void => db.exec('CREATE TABLE IF NOT EXISTS done (label, task)')

async function started({ file, say, pass }: Life): Promise<App> {
  const store = passing(sqliteStore(file, { setup: makeTable }), pass)
  const app = createApp({ tasks: [work], store, lanes: { default: { threads: 2 } } })
  const off = app.on('task-prerun', () => {
    off()
    say('FIRST', performance.now())
  })
  await app.start()
  say('READY', performance.now())
  return app
}
