/** One recorded run of real Celery. The README of the vectors tells what each key means. */
export interface Vector {
  readonly id: string
  readonly category: string
  readonly title?: string
  readonly python?: string
  readonly build: Build
  readonly signature?: unknown
  readonly call: { readonly args: readonly unknown[]; readonly kwargs: Json; readonly options: Json }
  readonly outcome: Outcome
  readonly parents?: readonly Shown[]
  readonly ran: readonly Ran[]
  readonly ignored?: boolean
  readonly 'celery-bug'?: boolean
  readonly 'bug-kind'?: string
  readonly ideal?: Ideal
}

export type Json = Readonly<Record<string, unknown>>

/** How a canvas is built: an operation and what it is given. */
export type Build = Json & { readonly op: string }

/** A task body that was started: its name, arguments and keyword arguments. */
export type Ran = readonly [string, readonly unknown[], Json]

/** An error by the name of its type. */
export interface Raised {
  readonly type: string
  readonly message: string
}

/** What a result shows. */
export type Shown =
  | { readonly kind: 'task'; readonly state: string; readonly result?: unknown; readonly error?: Raised }
  | { readonly kind: 'group'; readonly results: readonly Shown[] }

/** What came of a run, and what waiting for it gave. */
export interface Outcome {
  readonly kind: 'task' | 'group' | 'none' | 'client_error'
  readonly state?: string
  readonly result?: unknown
  readonly error?: Raised
  readonly results?: readonly Shown[]
  readonly get?: { readonly value: unknown } | { readonly raises: Raised }
}

/** What a reference model of the documented semantics says. */
export interface Ideal {
  readonly state: string
  readonly result?: unknown
  readonly error?: Raised
  readonly ran: readonly Ran[]
}
