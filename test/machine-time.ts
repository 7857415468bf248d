/** Turns of the loop below, and the milliseconds that they take on a machine of the kind that bounds are set for. */
const TURNS = 20_000_000
const USUAL = 35

/**
 * Milliseconds that this machine needs, as it is now, for what a usual one does in so many: the same, or more where it is slower. For bounds on
 * time, so that a machine that is held up fails none of them.
 */
export const here = (milliseconds: number): number => milliseconds * Math.max(1, spin() / USUAL)

/** Compute for a moment. Returns how many milliseconds that took. */
function spin(): number {
  const since = performance.now()
  let state = 1
  for (let turn = 0; turn < TURNS; turn += 1) state = (Math.imul(state, 1_664_525) + turn) | 0
  const took = performance.now() - since
  return state === 0 ? Number.NaN : took // it is looked at, so that none of it is left out
}
