// One life of a process with one run of a machine that does all: `run-life.ts <file> <effects> <point>`. It ends with the run, unless it is killed.
import { writeSync } from 'node:fs'
import { encode } from '@umbel/core'
import { createApp } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { type CrashPoint, dyingAt, type Passing, passing } from './crash-points.ts'
import { everyFeature } from './every-feature.ts'
import { endsIn } from './lives.ts'
import { makeTables } from './requests.ts'
import { work } from './tasks.ts'

/** What people tell the run, each once it shows that it waits for it. */
const WORDS = [
  ['WAITING_APPROVAL', { type: 'APPROVE', at: new Date(86_400_000) }],
  ['PHASE_ONE', { type: 'NEXT' }],
  ['PHASE_TWO', { type: 'PAUSE' }],
  ['PAUSED', { type: 'RESUME' }],
  ['PAUSED', { type: 'FINISH' }], // earlier than it is wanted
] as const

const [, , file = '', effects = '', point = ''] = process.argv
const say = (...words: readonly unknown[]): void => void writeSync(1, `${JSON.stringify(words)}\n`)
let commits = 0
const dying = dyingAt(point === '' ? undefined : (JSON.parse(point) as CrashPoint), (at) => say('AT', at))
const pass: Passing = (at, deed) => {
  if (at === 'after' && deed === 'commit') commits += 1
  dying(at, deed)
}
const store = passing(sqliteStore(file, { setup: makeTables, sync: 'off' }), pass)
const app = createApp({ tasks: [work], workflows: [everyFeature], store, lanes: { default: { threads: 1 } } })
app.on('workflow-log', () => {})
const run = app.workflow(everyFeature).start({ id: 'all', input: { effects, label: 'all' } })
const told = new Set<number>()
const answers: Promise<unknown>[] = []

function tell({ tags }: { readonly tags: ReadonlySet<string> }): void {
  for (const [index, [tag, event]] of WORDS.entries()) {
    if (!tags.has(tag) || told.has(index)) continue
    told.add(index)
    for (const _ of ['once', 'twice']) run.send(event, { dedupe: `word ${index}`, by: 'ann' })
  }
  if (!tags.has('COUNTING') || answers.length > 0) return
  for (const n of [3, 4]) answers.push(run.update({ type: 'COUNT', n }, { dedupe: `count ${n}` }))
  run.send({ type: 'GO' }, { dedupe: 'go', by: 'ann' })
}
run.subscribe(tell)
run.query(tell)
const output = await endsIn(app)(run.result)
const end = await run.query(({ value, status, context: { effects: _, ...context } }) => ({ value, status, context }))
const came = {
  ...end,
  output,
  state: run.result.state,
  history: (await run.history()).map(({ state, by, event }) => [state, by, event]),
  answers: await Promise.all([3, 4].map((n) => run.update({ type: 'COUNT', n }, { dedupe: `count ${n}` }))),
}
say('END', encode(came), commits)
await app.stop()
