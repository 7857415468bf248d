/** Throw this in a handler to end its task as IGNORED: no result is kept and nothing that follows is sent. */
export class Ignore extends Error {
  override readonly name = 'Ignore'

  constructor(message = 'The handler asked for no record of this task.') {
    super(message)
  }
}

/** Throw this in a handler to refuse its task for good: it ends as REJECTED, with `reason`, and is not retried. */
export class Reject extends Error {
  override readonly name = 'Reject'
  /** Why, in words for whoever reads the result. */
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}
