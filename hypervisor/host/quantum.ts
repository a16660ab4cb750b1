/**
 * How many ticks make one quantum of wall time. Outside determinism: it only decides where a slice is cut, and the
 * cut itself is in the log.
 */
const ticksMin = 1000
const ticksMax = 2 ** 31 - 2

export class QuantumController {
  readonly #quantumMs: number
  #ticks = 100_000
  #startedMs = 0
  #startTick = 0

  /** @param quantumMs how long a guest may keep the host loop waiting */
  constructor(quantumMs: number) {
    this.#quantumMs = quantumMs
  }

  get ticks(): number {
    return this.#ticks
  }

  runStarts(tick: number, nowMs: number): void {
    this.#startTick = tick
    this.#startedMs = nowMs
  }

  /** Learns from a slice that used up its quantum, in ticks or in time; a short run, such as the rest of one of the log's, says nothing. */
  runStopped(tick: number, nowMs: number): void {
    const tookMs = Math.max(nowMs - this.#startedMs, 0.01)
    const ticks = tick - this.#startTick
    if (ticks < this.#ticks && tookMs < this.#quantumMs) return
    const wanted = ticks * (this.#quantumMs / tookMs)
    // Down at once, up by doubling: a slice that is too long hurts, one that is too short only costs a little.
    this.#ticks = Math.round(Math.min(Math.max(Math.min(wanted, this.#ticks * 2), ticksMin), ticksMax))
  }
}
