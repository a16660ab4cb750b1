/** A replica's connection to the switch as the core sees it. */
import type { FromSwitch } from './messages.ts'

/** The host makes one per accepted link and names it in events; its fields belong to the core. */
export class SwitchLink {
  /** The host's own object; the core never looks at it. */
  handle: unknown
  /** From its hello; empty before. */
  replica = ''
  greeted = false
  closed = false
  /** 0 until it attaches. */
  term = 0
  /** Inputs up to this number were sent on this link (or captured before it attached). */
  sentThrough = 0
  /** Answers of this turn, in order. */
  answers: FromSwitch[] = []
  outputAckDue = false
  /** The last output acknowledged on this link. */
  outputsAcked = 0

  constructor(handle: unknown) {
    this.handle = handle
  }

  get name(): string {
    return this.replica === '' ? 'an unknown replica' : `replica ${this.replica}`
  }
}
