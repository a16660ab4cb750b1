/** What the two sides of a replica, primary and backup, need of the core that they are parts of. */
import type { Command, Report } from './events.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Phase } from './phase.ts'

export interface Core {
  readonly term: number
  readonly nowMs: number
  readonly phase: Phase
  do(command: Command): void
  report(report: Report): void
  /** Another phase, perhaps of another term. */
  enter(phase: Phase, term: number): void
  halt(code: ExitCode, reason: string): void
  /** The peer that an unprotected service hangs on may be gone: nothing follows but a test-and-set. */
  suspect(reason: string, silenceMs: number): void
}
