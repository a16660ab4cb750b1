/** How fast a primary goes: it is slowed while its backup is too far behind, and told when that begins and ends (§3.2). */
import type { Core } from './core.ts'
import type { ReplicaConfig } from './replica-config.ts'
import { Throttle } from './throttle.ts'
import type { World } from './world.ts'

const lagMsMaxDefault = 200

export type Pace = {
  /** Time between an entry's acknowledgement and its replay. */
  readonly lagMs: number
  /** The part of its time for which the primary rests, 0 to 1. */
  readonly restShare: number
}

export class PrimaryPace {
  readonly #core: Core
  readonly #world: World
  readonly #throttle: Throttle
  #isSlowed = false

  constructor(core: Core, config: ReplicaConfig, world: World) {
    this.#core = core
    this.#world = world
    this.#throttle = new Throttle(config.lagMsMax ?? lagMsMaxDefault)
  }

  status(lagMs: number): Pace {
    return { lagMs, restShare: this.#throttle.share }
  }

  /** When the rest is over, on the world's monotonic clock; undefined if there is none. */
  restUntilUs(): number | undefined {
    if (this.#throttle.share === 0) return undefined
    const untilUs = this.#throttle.wakeUs(this.#world.monotonicUs())
    return untilUs === Infinity ? undefined : untilUs
  }

  /** True if no slice is to start now. */
  mustRest(lagMs: number): boolean {
    this.#throttle.adjust(lagMs, this.#core.nowMs)
    const isSlowed = this.#throttle.share > 0
    if (isSlowed !== this.#isSlowed) this.#core.report({ event: 'throttle', on: isSlowed, lagMs })
    this.#isSlowed = isSlowed
    return isSlowed && this.#throttle.isResting(this.#world.monotonicUs())
  }

  runStarts(): void {
    if (this.#throttle.share > 0) this.#throttle.runStarts(this.#world.monotonicUs())
  }

  runEnds(): void {
    if (this.#throttle.share > 0) this.#throttle.runEnds(this.#world.monotonicUs())
  }
}
