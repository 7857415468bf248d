import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anyCanvas, expected } from '../../core/test/model.ts'
import { type App, createApp, type Store } from '../src/index.ts'
import type { CanvasData } from './fixtures/behaviour.ts'
import { lateStore } from './fixtures/late-store.ts'
import { modelInThreads, modelOnLoop } from './fixtures/model-tasks.ts'
import { slowStore } from './fixtures/slow-store.ts'

const lanes = { default: { threads: 2, inline: 3 } }
const ran = new Map<string, string[]>()
const apps: App[] = []

function openApp(store?: Store): App {
  const app = createApp({ tasks: [modelOnLoop, modelInThreads], lanes, ...(store && { store }) })
  apps.push(app)
  app.on('task-prerun', ({ id, task }) => {
    const root = id.replace(/[/.].*$/, '')
    ran.set(root, [...(ran.get(root) ?? []), task.replace(/^.*\./, '')])
  })
  return app
}
let late = 0
beforeAll(() => void [openApp(), openApp(slowStore()), openApp(lateStore(() => (late = (late + 1) % 4)))])
afterAll(() => Promise.all(apps.map((app) => app.stop({ deadline: 0 }))))

/** The canvas with each task where `places` says: on the main loop or in a thread. */
function placed(canvas: CanvasData, places: Iterator<boolean>): CanvasData {
  switch (canvas.kind) {
    case 'task':
      return { ...canvas, task: `${places.next().value === true ? 'thread' : 'loop'}.${canvas.task}` }
    case 'chain':
      return { ...canvas, steps: canvas.steps.map((step) => placed(step, places)) }
    case 'group':
      return { ...canvas, members: canvas.members.map((member) => placed(member, places)) }
    case 'chord':
      return {
        ...canvas,
        header: canvas.header.map((member) => placed(member, places)),
        body: placed(canvas.body, places),
      }
    default:
      return canvas
  }
}

test('500 random canvases come to what the plainest reading of their definition says, and run what it says', async () => {
  const somewhere = fc.infiniteStream(fc.boolean())
  const storeOf = fc.nat(2)
  await fc.assert(
    fc.asyncProperty(anyCanvas, somewhere, storeOf, async (canvas, places, store) => {
      const app = apps[store] as App
      const wanted: string[] = []
      const outcome = expected(canvas, [], wanted)
      const result = app.delay(placed(canvas, places))
      const got = await result.get().then(
        (value) => ({ ok: true, value }),
        () => ({ ok: false }),
      )
      expect(got).toEqual(outcome)
      expect((ran.get(result.id) ?? []).sort()).toEqual(wanted.sort())
      expect([result.state, result.ready(), result.successful()]).toEqual([
        outcome.ok ? 'SUCCESS' : 'FAILURE',
        true,
        outcome.ok,
      ])
      expect((await app.result(result.id)).state).toBe(result.state)
    }),
    { numRuns: 500 },
  )
})

test('random canvases that are revoked at some moment end, and start nothing afterwards', async () => {
  const somewhere = fc.infiniteStream(fc.boolean())
  const storeOf = fc.nat(2)
  await fc.assert(
    fc.asyncProperty(anyCanvas, somewhere, storeOf, fc.nat(12), async (canvas, places, store, turns) => {
      const app = apps[store] as App
      const result = app.delay(placed(canvas, places))
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      await result.revoke()
      const begun = ran.get(result.id)?.length
      await result.get().catch(() => {})
      expect(['SUCCESS', 'FAILURE', 'REVOKED']).toContain(result.state)
      await app
        .delay(placed({ kind: 'task', task: 'a', args: [], kwargs: {}, options: {}, immutable: false }, places))
        .get()
      expect(ran.get(result.id)?.length).toBe(begun)
    }),
    { numRuns: 100 },
  )
})
