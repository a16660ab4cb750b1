/** Starts something again after it came to nothing: at once the first time, then after ever longer waits. */
const firstMs = 100
const longestMs = 5000

export class BackOff {
  readonly #start: () => void
  #failures = 0
  #timer: NodeJS.Timeout | undefined

  constructor(start: () => void) {
    this.#start = start
  }

  /** Asks for a start, in `earliestMs` or later; one that is due already is enough. */
  wanted(earliestMs = 0): void {
    if (this.#timer !== undefined) return
    const waitMs = this.#failures === 0 ? 0 : Math.min(firstMs * 2 ** (this.#failures - 1), longestMs)
    this.#failures++
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#start()
    }, Math.max(waitMs, earliestMs))
  }

  /** What was started does its work: the next start is a first one again. */
  succeeded(): void {
    this.#failures = 0
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
