/** What `independent-count.ts` counts in the real flights, by other means than the app. */
export const realFigures = {
  rows: 3_000_000,
  meanDelayMinutes: 20_003_603 / 3_000_000,
  delayedOver15: 599_055,
  busiest: [
    { iata: 'ORD', name: "Chicago O'Hare International", flights: 166_341, meanDelayMinutes: 9.27365472132547 },
    { iata: 'DFW', name: 'Dallas-Fort Worth International', flights: 157_162, meanDelayMinutes: 7.700958246904468 },
    { iata: 'ATL', name: 'William B Hartsfield-Atlanta Intl', flights: 124_711, meanDelayMinutes: 8.828138656574 },
    { iata: 'LAX', name: 'Los Angeles International', flights: 115_245, meanDelayMinutes: 7.422595340361838 },
    { iata: 'PHX', name: 'Phoenix Sky Harbor International', flights: 93_036, meanDelayMinutes: 9.994400017197643 },
  ],
  days: 182,
}
