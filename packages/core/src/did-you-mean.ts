/** Names longer than this are compared by their beginning: an error message is no place to spend time. */
const LONGEST = 64

/** The most candidates looked at. */
const MOST_CANDIDATES = 10_000

/**
 * Find the candidate most like a name: at most a third of its letters changed, added, left out or swapped. The first of
 * equals wins.
 */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.slice(0, LONGEST).toLowerCase()
  let best: string | undefined
  let least = Math.floor(wanted.length / 3) + 1
  let left = MOST_CANDIDATES
  for (const candidate of candidates) {
    if (left === 0) break
    left -= 1
    const distance = editDistance(wanted, candidate.slice(0, LONGEST).toLowerCase(), least)
    if (distance >= least) continue
    least = distance
    best = candidate
  }
  return best
}

/** Say ` Did you mean "x"?` of the closest candidate, to end a sentence with; `''` where nothing is close. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const found = closest(name, candidates)
  return found === undefined ? '' : ` Did you mean ${JSON.stringify(found)}?`
}

/**
 * Letters to change, add, leave out or swap with their neighbour to make one text of the other; `bound` where that many
 * or more.
 */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const differs = a[row - 1] === b[column - 1] ? 0 : 1
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(
        Math.min(
          (last[column] ?? bound) + 1,
          (current[column - 1] ?? bound) + 1,
          (last[column - 1] ?? bound) + differs,
          swapped ? (beforeLast[column - 2] ?? bound) + 1 : bound,
        ),
      )
    }
    if (Math.min(...current) >= bound) return bound
    beforeLast = last
    last = current
  }
  return Math.min(last[b.length] ?? bound, bound)
}
