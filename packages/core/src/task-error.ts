/** What is known here of an error whose class is not. */
export interface RemoteError {
  readonly name: string
  /** Name of its class. Default: `name`. */
  readonly remoteName?: string | undefined
  readonly message: string
  readonly code?: string | undefined
  readonly fields?: Readonly<Record<string, unknown>> | undefined
  readonly stack?: string | undefined
  readonly cause?: unknown
}

/** The error of a failed task whose class is not known on this side. `name` and `message` are the remote error's. */
export class TaskError extends Error {
  override readonly name: string
  /** Name of the class that was thrown where the handler ran. */
  readonly remoteName: string
  /** The remote error's `code`, where it was a string. */
  readonly code: string | undefined
  /** The remote error's own data fields that could travel. */
  readonly fields: Readonly<Record<string, unknown>>
  /** Where it was thrown; `stack` is where this one was made. */
  readonly remoteStack: string | undefined

  constructor(remote: RemoteError) {
    super(remote.message, remote.cause === undefined ? undefined : { cause: remote.cause })
    this.name = remote.name
    this.remoteName = remote.remoteName ?? remote.name
    this.code = remote.code
    this.fields = remote.fields ?? {}
    this.remoteStack = remote.stack
  }
}
