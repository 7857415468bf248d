// Writes a file of few flights, on which the app and what it is held against can be tried in a moment; prints its path.
import { flightsFile, row } from './fixtures.ts'

console.log(
  flightsFile(
    Array.from({ length: 400 }, (_, n) => row({ delay: BigInt(n % 60) })),
    100,
  ),
)
