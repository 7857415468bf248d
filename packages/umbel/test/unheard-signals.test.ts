import { type HeapProfiler, Session } from 'node:inspector/promises'
import { expect, test } from 'vitest'
import { type App, createApp } from '../src/index.ts'
import { arithmetic } from './fixtures/arithmetic.ts'

/** Bytes that code of some files allocates while something is done, whether or not they are kept; by sampling of every few. */
async function allocated(files: RegExp, act: () => Promise<unknown>): Promise<number> {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 128,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
  await act()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  const bytesOf = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number =>
    (files.test(callFrame.url) ? selfSize : 0) + children.reduce((sum, child) => sum + bytesOf(child), 0)
  return bytesOf(profile.head)
}

const tasks = (app: App, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => app.delay(arithmetic.inlineAdd.s(n, 1)).get()))

/** So many that what V8 makes as it compiles some code once more, up to 36,000 bytes, is little for each of them. */
const MANY = 15_000

test('no object is made for a signal that nobody listens to', async () => {
  const app = createApp({ tasks: [arithmetic] })
  await app.start()
  await tasks(app, 20_000) // once its code has been compiled
  // what is left is the engine's own, for code that it compiles: the smallest object has 16 bytes
  const making = /\/(announce|signals)\.ts$/
  expect(await allocated(making, () => tasks(app, MANY))).toBeLessThan(MANY * 4)
  const off = app.on('task-success', () => {})
  expect(await allocated(making, () => tasks(app, MANY))).toBeGreaterThan(MANY * 32)
  off()
  expect(await allocated(making, () => tasks(app, MANY))).toBeLessThan(MANY * 4)
  await app.stop()
})
