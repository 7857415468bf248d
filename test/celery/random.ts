import fc from 'fast-check'
import type { Build } from './vector.ts'

const sig = (task: string, args: readonly unknown[] = [], more: object = {}): Build => ({
  op: 'sig',
  task,
  args,
  kwargs: {},
  ...more,
})

const digit = fc.nat(9)

/** What runs without anything from before. */
const firstLeaf = fc.oneof(
  fc.tuple(digit, digit).map((args) => sig('add', args)),
  fc.constant(sig('const')),
  digit.map((value) => sig('collect', [value])),
  digit.map((value) => sig('xsum', [value])),
  digit.map((value) => sig('retry_n', [value])),
  digit.map((value) => sig('fail', [], { kwargs: { msg: `m${value}` } })),
)

/** What takes anything from before. */
const nextLeaf = fc.oneof(
  fc.constantFrom(sig('xsum'), sig('collect'), sig('identity')),
  digit.map((value) => sig('collect', [value])),
  fc.tuple(digit, digit).map((args) => sig('add', args, { immutable: true })),
  digit.map((value) => sig('fail', [], { kwargs: { msg: `m${value}` } })),
)

interface Nodes {
  first: Build
  next: Build
}

/** Random canvases in the vectors' build language, nested up to four levels, some of their leaves failing. */
export const anyBuild: fc.Arbitrary<Build> = fc.letrec<Nodes>((tie) => {
  const next = tie('next') as fc.Arbitrary<Build>
  const level = (leaf: fc.Arbitrary<Build>, own: fc.Arbitrary<Build>): fc.Arbitrary<Build> => {
    const steps = (most: number): fc.Arbitrary<Build[]> =>
      fc.tuple(own, fc.array(next, { maxLength: most - 1 })).map(([first, rest]) => [first, ...rest])
    const members = fc.array(own, { maxLength: 3 })
    return fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      { weight: 5, arbitrary: leaf },
      { weight: 2, arbitrary: steps(4).map((of): Build => ({ op: 'chain', of })) },
      { weight: 1, arbitrary: steps(3).map((of): Build => ({ op: 'chain_list', of })) },
      { weight: 2, arbitrary: steps(4).map((of): Build => ({ op: 'pipe', of })) },
      { weight: 2, arbitrary: members.map((of): Build => ({ op: 'group', of })) },
      { weight: 1, arbitrary: members.map((of): Build => ({ op: 'group_list', of })) },
      { weight: 2, arbitrary: fc.tuple(members, next).map(([header, body]): Build => ({ op: 'chord', header, body })) },
      { weight: 1, arbitrary: own.map((of): Build => ({ op: 'roundtrip', of })) },
    )
  }
  return { first: level(firstLeaf, tie('first') as fc.Arbitrary<Build>), next: level(nextLeaf, next) }
}).first
