import type { Canvas, SignatureOptions } from '@umbel/core'

/** What a caller adds to a canvas as it sends it. */
export interface Call {
  /** Put before the arguments already given. */
  readonly args: readonly unknown[]
  /** Win over those already given. */
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly options: SignatureOptions
}

const NOTHING = Object.freeze({})

/** What `delay` and `send` of a signature are given: rest parameters, a list that nobody else has and that has nothing but its elements. */
export class RestCall implements Call {
  readonly args: readonly unknown[]
  readonly kwargs: Call['kwargs'] = NOTHING
  readonly options: SignatureOptions = NOTHING

  constructor(args: readonly unknown[]) {
    this.args = args
  }
}

/** The handle of something sent: an `AsyncResult` or a `GroupResult`. */
export interface AnyResult {
  readonly id: string
}

/** What takes canvases in: an app, or the attempt whose handler sends. */
export interface Sender {
  /** Send and return at once. @throws what is wrong with the call; UMBEL_LANE_FULL. */
  delay(canvas: Canvas, call: Call): AnyResult
  /** Send, waiting while a lane's backlog is full. */
  send(canvas: Canvas, call: Call): Promise<AnyResult>
}
