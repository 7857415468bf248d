import { expect, test } from 'vitest'
import { damageFiles, fillDisks } from './bad-ground.ts'

test.runIf(process.platform === 'linux')(
  'a process whose disk is full loses nothing that was accepted, and goes on in step once there is space',
  async () => {
    expect(await fillDisks(3, 20_260)).toMatchObject({ disks: 3, wentOn: 3, wrong: [] })
  },
  60_000,
)

test('a file that was damaged, cut or is something else is refused with a typed error and left as it is, or opens', async () => {
  const report = await damageFiles(80, 20_260)
  expect(report).toMatchObject({ points: 80, wrong: [] })
  expect(report.left).toBeGreaterThan(30)
})
