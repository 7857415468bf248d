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

function isSame(args: readonly unknown[], others: readonly unknown[]): boolean {
  if (args.length !== others.length) return false
  for (let at = 0; at < args.length; at += 1) if (!Object.is(args[at], others[at])) return false
  return true
}
