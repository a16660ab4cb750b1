/**
 * When guest timers are due, by this replica's own monotonic clock. Both replicas keep deadlines; only a live one
 * acts on them, by capturing a timer entry. Not part of the machine's state: the guest sees only the entries.
 */
export class Deadlines {
  readonly #deadlineUs = new Map<number, number>()
  #nextUs = Infinity

  arm(timer: number, deadlineUs: number): void {
    this.#deadlineUs.set(timer, deadlineUs)
    this.#settle()
  }

  disarm(timer: number): void {
    if (this.#deadlineUs.delete(timer)) this.#settle()
  }

  /** The earliest deadline in microseconds, `Infinity` if there is none. */
  get nextUs(): number {
    return this.#nextUs
  }

  /** Takes out the timers due at `nowUs`, earliest first. */
  takeDue(nowUs: number): readonly number[] {
    if (this.#nextUs > nowUs) return []
    const due = [...this.#deadlineUs].filter(([, at]) => at <= nowUs).sort(([a, x], [b, y]) => x - y || a - b)
    for (const [timer] of due) this.#deadlineUs.delete(timer)
    this.#settle()
    return due.map(([timer]) => timer)
  }

  /** The timers under way, with what is left of each at `nowUs`: a deadline on this host's clock means nothing on another. */
  save(nowUs: number): readonly { readonly timer: number; readonly leftUs: number }[] {
    return [...this.#deadlineUs].map(([timer, at]) => ({ timer, leftUs: Math.max(0, at - nowUs) }))
  }

  #settle(): void {
    this.#nextUs = Math.min(Infinity, ...this.#deadlineUs.values())
  }
}
