import type { Duration } from './duration.ts'
import type { TaskHeaders } from './headers.ts'
import type { TimeLimit } from './time-limit.ts'

/**
 * What a caller may set on one signature, on top of the task's own options. Plain data: it survives JSON.
 * Order of precedence: call, signature, route, task, defaults.
 */
export interface SignatureOptions {
  /** Name of the lane to run on. Default: the route's, the task's, else `default`. */
  readonly lane?: string
  /** 0 to 9, 9 runs first. Default 5. */
  readonly priority?: number
  /** Start no earlier than this long after the send. Not together with `eta`. */
  readonly countdown?: Duration
  /** Start no earlier than this moment: a Date or milliseconds since the epoch. */
  readonly eta?: Date | number
  /** Revoke instead of starting once this has passed: a duration after the send, or a Date. */
  readonly expires?: Duration | Date
  /** How long each attempt may take, over what the task says; a bare duration is the hard limit. */
  readonly timeLimit?: TimeLimit
  /** Keep no result: waiting gives `undefined` at once it ended. A following step still gets the value. */
  readonly ignoreResult?: boolean
  /**
   * What is written on the task for those who look at it: JSON values by name, 64 at most. They reach everything within a canvas,
   * callbacks, and what the task sends; headers set there already win.
   */
  readonly headers?: TaskHeaders
  /** Id of the task, for one that must be known beforehand. Default: a new time-ordered id. */
  readonly id?: string
  /** Sent with the result put before their own arguments, once this succeeded. They never change its outcome. */
  readonly link?: readonly Canvas[]
  /** Sent once this failed for good: see `Signature.linkError` for what they are given. */
  readonly linkError?: readonly Canvas[]
  /** Celery's mark on an error callback that a group handed to its members. Carried along in JSON; it changes nothing. */
  readonly immutable?: true
}

/** One call of a task as plain data. `args` may be a suffix of the parameters: what comes from before is put in front. */
export interface TaskSignature {
  readonly kind: 'task'
  readonly task: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly options: SignatureOptions
  /** Takes no previous result and no further arguments. */
  readonly immutable: boolean
}

/** One task that calls another for each item, in one worker, in order. `starmap` spreads each item over the parameters. */
export interface MapSignature {
  readonly kind: 'map' | 'starmap'
  readonly task: string
  readonly items: readonly unknown[]
  readonly options: SignatureOptions
}

/** Items split into starmaps of `size` items each, side by side. */
export interface ChunksSignature {
  readonly kind: 'chunks'
  readonly task: string
  readonly items: readonly unknown[]
  readonly size: number
  readonly options: SignatureOptions
}

/** Steps run one after another, each given the result of the one before. */
export interface ChainSignature {
  readonly kind: 'chain'
  readonly steps: readonly Canvas[]
  /** Its first step takes no previous result and no further arguments. */
  readonly immutable?: true
  /** Given to it as a whole: they go before the arguments of its first step. */
  readonly args?: readonly unknown[]
  readonly options: SignatureOptions
}

/** Members run side by side, all given the same arguments; results keep the members' order. */
export interface GroupSignature {
  readonly kind: 'group'
  readonly members: readonly Canvas[]
  /** It has one member and was made from a list, whose length is not known as it is written: it stays a group in a chain. */
  readonly list?: true
  readonly options: SignatureOptions
}

/** A group whose list of results goes to `body` once all members succeeded. Built by `chord`, or by a step after a group. */
export interface ChordSignature {
  readonly kind: 'chord'
  readonly header: readonly Canvas[]
  readonly body: Canvas
  /** Given to it as a whole: they go before the arguments of the header's members. */
  readonly args?: readonly unknown[]
  readonly options: SignatureOptions
}

/** Signatures composed: plain, frozen data. Built by `chain`, `group`, `chord` and the methods of a task. */
export type Canvas = TaskSignature | MapSignature | ChunksSignature | ChainSignature | GroupSignature | ChordSignature
