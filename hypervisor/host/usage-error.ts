/** The user's mistake, not ours: one clear line, no stack trace, exit code 2. */
export class UsageError extends Error {}

/** A replica ended before the pair was ready; `code` is its exit code. */
export class StartError extends Error {
  readonly code: number
  constructor(reason: string, code: number) {
    super(reason)
    this.code = code
  }
}
