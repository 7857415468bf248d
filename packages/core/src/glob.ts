/**
 * Make a test of texts by a pattern: `*` stands for any characters, also none, `?` for one, everything else for itself.
 * Takes time in proportion to text times the longest stretch between two stars at worst, however many stars there are;
 * nothing is ever compiled to a regular expression.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  // two stars side by side say no more than one
  const glob = pattern.replaceAll(/\*{2,}/g, '*')
  if (!/[*?]/.test(glob)) return (text) => text === glob
  return (text) => matches(glob, text)
}

function matches(glob: string, text: string): boolean {
  let at = 0
  let inGlob = 0
  let star = -1
  let afterStar = 0
  while (at < text.length) {
    const wanted = glob[inGlob]
    if (wanted === '*') {
      star = inGlob
      afterStar = at
      inGlob += 1
    } else if (wanted === '?' || wanted === text[at]) {
      inGlob += 1
      at += 1
    } else if (star >= 0) {
      // the last star takes one character more: earlier ones need never be asked again
      afterStar += 1
      at = afterStar
      inGlob = star + 1
    } else return false
  }
  while (glob[inGlob] === '*') inGlob += 1
  return inGlob === glob.length
}
