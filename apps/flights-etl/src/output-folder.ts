import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { inputError, whyNot } from './input-error.ts'

/** Files in the making, hidden in the folder where they belong: there they appear all at once when done, or never. */
export interface Draft {
  /** Where to write the file of this name meanwhile. */
  path(name: string): string
  /** Move all files to their place, over those of an earlier run. */
  publish(): Promise<void>
  /** Remove what was written, and the folder if it was made for it. Does nothing once published. */
  discard(): Promise<void>
}

/**
 * Begin files of these names in a folder, which is made where it is missing. With a `run`, go on with the draft that an earlier process
 * of the same run has left there. Throws InputError when that cannot be.
 */
export async function draftIn(folder: string, names: readonly string[], run?: string): Promise<Draft> {
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found?.isDirectory()) throw inputError(join(folder, name), 'is a folder, and would be replaced by a file')
  }
  let made: string | undefined
  let hidden: string
  try {
    made = await mkdir(folder, { recursive: true })
    hidden = run === undefined ? await mkdtemp(join(folder, '.unfinished-')) : join(folder, `.unfinished-${run}`)
    await mkdir(hidden, { recursive: true })
  } catch (error) {
    throw inputError(folder, `cannot be written to: ${whyNot(error)}`, error)
  }
  let published = false
  return {
    path: (name) => join(hidden, name),
    async publish() {
      for (const name of names) {
        const [from, to] = [join(hidden, name), join(folder, name)]
        // the process before may have come so far
        if (run === undefined || existsSync(from) || !existsSync(to)) await rename(from, to)
      }
      published = true
      await rm(hidden, { recursive: true, force: true })
    },
    async discard() {
      if (published) return
      await rm(hidden, { recursive: true, force: true })
      if (made !== undefined) await removeEmpty(folder, made)
    },
  }
}

/** Remove a folder and those above it up to `last`, as long as they are empty. */
async function removeEmpty(folder: string, last: string): Promise<void> {
  try {
    await rmdir(folder)
    if (folder !== last) await removeEmpty(dirname(folder), last)
  } catch {
    // something else has come to be there: it stays
  }
}
