/**
 * Whether a backup may take over: only when it has the machine's whole state and the log up to the mark that protects it,
 * and only in the term of that mark (P3.1). Before, it must never go live: outputs were released that it knows nothing of.
 */
export class Eligibility {
  #hasState = false
  #term = 0

  /** It boots together with its primary, before the first output: it lacks nothing. */
  bootInTerm(term: number): void {
    this.#hasState = true
    this.#term = term
  }

  /** The snapshot is complete and taken on. */
  hasState(): void {
    this.#hasState = true
  }

  /** The log has come up to the protected mark of `term`. @throws if there is no state yet: a mark must not come so early */
  marked(term: number): void {
    if (!this.#hasState) throw new Error(`a protected mark of term ${term} came before the snapshot was complete`)
    this.#term = term
  }

  /** The primary has begun another term: what was marked before counts no more. */
  isIn(term: number): boolean {
    return this.#hasState && this.#term === term
  }

  /** What it lacks, for a person. */
  get lacks(): string {
    return this.#hasState ? 'it has no protected mark of this term' : 'it does not hold the whole snapshot'
  }
}
