import type { Command, Store } from '@umbel/core'

/** The kinds of commands that the load brings about, each of which may be the last that a process carries out. */
const COMMANDS = [
  'run-task',
  'start-timer',
  'cancel-timer',
  'withdraw-task',
  'reprioritise-task',
  'abort-task',
  'settle',
  'run-actions',
  'emit',
  'log',
] as const satisfies readonly Command['type'][]

/** Something that a process does, before and after which it may die. */
type Deed = 'commit' | Command['type']

/** Where a process is to die: around the so-manieth of what it does, or as so many rows have been recovered. */
export type CrashPoint =
  | { readonly at: 'before' | 'after'; readonly deed: Deed; readonly count: number }
  | { readonly at: 'recovery'; readonly count: number }

/** The name of a point, whatever its count. */
export const nameOf = (point: CrashPoint): string => (point.at === 'recovery' ? point.at : `${point.at} ${point.deed}`)

/** All points by their names, without recovery: around commits and around every kind of command. */
const AROUND = ['commit' as const, ...COMMANDS].flatMap((deed) => [
  { at: 'before' as const, deed },
  { at: 'after' as const, deed },
])

/** The names of all points there are. */
export const POINTS: readonly string[] = [...AROUND.map((point) => nameOf({ ...point, count: 1 })), 'recovery']

/**
 * Where one process after the other is to die; `undefined` at no point but at a random moment. In each nine lives three go through all points in turn,
 * two more are around commits, two are in recovery, one right after the other, and two end at a random moment. `next` is told whether the process
 * died where it was to: a point that it did not come to has its turn again, at the first time. `random` gives a number in [0, 1).
 */
export function* crashPoints(random: () => number): Generator<CrashPoint | undefined, never, boolean> {
  const upTo = (most: number): number => 1 + Math.floor(random() * most)
  let left: Omit<Extract<CrashPoint, { deed: Deed }>, 'count'>[] = []
  const again = new Set<string>()
  const inTurn = function* (): Generator<CrashPoint, void, boolean> {
    if (left.length === 0) left = shuffled(AROUND, random)
    const [point, ...others] = left as [(typeof left)[0], ...typeof left]
    left = others
    const name = nameOf({ ...point, count: 1 })
    const died = yield { ...point, count: again.has(name) ? 1 : upTo(countOf(point.deed)) }
    again.delete(name)
    if (died) return
    again.add(name)
    left.push(point)
  }
  for (;;) {
    yield* inTurn()
    yield { at: 'before', deed: 'commit', count: upTo(40) }
    yield { at: 'recovery', count: upTo(5) }
    yield { at: 'recovery', count: upTo(5) }
    yield* inTurn()
    yield undefined
    yield { at: 'after', deed: 'commit', count: upTo(40) }
    yield* inTurn()
    yield undefined
  }
}

/** How often a process does something, at the least. */
const countOf = (deed: Deed): number => (deed === 'commit' || deed === 'run-task' || deed === 'settle' ? 40 : 3)

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => [random(), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one)
}

/** What is told where a process passes one of its points. */
export type Passing = (at: 'before' | 'after' | 'recovery', deed?: Deed) => void

/** Tells of each point that is passed, and ends the process at one of them the hard way. `say` is told before. */
export function dyingAt(point: CrashPoint | undefined, say: (name: string) => void): Passing {
  if (point === undefined) return () => {}
  let left = point.count
  return (at, deed) => {
    if (at !== point.at || (point.at !== 'recovery' && deed !== point.deed) || --left > 0) return
    say(nameOf(point))
    process.kill(process.pid, 'SIGKILL')
  }
}

/** The same store, which tells of what it passes. */
export function passing<S extends Store>(store: S, pass: Passing): S {
  const { commit, unfinished } = store
  return Object.assign(store, {
    commit: async (...given: Parameters<Store['commit']>) => {
      pass('before', 'commit')
      const seq = await commit.apply(store, given)
      pass('after', 'commit')
      return seq
    },
    unfinished: async function* () {
      for await (const row of unfinished.apply(store)) {
        pass('recovery')
        yield row
      }
    },
  })
}
