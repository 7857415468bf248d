/** What the payment server was asked for and did, by the key of the request. */
export interface Charge {
  readonly key: string
  readonly customer: string
  readonly amount: number
  readonly refunded: boolean
  /** How often it was asked for: each key is charged once, however often that is. */
  readonly asked: number
}

/** All that the payment server knows. */
export interface PaymentReport {
  readonly charges: readonly Charge[]
  /** Requests that came over a customer's quota. */
  readonly refused: number
  readonly requests: number
}

/** Charges by key: a key that comes again is answered with the charge that exists. */
export class Ledger {
  readonly #charges = new Map<string, Charge>()

  get charges(): readonly Charge[] {
    return [...this.#charges.values()]
  }

  charge(key: string, customer: string, amount: number): Charge {
    const known = this.#charges.get(key)
    const charge = known ? { ...known, asked: known.asked + 1 } : { key, customer, amount, refunded: false, asked: 1 }
    this.#charges.set(key, charge)
    return charge
  }

  /** Give the money of a key back, once; a key that was never charged has nothing to give back. */
  refund(key: string): Charge | undefined {
    const known = this.#charges.get(key)
    if (known === undefined) return undefined
    const charge = { ...known, refunded: true }
    this.#charges.set(key, charge)
    return charge
  }
}
