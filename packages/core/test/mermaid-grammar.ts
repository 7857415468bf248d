const NAME = '[a-zA-Z_]\\w*'
const TEXT = '(?:(?!%%)[^"\\n;<>]|#\\d+;)+'

/** The lines of Mermaid that we write, as its own parser (11.12) was seen to take them. */
const STATE_LINES: readonly RegExp[] = [
  new RegExp(`^\\[\\*\\] --> (?<uses>${NAME})$`),
  new RegExp(`^(?<uses>${NAME}) --> \\[\\*\\]$`),
  new RegExp(`^(?<uses>${NAME}) --> (?<also>${NAME}): ${TEXT}$`),
  new RegExp(`^(?<makes>${NAME})$`),
  new RegExp(`^state "${TEXT}" as (?<makes>${NAME})(?<opens> \\{)?$`),
  new RegExp(`^state (?<makes>${NAME})(?<opens> \\{)$`),
  new RegExp(`^(?<uses>${NAME}): ${TEXT}$`),
  /^--$/,
  /^(?<closes>\})$/,
]
const FLOW_LINES: readonly RegExp[] = [
  new RegExp(`^(?<makes>n\\d+)(\\["${TEXT}"\\]|\\{\\{"${TEXT}"\\}\\})$`),
  /^(?<uses>n\d+) --> (?<also>n\d+)$/,
]
const WORDS = /^(state|end|note|class|classDef|style|default|direction|as|root)$/i

/** What of a diagram is no line of Mermaid's, or does not fit the others. */
export function mermaidFaults(text: string): string[] {
  const [head, ...lines] = text.split('\n')
  const known = head === 'stateDiagram-v2' ? STATE_LINES : head === 'flowchart LR' ? FLOW_LINES : []
  const faults: string[] = []
  const made = new Set<string>()
  let open = 0
  for (const line of lines) {
    const groups = known.map((one) => one.exec(line.trim())).find((match) => match !== null)?.groups
    if (groups === undefined && !known.some((one) => one.test(line.trim()))) faults.push(`no line: ${line}`)
    const { makes, opens, closes, uses, also } = groups ?? {}
    for (const name of [makes, uses, also]) if (name !== undefined && WORDS.test(name)) faults.push(`reserved: ${line}`)
    if (makes !== undefined && made.has(makes)) faults.push(`made twice: ${line}`)
    if (makes !== undefined) made.add(makes)
    if (opens !== undefined) open += 1
    if (closes !== undefined) open -= 1
    if (open < 0) faults.push(`closes nothing: ${line}`)
  }
  if (open !== 0) faults.push('something stays open')
  return faults
}
