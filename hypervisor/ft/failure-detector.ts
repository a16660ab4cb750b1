/**
 * Suspects a silent peer (§2.3, P2.3-4). A suspicion is only that: nothing follows from it but a test-and-set.
 * Time is an argument; milliseconds of any monotonic clock.
 */
export class FailureDetector {
  readonly #timeoutMs: number
  readonly #stallMs: number
  /** The peer has said that it will be silent for so much longer. */
  grantedMs = 0
  #lastHeardMs: number
  #lastCheckMs: number

  /**
   * @param intervalMs the peer sends something at least this often
   * @param intervalsMissed silence of this many intervals is suspicious
   */
  constructor(intervalMs: number, intervalsMissed: number, nowMs: number) {
    this.#timeoutMs = intervalMs * intervalsMissed
    this.#stallMs = intervalMs
    this.#lastHeardMs = nowMs
    this.#lastCheckMs = nowMs
  }

  heard(nowMs: number): void {
    this.#lastHeardMs = nowMs
  }

  /** Milliseconds since the peer was last heard. */
  silenceMs(nowMs: number): number {
    return nowMs - this.#lastHeardMs
  }

  /**
   * To be called several times an interval. If this process itself was held up between two calls, the peer may
   * have spoken meanwhile and not been read: that time is not held against it.
   */
  suspects(nowMs: number): boolean {
    const gapMs = nowMs - this.#lastCheckMs
    this.#lastCheckMs = nowMs
    if (gapMs > this.#stallMs) this.#lastHeardMs = Math.min(nowMs, this.#lastHeardMs + gapMs)
    return nowMs - this.#lastHeardMs >= this.#timeoutMs + this.grantedMs
  }
}
