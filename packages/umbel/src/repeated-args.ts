import type { Encoded } from '@umbel/core'

/** Length of encoded arguments, in UTF-16 units, from which it is worth to look whether the next ones are the same. */
const LONG = 1_024

const NONE: readonly unknown[] = [{}]

/** The long arguments that signatures of one canvas have in common, one after the other: encoded once, and held once however many tasks have them. */
export class RepeatedArgs {
  #args = NONE
  #encoded: Encoded = ''

  /** Give what arguments are encoded to, by `encode` unless they are those of before. */
  encoded(args: readonly unknown[], encode: (args: readonly unknown[]) => Encoded): Encoded {
    if (isSame(args, this.#args)) return this.#encoded
    const encoded = encode(args)
    if (typeof encoded !== 'string' || encoded.length < LONG) return encoded
    this.#args = [...args]
    this.#encoded = encoded
    return encoded
  }

  /** Forget them: by the next canvas they may have changed. */
  clear(): void {
    this.#args = NONE
    this.#encoded = ''
  }
}

const isSame = (args: readonly unknown[], others: readonly unknown[]): boolean =>
  args.length === others.length && args.every((arg, index) => Object.is(arg, others[index]))
