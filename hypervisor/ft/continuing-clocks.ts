/**
 * The guest's clocks across a failover: they go on from the last logged values and never step back because the
 * machine changed hosts (DESIGN §6). The guest's monotonic clock starts at 0 at boot.
 */
import { Clock } from '../../logging-channel/entries.ts'
import type { World } from './world.ts'

export class ContinuingClocks {
  readonly #world: World
  #monotonicOffsetUs: number
  #lastMonotonicUs = 0
  #lastWallUs = 0
  #wallOffsetUs = 0
  #following = false

  constructor(world: World) {
    this.#world = world
    this.#monotonicOffsetUs = -world.monotonicUs()
  }

  /** Takes note of a reading made by the primary. */
  follow(clock: Clock, us: number): void {
    if (clock === Clock.wall) {
      this.#lastWallUs = us
      this.#following = true
      return
    }
    this.#lastMonotonicUs = us
    this.#monotonicOffsetUs = us - this.#world.monotonicUs()
  }

  /** The last readings of the guest, for a snapshot; 0 where it made none. */
  save(): { readonly monotonicUs: number; readonly wallUs: number } {
    return { monotonicUs: this.#lastMonotonicUs, wallUs: this.#lastWallUs }
  }

  /** Goes on from another replica's readings. */
  restore({ monotonicUs, wallUs }: { readonly monotonicUs: number; readonly wallUs: number }): void {
    this.follow(Clock.monotonic, monotonicUs)
    if (wallUs > 0) this.follow(Clock.wall, wallUs)
  }

  read(clock: Clock): number {
    return clock === Clock.wall ? this.#readWall() : this.#readMonotonic()
  }

  #readMonotonic(): number {
    const us = this.#world.monotonicUs() + this.#monotonicOffsetUs
    return (this.#lastMonotonicUs = Math.max(this.#lastMonotonicUs, us))
  }

  #readWall(): number {
    const us = this.#world.wallUs()
    if (this.#following) {
      // First reading after going live: if this host's clock is behind, the guest's goes on from where it was.
      this.#wallOffsetUs = Math.max(0, this.#lastWallUs - us)
      this.#following = false
    }
    return (this.#lastWallUs = us + this.#wallOffsetUs)
  }
}
