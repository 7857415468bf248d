/** How much is measured: what figures need, or only enough to see whether it works. */
export type Size = 'full' | 'short'

/** Something that came of a measure, for people and for machines. */
export interface Finding {
  /** One line, or several. */
  readonly text: string
  readonly result: object
}

/** Something that is measured. */
export interface Measure {
  /** That of its part, or begins with it: `threads-1000`. */
  readonly name: string
  /** Measure, and give what comes of it as it comes. */
  run(size: Size): AsyncIterable<Finding>
}
