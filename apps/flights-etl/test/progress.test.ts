import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { showProgress } from '../src/progress.ts'

function stream(isTTY: boolean) {
  const written = new PassThrough()
  const text = () => String(written.read() ?? '')
  return { stream: Object.assign(written, { isTTY, columns: 100, rows: 30 }) as unknown as NodeJS.WriteStream, text }
}

test('elsewhere than on a terminal, each state and each quarter is a plain line, once', async () => {
  const { stream: output, text } = stream(false)
  const progress = await showProgress({ extract: 2, load: 1 }, output)
  progress.share('extract', 'a', 0.4)
  progress.share('extract', 'a', 0.5)
  progress.share('extract', 'a', 0.6)
  progress.done('extract', 'a')
  progress.state('load', 'c', 'LOADING')
  progress.state('load', 'c', 'LOADING')
  progress.done('load', 'c')
  progress.share('unknown', 'd', 1)
  progress.stop()
  expect(text()).toBe('extract: 25 %\nextract: 50 %\nload: LOADING\nload: 100 %\n')
})

test('on a terminal, each stage is a bar with its states, and the cursor comes back', async () => {
  const { stream: output, text } = stream(true)
  const progress = await showProgress({ extract: 2, load: 1 }, output)
  progress.done('extract', 'a')
  progress.state('load', 'c', 'LOADING')
  progress.stop()
  const shown = text()
  expect(shown).toContain('extract  ███████████████░░░░░░░░░░░░░░░  50 %  1/2')
  expect(shown).toMatch(/load {5}░+ {3}0 % {2}0\/1 {2}LOADING/)
  expect(shown).toContain('\u001b[?25h')
})
