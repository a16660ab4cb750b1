/** The one shape that every device has: guest-facing calls, pending causes, state for the hash, save and restore. */
import type { Clock } from '../../logging-channel/entries.ts'
import type { HostCalls } from '../machine/engine.ts'
import type { FieldWriter } from '../machine/saved-fields.ts'
import { SnapshotError } from '../machine/snapshot-error.ts'
import type { StateHasher } from '../machine/state-hash.ts'
import type { Output } from '../switch/messages.ts'

/** Interrupt causes, one bit each. */
export const Cause = { network: 1, timer: 2, console: 4, disk: 8 } as const

/** What a device is called in a snapshot (`../machine/FORMAT.md`); never used again for another one. */
export const DeviceId = { network: 1, timer: 2, console: 3, clock: 4, entropy: 5, power: 6 } as const
export type DeviceId = (typeof DeviceId)[keyof typeof DeviceId]

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
  readonly id: DeviceId
  readonly calls: HostCalls
  /** Causes raised by entries since they were last taken. */
  readonly raised: number
  /** Clears what an interrupt has delivered. */
  taken(causes: number): void
  /** Feeds everything the guest could ever observe of this device. */
  hash(hasher: StateHasher): void
  /** Writes the whole state, so that a device restored from it can't be told from this one. */
  save(out: FieldWriter): void
  /**
   * Puts the state that `save` wrote in the place of this device's own; nothing is told to the outside.
   * @throws SnapshotError if it isn't one
   */
  restore(saved: Uint8Array): void
}

/** A device raises its own cause or none. @throws SnapshotError */
export function checkRaised(raised: number, cause: number, who: string): void {
  if (raised !== 0 && raised !== cause) {
    throw new SnapshotError(`${who} raises ${raised} in the snapshot: it can raise ${cause} only`)
  }
}
