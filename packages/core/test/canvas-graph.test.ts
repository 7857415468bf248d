import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Canvas,
  type CanvasGraph,
  type CanvasGraphOptions,
  chainOf,
  chordOf,
  chunksOf,
  graphOf,
  groupOf,
  listGroupOf,
  mapSignature,
  taskSignature,
} from '../src/index.ts'

const call = (task: string, options = {}): Canvas => taskSignature({ task, options })
/** A graph in a few words: nodes by id, and edges. */
const drawn = (canvas: Canvas, options?: CanvasGraphOptions) => {
  const { nodes, edges } = graphOf(canvas, options)
  return {
    nodes: nodes.map(
      (node) =>
        `${node.id} ${'task' in node ? `${node.task}${node.of > 1 ? `*${node.of}` : ''}` : `${node.kind} ${node.of}`}`,
    ),
    edges: edges.map(({ from, to }) => `${from}>${to}`),
  }
}

test('a chain is a row, a chord a group that is waited for and leads on', () => {
  expect(drawn(call('a'))).toEqual({ nodes: ['0 a'], edges: [] })
  expect(drawn(chainOf([call('a'), call('b'), call('c')]))).toEqual({
    nodes: ['0 a', '1 b', '2 c'],
    edges: ['0>1', '1>2'],
  })
  expect(drawn(chainOf([call('a'), chordOf([call('b'), call('c')], call('d'))]))).toEqual({
    nodes: ['0 a', '1 fork 2', '2 b', '3 c', '4 join 2', '5 d'],
    edges: ['0>1', '1>2', '2>4', '1>3', '3>4', '4>5'],
  })
  expect(drawn(groupOf([]))).toEqual({ nodes: ['0 fork 0', '1 join 0'], edges: ['0>1'] })
})

test('members that look alike are one from five on, others beside them are not', () => {
  const many = (count: number) => Array.from({ length: count }, () => chainOf([call('load'), call('check')]))
  expect(drawn(groupOf(many(4))).nodes).toHaveLength(10)
  expect(drawn(groupOf([...many(2), call('mail'), ...many(3)]))).toEqual({
    nodes: ['0 fork 6', '1 load*5', '2 check*5', '5 mail', '12 join 6'],
    edges: ['0>1', '1>2', '2>12', '0>5', '5>12'],
  })
  expect(drawn(groupOf(many(4)), { collapse: 2 }).nodes).toEqual(['0 fork 4', '1 load*4', '2 check*4', '9 join 4'])
  expect(drawn(groupOf(many(9)), { collapse: Number.POSITIVE_INFINITY }).nodes).toHaveLength(20)
  for (const collapse of [1, 0, Number.NaN, 'two' as never])
    expect(() => graphOf(call('a'), { collapse })).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }))
})

test('groups within members that look alike stand for all of theirs', () => {
  const member = chainOf([call('a'), listGroupOf([call('b'), call('b')]), call('c')])
  expect(drawn(listGroupOf([member, member, member]), { collapse: 2 })).toEqual({
    nodes: ['0 fork 3', '1 a*3', '2 fork 2', '3 b*6', '5 join 2', '6 c*3', '19 join 3'],
    edges: ['0>1', '1>2', '2>3', '3>5', '5>6', '6>19'],
  })
})

test('a node that stands for several tells how many of them have ended', () => {
  const canvas = chordOf(
    Array.from({ length: 300 }, () => call('load')),
    call('sum'),
  )
  const ended = new Set([1, 2, 300, 302])
  const { nodes } = graphOf(canvas, { ended: (node) => ended.has(node) })
  expect(nodes).toEqual([
    { id: '0', kind: 'fork', of: 300 },
    { id: '1', kind: 'task', task: 'load', of: 300, ended: 3 },
    { id: '301', kind: 'join', of: 300 },
    { id: '302', kind: 'task', task: 'sum', of: 1, ended: 1 },
  ])
})

test('a task says what its signature says of where and when it runs, and what is called behind it', () => {
  const options = {
    lane: 'high',
    priority: 8,
    countdown: '10s',
    link: [call('told')],
    linkError: [groupOf([call('x')])],
  } as const
  expect(graphOf(call('a', options)).nodes).toEqual([
    {
      id: '0',
      kind: 'task',
      task: 'a',
      lane: 'high',
      priority: 8,
      countdown: '10s',
      link: ['told'],
      linkError: ['group'],
      of: 1,
    },
  ])
  expect(graphOf({ data: mapSignature('starmap', 'add', [[1, 2]]) }).nodes).toEqual([
    { id: '0', kind: 'starmap', task: 'add', of: 1 },
  ])
  expect(drawn(chunksOf('add', Array.from({ length: 100 }), 10)).nodes).toEqual(['0 fork 10', '1 add*10', '11 join 10'])
})

test('what is no canvas is refused', () => {
  for (const wrong of [undefined, null, 5, {}, { data: 5 }, { kind: 'chain' }])
    expect(() => graphOf(wrong as never)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_CANVAS' }))
})

test('a group of 100,000 and a chain of 10,000 are drawn at once', () => {
  expect(graphOf(listGroupOf(Array.from({ length: 100_000 }, () => call('a')))).nodes).toHaveLength(3)
  expect(graphOf(chainOf(Array.from({ length: 10_000 }, () => call('a')))).nodes).toHaveLength(10_000)
})

const canvases = fc.letrec<{ canvas: Canvas }>((tie) => ({
  canvas: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c').map((task) => call(task)),
    fc.array(tie('canvas'), { minLength: 1, maxLength: 4 }).map(chainOf),
    fc.array(tie('canvas'), { maxLength: 7 }).map(listGroupOf),
    fc
      .tuple(fc.array(tie('canvas'), { minLength: 1, maxLength: 7 }), tie('canvas'))
      .map(([header, body]) => chordOf(header, body)),
  ),
})).canvas

test('collapsed or not, a drawing has one begin and one end, loses no task and no edge leads nowhere', () => {
  const tasks = ({ nodes }: CanvasGraph): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const node of nodes) if ('task' in node) counts[node.task] = (counts[node.task] ?? 0) + node.of
    return counts
  }
  fc.assert(
    fc.property(canvases, fc.integer({ min: 2, max: 8 }), (canvas, collapse) => {
      const graph = graphOf(canvas, { collapse })
      expect(tasks(graph)).toEqual(tasks(graphOf(canvas, { collapse: Number.POSITIVE_INFINITY })))
      expect(JSON.parse(JSON.stringify(graph))).toEqual(graph)
      const ids = graph.nodes.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
      const [froms, tos] = [graph.edges.map(({ from }) => from), graph.edges.map(({ to }) => to)]
      for (const end of [...froms, ...tos]) expect(ids).toContain(end)
      expect(ids.filter((id) => !tos.includes(id))).toHaveLength(1)
      expect(ids.filter((id) => !froms.includes(id))).toHaveLength(1)
    }),
  )
})
