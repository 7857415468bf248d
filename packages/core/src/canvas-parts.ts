import {
  calledOptions,
  merged,
  mergedOptions,
  NO_OPTIONS,
  stampedCallbacks,
  told,
  underHeaders,
} from './canvas-options.ts'
import { sameValue } from './equal.ts'
import { umbelError } from './errors.ts'
import type {
  Canvas,
  ChainSignature,
  ChordSignature,
  ChunksSignature,
  GroupSignature,
  SignatureOptions,
} from './signature.ts'

// What is given to a canvas, and which of its parts it goes to. Nothing here changes what it is given.

/** Positional arguments by place. */
export type Args = readonly unknown[]
/** Keyword arguments by name. */
export type Kwargs = Readonly<Record<string, unknown>>

type Composed = ChainSignature | GroupSignature | ChordSignature

const NO_ARGS: Args = Object.freeze([])
const NO_KWARGS: Kwargs = Object.freeze({})

/**
 * Merge a call into a canvas. `args` go before those already given, `kwargs` and `options` win over them; options that are
 * `undefined` say nothing, and headers that are set already stay as they are. On a chain arguments go to its first step, on a group to every member, on a chord to its header.
 * Immutable signatures, `map` and `starmap` take options only. Links given here replace those already there.
 * @throws UMBEL_BAD_OPTION for `link` or `linkError` on a group or a chord, as in Celery: its members or its body can be linked.
 */
export function withCall(canvas: Canvas, args: Args, kwargs: Kwargs, options: SignatureOptions): Canvas {
  if (canvas.kind === 'task' && !canvas.immutable && isEmpty(kwargs) && isEmpty(options))
    return frozen({ ...canvas, args: before(args, canvas.args) })
  const given = told(options)
  switch (canvas.kind) {
    case 'task':
      return frozen({
        ...canvas,
        ...(canvas.immutable ? {} : { args: before(args, canvas.args), kwargs: merged(canvas.kwargs, kwargs) }),
        options: calledOptions(canvas.options, given),
      })
    case 'map':
    case 'starmap':
    case 'chunks':
      return frozen({ ...canvas, options: calledOptions(canvas.options, given) })
    case 'group':
      refuseLinks(given, 'group', 'use a chord, or link its members')
      return withEntry(frozen({ ...canvas, options: calledOptions(canvas.options, given) }), args, kwargs)
    case 'chord': {
      refuseLinks(given, 'chord', 'link its body')
      const all = before(args, canvas.args ?? NO_ARGS)
      const called = { ...canvas, ...(all.length > 0 && { args: all }), options: calledOptions(canvas.options, given) }
      return withEntry(frozen(called), NO_ARGS, kwargs)
    }
    default:
      return withEntry(
        frozen({ ...settleArgs(canvas), options: calledOptions(canvas.options, given) }),
        canvas.immutable ? NO_ARGS : args,
        kwargs,
      )
  }
}

function refuseLinks(given: SignatureOptions, kind: string, instead: string): void {
  if (given.link === undefined && given.linkError === undefined) return
  throw umbelError('UMBEL_BAD_OPTION', `A ${kind} takes no link or linkError as it is called: ${instead}.`)
}

/** Parts to swap; those left out stay. */
export interface Parts {
  readonly args?: Args
  readonly kwargs?: Kwargs
  readonly options?: SignatureOptions
}

/**
 * Swap arguments or options instead of merging them, immutable or not. Of a chain and a chord they are what it was given as a whole,
 * of a group those of every member.
 */
export function replaceParts(canvas: Canvas, parts: Parts): Canvas {
  const options = parts.options === undefined ? canvas.options : Object.freeze(told(parts.options))
  switch (canvas.kind) {
    case 'task':
      return frozen({
        ...canvas,
        args: parts.args === undefined ? canvas.args : Object.freeze([...parts.args]),
        kwargs: parts.kwargs === undefined ? canvas.kwargs : Object.freeze({ ...parts.kwargs }),
        options,
      })
    case 'map':
    case 'starmap':
    case 'chunks':
      return frozen({ ...canvas, options })
    default: {
      const { options: _, ...inner } = parts
      const composed = frozen({ ...canvas, options })
      if (composed.kind !== 'group' && inner.args !== undefined) {
        const { args, ...others } = inner
        return replaceParts(frozen({ ...composed, args: Object.freeze([...args]) }), others)
      }
      return inner.args === undefined && inner.kwargs === undefined
        ? composed
        : atEntry(composed, (part) => replaceParts(part, inner))
    }
  }
}

/** Set options over those already set. On a composed canvas they stay its own until it is planned: see `settleOptions`. */
export const setOptions = (canvas: Canvas, options: SignatureOptions): Canvas =>
  frozen({ ...canvas, options: mergedOptions(canvas.options, told(options)) })

/**
 * Make it ignore, or take again, previous results and further arguments: every member of a group, the header of a chord, and a
 * chain as a whole (its first step then takes none, while its steps still follow each other). `map` and `chunks` always ignore them.
 */
export function setImmutable(canvas: Canvas, immutable: boolean): Canvas {
  if (canvas.kind === 'task') return frozen({ ...canvas, immutable })
  if ('items' in canvas) return canvas
  if (canvas.kind === 'chain') {
    const { immutable: _, ...open } = canvas
    return frozen(immutable ? { ...open, immutable } : open)
  }
  return atEntry(canvas, (part) => setImmutable(part, immutable))
}

/**
 * Add a callback for success; one that is the same as another is kept once. A chain keeps it for its last step, a chord gives
 * it to its body, a group to its first member as an immutable copy. @throws UMBEL_BAD_CANVAS for a group without members.
 */
export function addLink(canvas: Canvas, callback: Canvas): Canvas {
  if (canvas.kind === 'chord') return frozen({ ...canvas, body: addLink(canvas.body, callback) })
  if (canvas.kind !== 'group') return withOption(canvas, 'link', callback)
  const [first, ...others] = canvas.members
  if (first === undefined)
    throw umbelError('UMBEL_BAD_CANVAS', 'A group without members cannot be linked: nothing would run the callback.')
  return frozen({ ...canvas, members: Object.freeze([addLink(first, setImmutable(callback, true)), ...others]) })
}

/** Add a callback for failure; kept once. A chain keeps it for every step, a group gives it to every member, a chord to its body. */
export function addLinkError(canvas: Canvas, callback: Canvas): Canvas {
  if (canvas.kind === 'group') {
    const marked = setOptions(callback, { immutable: true })
    return frozen({ ...canvas, members: Object.freeze(canvas.members.map((member) => addLinkError(member, marked))) })
  }
  if (canvas.kind !== 'chord') return withOption(canvas, 'linkError', callback)
  // a chord within the header fails without its body being told, so that it is told itself
  const header = canvas.header.map((member) => (member.kind === 'chord' ? addLinkError(member, callback) : member))
  return frozen({ ...canvas, header: Object.freeze(header), body: addLinkError(canvas.body, callback) })
}

/**
 * Work the options set on a chain, group or chord into its parts, over their own; only `id` stays. Not deeper than one level.
 * Headers go to every part, under its own. Lane, priority, expires and time limits go to every part (a chord's body included). On a chain `countdown` and `eta` go to the first step,
 * `ignoreResult` and links to the last, error links to every step; on a chord countdown and eta go to the header, `ignoreResult`
 * and links to the body; on a group all go to every member.
 */
export function settleOptions<C extends Composed>(canvas: C): C {
  const given = settleGiven(canvas)
  const { id, ...options } = given.options
  if (Object.keys(options).length === 0) return given as C
  const own: SignatureOptions = id === undefined ? NO_OPTIONS : Object.freeze({ id })
  return frozen({ ...settled(given, options), options: own } as C)
}

/** Arguments given to a chain or a chord as a whole, worked into the parts that begin. */
function settleArgs<C extends ChainSignature | ChordSignature>(canvas: C): C {
  if (canvas.args === undefined) return canvas
  const { args, ...open } = canvas
  return withEntry(open as C, args, NO_KWARGS) as C
}

/** Work what a chain and a chord were told as a whole into the parts that begin: that it is immutable, or arguments. */
function settleGiven(canvas: Composed): Composed {
  if (canvas.kind === 'group') return canvas
  const given = settleArgs<ChainSignature | ChordSignature>(canvas)
  if (given.kind !== 'chain' || !given.immutable) return given
  const { immutable, ...open } = given
  return atEntry(open, (step) => setImmutable(step, immutable)) as Composed
}

/** Members of a group or header as they run: groups right among them are flattened, their options worked in. */
export function membersOf(members: readonly Canvas[]): readonly Canvas[] {
  if (!members.some((member) => member.kind === 'group' || member.kind === 'chunks')) return members
  const flat: Canvas[] = []
  const open = [...members].reverse()
  for (let member = open.pop(); member !== undefined; member = open.pop()) {
    if (member.kind === 'chunks') flat.push(...chunkMembers(member))
    else if (member.kind !== 'group') flat.push(member)
    else for (const inner of settleOptions(member).members.toReversed()) open.push(inner)
  }
  return flat
}

/** The starmaps that chunks stand for. */
export function chunkMembers({ task, items, size, options }: ChunksSignature): readonly Canvas[] {
  const { id: _, ...each } = options
  const parts: Canvas[] = []
  for (let from = 0; from < items.length; from += size)
    parts.push(frozen({ kind: 'starmap', task, items: items.slice(from, from + size), options: each }))
  return parts
}

function settled(canvas: Composed, options: SignatureOptions): Composed {
  const { countdown, eta, ignoreResult, headers, link: links, linkError: errorLinks, ...everywhere } = options
  const link = stampedCallbacks(links, headers)
  const linkError = stampedCallbacks(errorLinks, headers)
  const starts = told({ countdown, eta })
  const ends = told({ ignoreResult })
  const set = (part: Canvas, some: SignatureOptions): Canvas =>
    underHeaders(Object.keys(some).length === 0 ? part : setOptions(part, some), headers)
  if (canvas.kind === 'group') {
    const all = { ...everywhere, ...starts, ...ends }
    return {
      ...canvas,
      members: Object.freeze(canvas.members.map((member) => linked(set(member, all), link, linkError))),
    }
  }
  if (canvas.kind === 'chord') {
    const header = canvas.header.map((member) => set(member, { ...everywhere, ...starts }))
    return {
      ...canvas,
      header: Object.freeze(header),
      body: linked(set(canvas.body, { ...everywhere, ...ends }), link, linkError),
    }
  }
  const last = canvas.steps.length - 1
  const steps = canvas.steps.map((step, index) => {
    const some = { ...everywhere, ...(index === 0 && starts), ...(index === last && ends) }
    return linked(set(step, some), index === last ? link : undefined, linkError)
  })
  return { ...canvas, steps: Object.freeze(steps) }
}

/** Add callbacks to a part; to a group's every member. */
function linked(part: Canvas, link: readonly Canvas[] = [], linkError: readonly Canvas[] = []): Canvas {
  let result = part
  for (const callback of link) {
    result =
      result.kind === 'group' ? atEntry(result, (member) => linked(member, [callback])) : addLink(result, callback)
  }
  for (const callback of linkError) result = addLinkError(result, callback)
  return result
}

function withEntry(canvas: Composed, args: Args, kwargs: Kwargs): Canvas {
  if (args.length === 0 && Object.keys(kwargs).length === 0) return canvas
  return atEntry(canvas, (part) => withCall(part, args, kwargs, NO_OPTIONS))
}

/** Change the parts that a call's arguments go to. */
function atEntry(canvas: Composed, change: (part: Canvas) => Canvas): Canvas {
  switch (canvas.kind) {
    case 'group':
      return frozen({ ...canvas, members: Object.freeze(canvas.members.map(change)) })
    case 'chord':
      return frozen({ ...canvas, header: Object.freeze(canvas.header.map(change)) })
    default: {
      const [first] = canvas.steps
      return first === undefined
        ? canvas
        : frozen({ ...canvas, steps: Object.freeze(canvas.steps.with(0, change(first))) })
    }
  }
}

function withOption(
  canvas: Exclude<Canvas, GroupSignature | ChordSignature>,
  name: 'link' | 'linkError',
  callback: Canvas,
): Canvas {
  const known = canvas.options[name] ?? []
  if (known.some((other) => sameValue(other, callback))) return canvas
  return frozen({
    ...canvas,
    options: Object.freeze({ ...canvas.options, [name]: Object.freeze([...known, callback]) }),
  })
}

const before = (args: Args, stored: Args): Args => (args.length === 0 ? stored : Object.freeze([...args, ...stored]))

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false
  return true
}

const frozen = <T extends object>(value: T): T => Object.freeze(value)
