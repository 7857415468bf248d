/** Digits in the order of their character codes, so that ids sort as strings. */
const DIGIT_CODES: readonly number[] = Array.from(
  '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  (digit) => digit.charCodeAt(0),
)

/** Ids made within one millisecond before the time is carried on by one: 62 to the third power. */
const PER_MILLISECOND = 238_328

/** Characters of the time (enough until the year 8888), of the count within it, and of the maker's own random part. */
const TIME_LENGTH = 8
const COUNT_LENGTH = 3
const RANDOM_LENGTH = 11

/**
 * Make a maker of ids: 22 letters and digits, in the order of their making when sorted as strings, also within one
 * millisecond and while the clock steps back. `now` is milliseconds since the epoch, `random` a number in [0, 1); whoever has just looked
 * at that clock gives the maker what it read. Two makers meet with a chance of 1 in 2^65, and only within the same millisecond.
 *
 * Made of codes and not of pieces of text: V8 would keep such an id in its pieces, and compare them anew at each look into a map.
 */
export function makeIds(now: () => number, random: () => number): (at?: number) => string {
  const codes: number[] = new Array(TIME_LENGTH + COUNT_LENGTH).fill(DIGIT_CODES[0])
  for (let place = 0; place < RANDOM_LENGTH; place += 1) codes.push(codeOf(Math.floor(random() * 62)))
  let last = -1
  let count = 0
  let place = 0
  return (at = now()) => {
    const time = Math.floor(at)
    if (time > last || count === PER_MILLISECOND) {
      last = Math.max(time, last + 1)
      count = place = 0
    }
    if (place === 0) {
      write(codes, 0, TIME_LENGTH, last)
      write(codes, TIME_LENGTH, COUNT_LENGTH - 1, count / 62)
    }
    codes[LAST_OF_COUNT] = codeOf(place)
    count += 1
    place = place === 61 ? 0 : place + 1
    return String.fromCharCode(...codes)
  }
}

const LAST_OF_COUNT = TIME_LENGTH + COUNT_LENGTH - 1

const codeOf = (digit: number): number => DIGIT_CODES[digit] as number

/** Write a whole number as so many digits. */
function write(codes: number[], from: number, length: number, value: number): void {
  let rest = value
  for (let place = from + length - 1; place >= from; place -= 1) {
    codes[place] = codeOf(Math.floor(rest % 62))
    rest = Math.floor(rest / 62)
  }
}
