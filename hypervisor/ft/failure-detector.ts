/**
 * Suspects a silent peer (§2.3, P2.3-4). A suspicion is only that: nothing follows from it but a test-and-set.
 * Time is an argument; milliseconds of any monotonic clock.
 */
export class FailureDetector {
  readonly #timeoutMs: number
  readonly #checkMsMax: number
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
    this.#checkMsMax = intervalMs / 2
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
   * To be called at least twice an interval. If this process itself was held up between two calls, the peer may have spoken
   * meanwhile and not been read: what goes beyond half an interval is not held against it. The rest is, so that a peer that is
   * dead is suspected even by a process that is held up all the time.
   */
  suspects(nowMs: number): boolean {
    const gapMs = nowMs - this.#lastCheckMs
    this.#lastCheckMs = nowMs
    if (gapMs > this.#checkMsMax) this.#lastHeardMs = Math.min(nowMs, this.#lastHeardMs + gapMs - this.#checkMsMax)
    return nowMs - this.#lastHeardMs >= this.#timeoutMs + this.grantedMs
  }
}
