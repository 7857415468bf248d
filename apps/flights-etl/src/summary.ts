// What the app says at its end, taken from the database it has loaded.
import type { DatabaseSync } from 'node:sqlite'

/** An airport among the busiest. */
export interface BusyAirport {
  readonly iata: string
  readonly name: string
  /** Departures. */
  readonly flights: number
  /** Mean delay on arrival of the flights that left here. */
  readonly meanDelayMinutes: number
}

/** The figures that `--json` prints, but for the seconds the run took. */
export interface Summary {
  readonly rows: number
  readonly meanDelayMinutes: number
  /** Flights that arrived more than 15 minutes late. */
  readonly delayedOver15: number
  /** The five airports with the most departures; among equals by code. */
  readonly busiest: readonly BusyAirport[]
  /** Days on which at least one flight left. */
  readonly days: number
}

/** Read the summary from a loaded database. */
export function readSummary(database: DatabaseSync): Summary {
  const totals = database
    .prepare(
      `SELECT sum(flights) AS rows, 1.0 * sum(delay_minutes) / sum(flights) AS meanDelayMinutes,
              sum(late) AS delayedOver15, count(DISTINCT day) AS days FROM flights_by_hour`,
    )
    .get() as Pick<Summary, 'rows' | 'meanDelayMinutes' | 'delayedOver15' | 'days'> & Record<string, number>
  const busiest = database
    .prepare(
      `SELECT iata, name, departures AS flights, mean_delay_minutes AS meanDelayMinutes
       FROM flights_by_airport WHERE departures > 0 ORDER BY departures DESC, iata LIMIT 5`,
    )
    .all() as unknown as BusyAirport[]
  const { rows, meanDelayMinutes, delayedOver15, days } = totals
  return { rows, meanDelayMinutes, delayedOver15, busiest: busiest.map((airport) => ({ ...airport })), days }
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** Say the summary in a few lines for a terminal. */
export function formatSummary({ rows, meanDelayMinutes, delayedOver15, busiest, days }: Summary): string {
  const width = Math.max(...busiest.map(({ name }) => name.length))
  return [
    `${whole.format(rows)} flights on ${days === 1 ? '1 day' : `${days} days`}, ${meanDelayMinutes.toFixed(1)} minutes late on average`,
    `${whole.format(delayedOver15)} (${((100 * delayedOver15) / rows).toFixed(1)} %) more than 15 minutes late`,
    'Busiest airports, by departures:',
    ...busiest.map(
      ({ iata, name, flights, meanDelayMinutes: mean }) =>
        `  ${iata.padEnd(4)} ${name.padEnd(width)} ${whole.format(flights).padStart(9)} flights, ${mean.toFixed(1)} min late`,
    ),
  ].join('\n')
}
