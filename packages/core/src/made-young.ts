/** Something that is being made, by whoever completes it. */
export type Open<Made> = { -readonly [Key in keyof Made]: Made[Key] }

/**
 * A constructor of plain objects of one shape, for what a task comes with and what stays as long as that waits or runs. What a literal makes V8 makes old
 * from the first, once it has seen that most of the first few hundred were still alive: as they are where a thousand tasks are sent in one go. What is old
 * stays until the collector looks through all there is, with all it leads to. What a constructor makes is young.
 */
export function maker<Made, Given extends readonly unknown[]>(
  fill: (this: Open<Made>, ...given: Given) => void,
): new (
  ...given: Given
) => Made {
  fill.prototype = Object.prototype // as what a literal makes: so it is copied as fast, too
  return fill as never
}

/** A list of these, young as what a `maker` makes. */
export const listOf = <Item>(...items: readonly Item[]): readonly Item[] => items
