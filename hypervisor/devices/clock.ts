/** Clock device: two readings, each a logged operation; the device itself has no state but the last values. */
import { Clock } from '../../logging-channel/entries.ts'
import type { HostCalls } from '../machine/engine.ts'
import type { StateHasher } from '../machine/state-hash.ts'
import type { Device, Outside } from './device.ts'

export class ClockDevice implements Device {
  readonly raised = 0
  readonly calls: HostCalls
  #lastMonotonicUs = 0

  constructor(outside: Outside) {
    this.calls = {
      clock_wall: () => outside.readClock(Clock.wall),
      clock_monotonic: () => {
        const us = outside.readClock(Clock.monotonic)
        if (us < this.#lastMonotonicUs) throw new Error(`monotonic clock stepped back from ${this.#lastMonotonicUs} to ${us} µs`)
        return (this.#lastMonotonicUs = us)
      }
    }
  }

  taken(): void {}

  hash(hasher: StateHasher): void {
    hasher.integer(this.#lastMonotonicUs)
  }
}
