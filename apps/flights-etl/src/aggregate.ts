// Aggregate: flights counted under numeric keys, and many such counts made one.

/** A flight is late when it arrives more than this many minutes after its time. */
export const lateAfterMinutes = 15

/** Flights counted in numbered cells, column by column: entry `i` of every column belongs to cell `i`. */
export interface Counts {
  readonly flights: Uint32Array
  /** Sum of the delays in minutes. */
  readonly delay: Float64Array
  readonly late: Uint32Array
  /** Sum of the distances in miles. */
  readonly miles: Float64Array
}

/** Counts without empty cells, and the key that each cell stands for; keys ascend. */
export interface Tally extends Counts {
  readonly keys: Float64Array
}

/** All the app keeps of the flights: every figure it loads and reports follows from these two. */
export interface Totals {
  /** By route; see `routeKey`. */
  readonly routes: Tally
  /** By hour of departure; the key is the hour since 1970. */
  readonly hours: Tally
}

const airportBits = 2 ** 24

/** Give the key of a route between two airports, each given by its place in the list of airports (below 2^24). */
export function routeKey(origin: number, destination: number): number {
  return origin * airportBits + destination
}

/** Give back the two airports of a route's key. */
export function routeOf(key: number): { origin: number; destination: number } {
  return { origin: Math.floor(key / airportBits), destination: key % airportBits }
}

/** Make cells that hold no flights yet. */
export function emptyCounts(cells: number): Counts {
  return {
    flights: new Uint32Array(cells),
    delay: new Float64Array(cells),
    late: new Uint32Array(cells),
    miles: new Float64Array(cells),
  }
}

/** Keep the cells that hold flights, each under its key, ordered by key. */
export function tallyOf(counts: Counts, keyOf: (cell: number) => number): Tally {
  const filled: number[] = []
  for (let cell = 0; cell < counts.flights.length; cell++) if (counts.flights[cell]! > 0) filled.push(cell)
  const keys = new Map(filled.map((cell) => [cell, keyOf(cell)]))
  const cells = filled.sort((a, b) => keys.get(a)! - keys.get(b)!)
  return {
    keys: Float64Array.from(cells, (cell) => keys.get(cell)!),
    flights: Uint32Array.from(cells, (cell) => counts.flights[cell]!),
    delay: Float64Array.from(cells, (cell) => counts.delay[cell]!),
    late: Uint32Array.from(cells, (cell) => counts.late[cell]!),
    miles: Float64Array.from(cells, (cell) => counts.miles[cell]!),
  }
}

/** Merge the totals of all row groups into one; in whichever order they come, the result is the same. */
export function mergeTotals(parts: readonly Totals[]): Totals {
  return {
    routes: mergeTallies(parts.map((part) => part.routes)),
    hours: mergeTallies(parts.map((part) => part.hours)),
  }
}

function mergeTallies(tallies: readonly Tally[]): Tally {
  const keys = [...new Set(tallies.flatMap((tally) => [...tally.keys]))]
  const cells = new Map(keys.map((key, cell) => [key, cell]))
  const merged = emptyCounts(keys.length)
  for (const tally of tallies) {
    for (const [i, key] of tally.keys.entries()) {
      const cell = cells.get(key)!
      merged.flights[cell]! += tally.flights[i]!
      merged.delay[cell]! += tally.delay[i]!
      merged.late[cell]! += tally.late[i]!
      merged.miles[cell]! += tally.miles[i]!
    }
  }
  return tallyOf(merged, (cell) => keys[cell]!)
}
