/** What a customer orders. */
export interface Order {
  readonly id: string
  readonly customer: string
  readonly article: string
  readonly count: number
  /** What all of it costs. */
  readonly total: number
  /** A card that is refused starts with 0. */
  readonly card: string
  /** Empty where nothing can be sent. */
  readonly address: string
}

/** How an order ends. */
export type Outcome = 'DELIVERED' | 'INVALID' | 'NOT_APPROVED' | 'OUT_OF_STOCK' | 'DECLINED' | 'RETURNED'

/** Orders over this are worth the high lane. */
export const LARGE = 1_000
/** Orders over this wait for a person. */
export const NEEDS_APPROVAL = 3_000

/** What the shop has in the morning, and what a piece costs. */
export const ARTICLES: Readonly<Record<string, { readonly price: number; readonly stock: number }>> = {
  teapot: { price: 40, stock: 60 },
  kettle: { price: 90, stock: 60 },
  samovar: { price: 900, stock: 12 },
  stove: { price: 700, stock: 20 },
}

/** Where customers are told of their orders. */
export const CHANNELS = ['mail', 'phone'] as const
