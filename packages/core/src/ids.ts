/** Digits in the order of their character codes, so that ids sort as strings. */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Ids made within one millisecond before the time is carried on by one: 62 to the third power. */
const PER_MILLISECOND = 238_328

/** Characters of the time (enough until the year 8888), of the count within it, and of the maker's own random part. */
const TIME_LENGTH = 8
const COUNT_LENGTH = 3
const RANDOM_LENGTH = 11

/**
 * Make a maker of ids: 22 letters and digits, in the order of their making when sorted as strings, also within one
 * millisecond and while the clock steps back. `now` is milliseconds since the epoch, `random` a number in [0, 1). Two
 * makers meet with a chance of 1 in 2^65, and only within the same millisecond.
 */
export function makeIds(now: () => number, random: () => number): () => string {
  const maker = randomText(random)
  let last = -1
  let count = 0
  let place = 0
  /** All of an id but the last digit of its count and the maker. */
  let prefix = ''
  return () => {
    const time = Math.floor(now())
    if (time > last || count === PER_MILLISECOND) {
      last = Math.max(time, last + 1)
      count = place = 0
    }
    if (place === 0) prefix = digits(last, TIME_LENGTH) + digits(count / 62, COUNT_LENGTH - 1)
    const id = prefix + DIGITS.charAt(place) + maker
    count += 1
    place = place === 61 ? 0 : place + 1
    return id
  }
}

function digits(value: number, length: number): string {
  let text = ''
  let rest = value
  for (let place = 0; place < length; place += 1) {
    text = DIGITS.charAt(rest % 62) + text
    rest = Math.floor(rest / 62)
  }
  return text
}

function randomText(random: () => number): string {
  let text = ''
  for (let place = 0; place < RANDOM_LENGTH; place += 1) text += DIGITS.charAt(Math.floor(random() * 62))
  return text
}
