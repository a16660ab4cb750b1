/** The user's mistake, not ours: one clear line, no stack trace, exit code 2. */
export class UsageError extends Error {}
