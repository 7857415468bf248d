import { ARTICLES, type Order } from './order.ts'
import { seeded } from './seeded.ts'

/** The orders of a day: the same for the same seed. Some are malformed, some cards are refused, some addresses do not exist. */
export function ordersOfDay(count: number, seed: number): readonly Order[] {
  const random = seeded(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  return Array.from({ length: count }, (_, index): Order => {
    const article = pick(Object.keys(ARTICLES))
    const pieces = 1 + Math.floor(random() * 4)
    const malformed = random() < 0.05
    return {
      id: `order-${seed}-${index + 1}`,
      customer: `customer${1 + Math.floor(random() * 5)}`,
      article,
      count: malformed ? 0 : pieces,
      total: pieces * (ARTICLES[article]?.price ?? 0),
      card: random() < 0.1 ? '0000' : '4242',
      address: random() < 0.1 ? '' : `${1 + Math.floor(random() * 99)} Main Street`,
    }
  })
}

/** What the person who approves large orders says to one: the same whenever asked. */
export const isApproved = (order: Order): boolean => seeded(order.total + order.id.length)() < 0.8
