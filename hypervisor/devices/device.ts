/** The one shape that every device has: guest-facing calls, pending causes, and state for the hash. */
import type { Clock } from '../../logging-channel/entries.ts'
import type { HostCalls } from '../machine/engine.ts'
import type { StateHasher } from '../machine/state-hash.ts'
import type { Output } from '../switch/messages.ts'

/** Interrupt causes, one bit each. */
export const Cause = { network: 1, timer: 2, console: 4, disk: 8 } as const

/**
 * What lies outside the machine, as devices see it. On a primary it is the world, captured on the way in;
 * on a backup it is the log. A device can't tell the two apart.
 */
export interface Outside {
  /** Microseconds; a nondeterministic operation (P2.1-2). */
  readClock(clock: Clock): number
  /** `length` random bytes; a nondeterministic operation. */
  drawEntropy(length: number): Uint8Array
  /** An effect on the world; it leaves only by the output rule. */
  emit(output: Output): void
  /** Deadlines live with the replica, not in the machine: only the timer *entry* is seen by the guest. */
  armTimer(timer: number, delayUs: number): void
  disarmTimer(timer: number): void
}

export interface Device {
  readonly calls: HostCalls
  /** Causes raised by entries since they were last taken. */
  readonly raised: number
  /** Clears what an interrupt has delivered. */
  taken(causes: number): void
  /** Feeds everything the guest could ever observe of this device. */
  hash(hasher: StateHasher): void
}
