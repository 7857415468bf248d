// Report: one HTML page with its charts inside, that needs no network and no script.
import type { DatabaseSync } from 'node:sqlite'
import { type ColumnChart, drawColumns, drawRanking, escapeText, type Rank, signed } from './charts.ts'
import { reportStyle } from './report-style.ts'
import { readSummary } from './summary.ts'

const widths = { whole: 990, half: 470, narrow: 330 } as const

/** Draw the report of a loaded database; `source` names where the flights came from. */
export function renderReport(database: DatabaseSync, source: string): string {
  const { rows, meanDelayMinutes, delayedOver15, days } = readSummary(database)
  const airports = only(database, 'SELECT count(*) AS n FROM flights_by_airport')
  const routes = only(database, 'SELECT count(*) AS n FROM flights_by_route')
  const [first, last] = ['min', 'max'].map((end) =>
    longDay(only(database, `SELECT ${end}(day) AS n FROM flights_by_hour`)),
  )
  const figures = {
    Flights: count(rows),
    'Mean delay': `${signed(meanDelayMinutes)} min`,
    'Over 15 min late': `${signed((100 * delayedOver15) / rows)} %`,
    Airports: count(Number(airports)),
    Routes: count(Number(routes)),
    Days: count(days),
  }
  const title = `${count(rows)} flights, ${first} to ${last}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<h1>${escapeText(title)}</h1>
<p class="soft">When and where flights ran late. A delay is minutes late on arrival; a flight that came early counts below zero.</p>
<dl class="figures">
${Object.entries(figures)
  .map(([name, figure]) => `<div><dt>${name}</dt><dd>${figure}</dd></div>`)
  .join('\n')}
</dl>
<div class="charts">
${hourFigure(database)}
${airportFigure(database)}
${weekdayFigure(database)}
${dayFigure(database)}
</div>
<footer>
<p>Hours and days are those at which a flight really left, by the clock of its origin; so a flight that should have left in the evening may count in the small hours, as late as it was.</p>
<p>From ${escapeText(source)}, by Umbel's flights-etl.</p>
</footer>
</main>
</body>
</html>
`
}

/** The flights of one hour, weekday or day, as a column of a chart. */
interface Group {
  readonly key: string
  readonly name: string
  readonly label: string
  readonly flights: number
  readonly mean: number
  /** Under a tenth of the flights of an average group: too few to call its mean the best or the worst. */
  readonly few: boolean
}

function hourFigure(database: DatabaseSync): string {
  const hours = groups(database, "printf('%02d', hour)", (hour) => ({ name: `${hour}:00`, label: hour }))
  const sinceFive = ({ key }: Group) => (Number(key) + 19) % 24
  return columnFigure('whole', {
    title: 'Delay by hour of departure',
    groups: hours.sort((a, b) => sinceFive(a) - sinceFive(b)),
    volumeAxis: 'flights',
    columnAxis: 'hour of departure, from 5 in the morning',
  })
}

function weekdayFigure(database: DatabaseSync): string {
  const names = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
  const weekdays = groups(database, "(strftime('%w', day) + 6) % 7", (weekday) => {
    const name = names[Number(weekday)]!
    return { name, label: name.slice(0, 3) }
  })
  return columnFigure('half', { title: 'Delay by weekday', groups: weekdays, volumeAxis: 'flights', height: 270 })
}

/** Every day as a thin column, so that storms stand out; the first of each month is labelled. */
function dayFigure(database: DatabaseSync): string {
  const month = new Intl.DateTimeFormat('en', { month: 'short', timeZone: 'UTC' })
  const days = groups(database, 'day', (day) => ({
    name: longDay(day),
    label: day.endsWith('-01') ? month.format(new Date(day)) : '',
  }))
  return columnFigure('whole', { title: 'Delay day by day', groups: days })
}

function airportFigure(database: DatabaseSync): string {
  const airports = database
    .prepare(
      `SELECT iata AS code, name, departures AS value, mean_delay_minutes AS mean
       FROM flights_by_airport WHERE departures > 0 ORDER BY departures DESC, iata LIMIT 12`,
    )
    .all() as unknown as (Omit<Rank, 'says'> & { mean: number })[]
  const ranks = airports.map((one) => ({ ...one, says: `${count(one.value)}, ${delayOf(one.mean)}` }))
  const title = 'The busiest airports'
  const says = 'Departures, and the mean delay of the flights that left there.'
  return figure('half', title, says, (width) => drawRanking(title, ranks, width))
}

type GroupChart = Omit<ColumnChart, 'columns' | 'valueAxis'> & { readonly groups: readonly Group[] }

function columnFigure(size: 'whole' | 'half', { groups, ...chart }: GroupChart): string {
  const columns = groups.map(({ name, label, flights, mean, few }) => ({
    label,
    value: mean,
    tip: `${name}: ${delayOf(mean)}, ${count(flights)} flights`,
    volume: flights,
    pale: few,
  }))
  const ordered = groups.filter(({ few }) => !few).sort((a, b) => a.mean - b.mean)
  const [best, worst] = [ordered[0]!, ordered.at(-1)!]
  const says = [
    `Best: ${best.name}, ${delayOf(best.mean)}.`,
    `Worst: ${worst.name}, ${delayOf(worst.mean)}.`,
    ...(ordered.length < groups.length ? ['Pale: too few flights to compare.'] : []),
  ]
  const drawn = { ...chart, columns, valueAxis: 'mean delay, minutes' }
  return figure(size, chart.title, says.join(' '), (width) => drawColumns(drawn, width))
}

/** Each chart is drawn twice, and the style shows the one that fits: scaled letters would be too small to read. */
function figure(size: 'whole' | 'half', title: string, says: string, draw: (width: number) => string): string {
  return `<figure class="${size}"><figcaption><h2>${escapeText(title)}</h2>${escapeText(says)}</figcaption>
<div class="wide">${draw(widths[size])}</div>
<div class="narrow">${draw(widths.narrow)}</div></figure>`
}

function delayOf(mean: number): string {
  return `${signed(Math.abs(mean))} min ${mean < 0 ? 'early' : 'late'}`
}

function groups(database: DatabaseSync, key: string, words: (key: string) => { name: string; label: string }): Group[] {
  const query = `SELECT CAST(${key} AS TEXT) AS key, sum(flights) AS flights,
    1.0 * sum(delay_minutes) / sum(flights) AS mean FROM flights_by_hour GROUP BY 1 ORDER BY 1`
  const rows = database.prepare(query).all() as unknown as Pick<Group, 'key' | 'flights' | 'mean'>[]
  const all = rows.reduce((sum, { flights }) => sum + flights, 0)
  return rows.map((row) => ({ ...row, ...words(row.key), few: row.flights < all / rows.length / 10 }))
}

function only(database: DatabaseSync, query: string): string {
  return String(database.prepare(query).get()?.n)
}

function count(value: number): string {
  return new Intl.NumberFormat('en-US').format(value)
}

/** A day in words, which no line break parts. */
function longDay(day: string): string {
  const words = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(day))
  return words.replaceAll(' ', '\u00a0')
}
