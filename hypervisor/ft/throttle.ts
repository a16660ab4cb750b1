/**
 * Slows a primary whose backup falls behind (§3.2, P3.2-5): it rests for a share of its time, a little more as long as the
 * lag is too long, a little less when it is short again. Microseconds of the world's monotonic clock.
 */
const adjustEveryMs = 10
const step = 0.02
const shareMax = 0.95
/** Rests shorter than this are saved up: timers are not finer. */
const restUsMin = 2000

export class Throttle {
  readonly #lagMsMax: number
  #share = 0
  #adjustedMs = -Infinity
  #startedUs = Infinity
  #owedUs = 0
  #restUntilUs = -Infinity

  /** @param lagMsMax execution lag above which the primary is slowed, in milliseconds */
  constructor(lagMsMax: number) {
    this.#lagMsMax = lagMsMax
  }

  /** The part of its time for which the primary rests: 0 to 0.95. */
  get share(): number {
    return this.#share
  }

  /** When the rest is over; `Infinity` if there is none. */
  wakeUs(nowUs: number): number {
    return this.isResting(nowUs) ? this.#restUntilUs : Infinity
  }

  isResting(nowUs: number): boolean {
    return nowUs < this.#restUntilUs
  }

  /** Feedback, to be called often. */
  adjust(lagMs: number, nowMs: number): void {
    if (nowMs - this.#adjustedMs < adjustEveryMs) return
    this.#adjustedMs = nowMs
    if (lagMs > this.#lagMsMax) this.#share = Math.min(shareMax, this.#share + step)
    else if (lagMs < this.#lagMsMax / 2) this.#share = Math.max(0, this.#share - step)
  }

  runStarts(nowUs: number): void {
    this.#startedUs = nowUs
  }

  runEnds(nowUs: number): void {
    const tookUs = Math.max(0, nowUs - this.#startedUs)
    this.#startedUs = Infinity
    this.#owedUs += (tookUs * this.#share) / (1 - this.#share)
    if (this.#owedUs < restUsMin) return
    this.#restUntilUs = nowUs + this.#owedUs
    this.#owedUs = 0
  }
}
