/** Clock device: two readings, each a logged operation; the device itself has no state but the last values. */
import { Parser } from 'binary-parser'
import { Clock } from '../../logging-channel/entries.ts'
import { u64 } from '../../logging-channel/fields.ts'
import type { HostCalls } from '../machine/engine.ts'
import { parseFields, type FieldWriter } from '../machine/saved-fields.ts'
import type { StateHasher } from '../machine/state-hash.ts'
import { DeviceId, type Device, type Outside } from './device.ts'

const saved = u64(new Parser(), 'lastMonotonicUs').saveOffset('end')

export class ClockDevice implements Device {
  readonly id = DeviceId.clock
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

  save(out: FieldWriter): void {
    out.u64(this.#lastMonotonicUs)
  }

  restore(bytes: Uint8Array): void {
    this.#lastMonotonicUs = parseFields<{ lastMonotonicUs: number }>(saved, bytes, 'the clock\'s state').lastMonotonicUs
  }
}
