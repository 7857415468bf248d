/**
 * Take something out of a list of few. What comes and goes all the time, few at once, stands in a list and in no set or map: V8 makes a small table
 * anew with every other entry, and each table that has grown old leads to the next one, so that the collector keeps all of them, and all that was in
 * them, until it looks through the old ones, too. With three such sets 315 bytes of each task on a thread outlived a collection of what is young; with lists 100 to 150.
 */
export function removeFrom<T>(list: T[], one: T): void {
  const place = list.indexOf(one)
  if (place !== -1) list.splice(place, 1)
}
