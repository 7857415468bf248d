// `npm run docs:rates`: draws when tasks started under each kind of rate limit, in a real run, for docs/rate-limits.md.
import { writeFileSync } from 'node:fs'
import { createApp, defineTasks, group, type RateLimit, task } from 'umbel'

const KINDS: readonly (readonly [string, RateLimit])[] = [
  ["'10/s'", '10/s'],
  ["{ rate: '10/s', burst: 5 }", { rate: '10/s', burst: 5 }],
  ["{ window: '10/s' }", { window: '10/s' }],
]
const STARTS = 31
const PIXELS_A_SECOND = 180
const [LEFT, ROW, TOP] = [240, 34, 22]

const starts: number[][] = []
for (const [, rateLimit] of KINDS) {
  const { step } = defineTasks('plot', { step: task((_ctx): number => performance.now(), { inline: true, rateLimit }) })
  const app = createApp({ tasks: [{ step }], lanes: { default: { threads: 0 } } })
  starts.push([...(await app.delay(group(Array.from({ length: STARTS }, () => step.s()))).get())])
  await app.stop()
}

const seconds = 4
const width = LEFT + seconds * PIXELS_A_SECOND + 12
const height = TOP + KINDS.length * ROW + 20
const x = (moment: number): string => (LEFT + (moment / 1_000) * PIXELS_A_SECOND).toFixed(1)
const marks = Array.from({ length: seconds + 1 }, (_, second) => {
  const at = x(second * 1_000)
  return `<path d="M${at} ${TOP - 8}V${height - 18}" stroke="#8886"/><text x="${at}" y="${height - 4}" text-anchor="middle">${second} s</text>`
})
const rows = KINDS.map(([name], row) => {
  const y = TOP + row * ROW + 8
  const [first = 0] = starts[row] as number[]
  const dots = (starts[row] as number[]).map((moment) => `<circle cx="${x(moment - first)}" cy="${y}" r="4"/>`)
  return `<text x="8" y="${y + 4}">${name}</text><g fill="#3a7d44" fill-opacity=".6">${dots.join('')}</g>`
})
writeFileSync(
  new URL('../docs/rate-limits.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="12" fill="#777">
<title>When tasks started under each kind of rate</title>
${[...marks, ...rows].join('\n')}
</svg>
`,
)
