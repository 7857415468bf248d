/** Do something `count` times with at most `width` under way. */
export async function bounded(count: number, width: number, one: () => Promise<unknown>): Promise<void> {
  let left = count
  const line = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await one()
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, line))
}
