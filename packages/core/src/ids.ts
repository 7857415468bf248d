// STAND-IN by the lead until the real one lands: overwrite freely
export function makeIds(now: () => number, random: () => number): () => string {
  let n = 0
  return () => `${now().toString(36)}${(n++).toString(36).padStart(6, '0')}${Math.floor(random() * 1e9).toString(36)}`
}
