// `npm run torture:limits -- [--seconds N]`: rates in real time, on real threads, by the clocks of the handlers.
import { parseArgs } from 'node:util'
import { limitsReport } from './limits.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } })
const { held, ...report } = await limitsReport(Number(values.seconds), ({ name, worstWindow, quota, ...one }) => {
  const used = `${name.padEnd(10)} worst window ${worstWindow.toFixed(2)} of ${quota}`
  console.log(
    `${used}, ${(one.throughputOfQuota * 100).toFixed(1)} % of the quota, others waited ${one.unlimitedP99Ms.toFixed(1)} ms (p99)`,
  )
})
console.log(JSON.stringify(report))
process.exitCode = held ? 0 : 1
