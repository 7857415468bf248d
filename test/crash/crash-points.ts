import type { Store } from '@umbel/core'

/** Where a process is to die: around a commit, or while it recovers. */
export type CrashPoint =
  | { readonly at: 'before-commit' | 'after-commit'; readonly count: number }
  | { readonly at: 'recovery'; readonly count: number }

/** The same store, with a process that dies at a point. */
export function dyingAt(store: Store, point: CrashPoint | undefined): Store {
  if (point === undefined) return store
  let left = point.count
  const pass = (at: CrashPoint['at']): void => {
    if (point.at === at && --left === 0) process.kill(process.pid, 'SIGKILL')
  }
  const { takesWrites = false, mostEvents = 4_096 } = store
  return {
    takesWrites,
    mostEvents,
    open: () => store.open(),
    get: (id) => store.get(id),
    peek: (id) => store.peek?.(id),
    children: (id) => store.children(id),
    events: (from, limit) => store.events(from, limit),
    letter: (id) => store.letter(id),
    letters: (after, limit) => store.letters(after, limit),
    drop: (id) => store.drop(id),
    close: () => store.close(),
    commit: async (batch) => {
      pass('before-commit')
      const seq = await store.commit(batch)
      pass('after-commit')
      return seq
    },
    unfinished: async function* () {
      for await (const row of store.unfinished()) {
        pass('recovery')
        yield row
      }
    },
  }
}
