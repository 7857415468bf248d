import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { type CelerySignature, signature } from 'umbel'
import { describe, expect, test } from 'vitest'
import { build } from './build.ts'
import { isDemanded } from './compare.ts'
import { runVectors } from './conformance.ts'
import { expected } from './model.ts'
import { anyBuild } from './random.ts'
import type { Build, Ran, Vector } from './vector.ts'

const read = (file: string): Vector[] => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Vector[]
const vectors = read('vectors.json')

/** Whose recorded signature is a bug of Celery's: there a chain that is cloned loses the arguments. */
const LOST_ARGUMENTS = ['chain-037']

const jsonOf = (node: Build): CelerySignature => JSON.parse(JSON.stringify(build(node)))

describe('recorded runs of Celery', () => {
  test('come to the same here', async () => {
    const verdicts = await runVectors(vectors)
    expect(verdicts.filter(({ faults }) => faults.length > 0).map(({ vector, faults }) => [vector.id, faults])).toEqual(
      [],
    )
    expect(verdicts.filter(({ vector }) => isDemanded(vector))).toHaveLength(109)
  })

  test('of more canvases do, too', async () => {
    const verdicts = await runVectors(read('more-vectors.json'))
    expect(verdicts.filter(({ faults }) => faults.length > 0).map(({ vector, faults }) => [vector.id, faults])).toEqual(
      [],
    )
  })

  const same = vectors.filter(({ id }) => !LOST_ARGUMENTS.includes(id))
  test.for(same.map((vector) => [vector.id, vector] as const))('%s is the same JSON', ([, vector]) => {
    const json = jsonOf(vector.build)
    expect(json).toEqual(vector.signature)
    expect(JSON.parse(JSON.stringify(signature.fromJSON(json)))).toEqual(json)
  })
})

describe('random canvases', () => {
  test('come back from JSON as they were', () => {
    fc.assert(
      fc.property(anyBuild, (node) => {
        const { data } = build(node)
        expect(signature.fromJSON(JSON.parse(JSON.stringify(build(node)))).data).toEqual(data)
      }),
      { numRuns: 1_000 },
    )
  })

  test('come to what their definition says, on threads, each leaf run as often as it should', async () => {
    const nodes = fc.sample(anyBuild, 500)
    const random = nodes.map((node, index): Vector => {
      const ran: Ran[] = []
      const outcome = expected(jsonOf(node), ran)
      const ideal =
        'value' in outcome
          ? { state: 'SUCCESS', result: outcome.value, ran }
          : { state: 'FAILURE', error: { ...outcome.raises, type: outcome.stored }, ran }
      const call = { args: [], kwargs: {}, options: {} }
      const marks = { category: 'random', 'celery-bug': true } as const
      return { id: `random-${index}`, build: node, call, ran, outcome: { kind: 'task' }, ideal, ...marks }
    })
    const verdicts = await runVectors(random)
    expect(
      verdicts
        .filter(({ faults }) => faults.length > 0)
        .map(({ vector, faults }) => [JSON.stringify(vector.build), faults]),
    ).toEqual([])
  })
})
