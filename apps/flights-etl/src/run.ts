import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { Options } from './options.ts'

/** The id of what the options ask for: the same for the same files, as they are now, into the same folder. */
export async function runOf({ input, airports, output }: Options): Promise<string> {
  const hash = createHash('sha256').update(output)
  for (const file of [input, airports]) {
    const { size, mtimeMs } = await stat(file)
    hash.update(`\n${file} ${size} ${mtimeMs}`)
  }
  return `flights-${hash.digest('hex').slice(0, 16)}`
}
