import { umbelError } from './errors.ts'
import type { Canvas } from './signature.ts'

/** Most groups that may stand in a row with steps between them: each is a chord in the body of the one before. */
export const MAX_GROUPS_IN_A_ROW = 500

type Given = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const overItems = ({ task, items }: Given): boolean => typeof task === 'string' && Array.isArray(items)

/** Whether a canvas of each kind has what makes it one. Its parts are looked at when it is their turn. */
const SHAPES: ReadonlyMap<unknown, (canvas: Given) => boolean> = new Map<Canvas['kind'], (canvas: Given) => boolean>([
  ['task', ({ task, args, kwargs }) => typeof task === 'string' && Array.isArray(args) && isRecord(kwargs)],
  ['map', overItems],
  ['starmap', overItems],
  ['chunks', (canvas) => overItems(canvas) && Number.isSafeInteger(canvas.size) && (canvas.size as number) > 0],
  ['chain', ({ steps }) => Array.isArray(steps)],
  ['group', ({ members }) => Array.isArray(members)],
  ['chord', ({ header, body }) => Array.isArray(header) && isRecord(body)],
])

/** Refuse what is no canvas: as data they come from JSON and from threads, too. @throws UMBEL_BAD_CANVAS */
export function checkShape(canvas: unknown): asserts canvas is Canvas {
  if (!isRecord(canvas))
    throw umbelError('UMBEL_BAD_CANVAS', `This is ${canvas === null ? 'null' : typeof canvas} and no canvas.`)
  const fits = SHAPES.get(canvas.kind)
  if (fits === undefined)
    throw umbelError('UMBEL_BAD_CANVAS', `A canvas cannot be of kind ${JSON.stringify(canvas.kind)}.`)
  if (!fits(canvas) || !isRecord(canvas.options))
    throw umbelError('UMBEL_BAD_CANVAS', `This ${String(canvas.kind)} lacks some of its parts.`)
}
