// Charts as SVG text, drawn to one width in pixels so that their letters keep their size; colours come from the page.

/** One column of a chart. */
export interface Column {
  /** What stands under it; columns too narrow for their labels show only some of them. */
  readonly label: string
  readonly value: number
  /** What shows when the pointer rests on it. */
  readonly tip: string
  /** How many things the value is a mean of; drawn below in a second panel. */
  readonly volume?: number
  /** Draw it pale: the value rests on too little. */
  readonly pale?: boolean
}

/** What a column chart shows and says. Values above zero and below it get colours of their own. */
export interface ColumnChart {
  readonly title: string
  readonly columns: readonly Column[]
  readonly valueAxis: string
  readonly volumeAxis?: string
  readonly columnAxis?: string
  /** Height in pixels of the space for the columns; left out, 230. */
  readonly height?: number
}

/** One row of a ranking: a bar under a line of text. */
export interface Rank {
  readonly code: string
  readonly name: string
  readonly value: number
  readonly says: string
}

const letter = 6.7
const margin = { top: 30, right: 8, left: 46 } as const
const panel = { gap: 46, volume: 60 } as const

/** Draw columns up and down from zero, with an axis, and below them a panel of volumes where the columns have any. */
export function drawColumns(chart: ColumnChart, width: number): string {
  const { title, columns, valueAxis, volumeAxis, columnAxis, height = 230 } = chart
  const axis = axisFor(
    Math.min(0, ...columns.map(({ value }) => value)),
    Math.max(0, ...columns.map(({ value }) => value)),
  )
  const y = (value: number) => margin.top + (height * (axis.top - value)) / (axis.top - axis.bottom)
  const slot = (width - margin.left - margin.right) / columns.length
  const x = (index: number) => margin.left + index * slot
  const bar = Math.max(1, slot * (columns.length > 60 ? 0.86 : 0.72))
  const inset = (slot - bar) / 2
  const foot = margin.top + height
  const labelsAt = foot + 20
  const volumes = columnAxis === undefined ? 8 : 24
  const bottom = volumeAxis === undefined ? labelsAt + volumes : labelsAt + panel.gap + panel.volume + volumes
  const showValues = slot >= 34
  const parts = [
    ...axis.ticks.map((tick) => rule(y(tick), width, tick === 0 ? 'zero' : 'grid', signed(tick, axis.decimals))),
    text(0, 14, valueAxis, 'axis'),
    ...columns.map(({ value, tip, pale }, i) => {
      const top = Math.min(y(value), y(0))
      const kind = `${value < 0 ? 'early' : 'late'}${pale ? ' pale' : ''}`
      return rect(x(i) + inset, top, bar, Math.max(1, Math.abs(y(value) - y(0))), kind, tip)
    }),
    ...(showValues
      ? columns.map(({ value }, i) =>
          text(x(i) + slot / 2, value < 0 ? y(value) + 15 : y(value) - 6, signed(value), 'value middle'),
        )
      : []),
    ...labels(columns, slot).map(({ index, label }) => text(x(index) + slot / 2, labelsAt, label, 'label middle')),
    ...(volumeAxis === undefined
      ? []
      : drawVolumes(columns, volumeAxis, { top: labelsAt + panel.gap, x, inset, bar, width })),
    ...(columnAxis === undefined
      ? []
      : [text(margin.left + (width - margin.left) / 2, bottom - 4, columnAxis, 'axis middle')]),
  ]
  return svg(title, width, bottom, parts)
}

/** Draw a ranking: for each entry its code, name and what it says, and below them a bar as long as its value. */
export function drawRanking(title: string, ranks: readonly Rank[], width: number): string {
  const row = 38
  const most = Math.max(...ranks.map(({ value }) => value))
  const parts = ranks.flatMap(({ code, name, value, says }, i) => {
    const room = Math.floor((width - 48 - says.length * letter - 12) / letter)
    const shown = name.length > room ? `${name.slice(0, room - 1).trimEnd()}…` : name
    return [
      text(0, i * row + 14, code, 'code'),
      text(48, i * row + 14, shown, 'label'),
      text(width, i * row + 14, says, 'value end'),
      rect(0, i * row + 21, width, 7, 'track'),
      rect(0, i * row + 21, (width * value) / most, 7, 'volume', `${code} ${name}: ${says}`),
    ]
  })
  return svg(title, width, ranks.length * row - 4, parts)
}

/** Make text safe inside HTML and SVG. */
export function escapeText(raw: string): string {
  return raw.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

interface VolumePlace {
  readonly top: number
  readonly x: (index: number) => number
  readonly inset: number
  readonly bar: number
  readonly width: number
}

function drawVolumes(columns: readonly Column[], axis: string, { top, x, inset, bar, width }: VolumePlace): string[] {
  const most = Math.max(...columns.map(({ volume = 0 }) => volume))
  const height = (volume: number) => (panel.volume * volume) / most
  return [
    text(0, top - 14, axis, 'axis'),
    rule(top, width, 'grid', compact(most)),
    rule(top + panel.volume, width, 'zero', '0'),
    ...columns.map(({ volume = 0, tip }, i) =>
      rect(x(i) + inset, top + panel.volume - height(volume), bar, height(volume), 'volume', tip),
    ),
  ]
}

/** Ticks in steps of 1, 2 or 5 times a power of ten, some five to nine of them, that hold all values between them. */
function axisFor(least: number, most: number): { bottom: number; top: number; ticks: number[]; decimals: number } {
  const rough = Math.max(most - least, 1e-9) / 7
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const bottom = Math.floor(least / step) * step
  const top = Math.max(Math.ceil(most / step), 1) * step
  const count = Math.round((top - bottom) / step)
  const decimals = Math.max(0, -Math.floor(Math.log10(step)))
  return { bottom, top, ticks: Array.from({ length: count + 1 }, (_, i) => bottom + i * step), decimals }
}

/** Leave out labels that would touch: every second, third, ... is kept, and none is without text. */
function labels(columns: readonly Column[], slot: number): { index: number; label: string }[] {
  const written = columns.flatMap(({ label }, index) => (label === '' ? [] : [{ index, label }]))
  const gap = written.length > 1 ? written[1]!.index - written[0]!.index : 1
  const widest = Math.max(...written.map(({ label }) => label.length)) * letter + 6
  const every = Math.max(1, Math.ceil(widest / (slot * gap)))
  return written.filter((_, i) => i % every === 0)
}

function svg(title: string, width: number, height: number, parts: readonly string[]): string {
  return `<svg role="img" aria-label="${escapeText(title)}" viewBox="0 0 ${width} ${round(height)}">${parts.join('')}</svg>`
}

function rule(y: number, width: number, kind: string, label: string): string {
  const line = `<line class="${kind}" x1="${margin.left}" x2="${width}" y1="${round(y)}" y2="${round(y)}"/>`
  return line + text(margin.left - 6, y + 4, label, 'tick end')
}

function rect(x: number, y: number, width: number, height: number, kind: string, tip?: string): string {
  const box = `class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`
  const corner = Math.min(2, width / 4)
  return tip === undefined
    ? `<rect ${box} rx="${round(corner)}"/>`
    : `<rect ${box} rx="${round(corner)}"><title>${escapeText(tip)}</title></rect>`
}

function text(x: number, y: number, words: string, kind: string): string {
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}">${escapeText(words)}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Write a number with so many decimals, and a true minus sign. */
export function signed(value: number, decimals = 1): string {
  return value
    .toFixed(decimals)
    .replace(/^-(?=.*[1-9])/, '\u2212')
    .replace(/^-/, '')
}

function compact(value: number): string {
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 0 }).format(value)
}
