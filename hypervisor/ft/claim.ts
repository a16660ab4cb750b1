/**
 * The way to a term: one test-and-set, asked again until the arbiter answers (P2.3-5, P2.3-6). The answer to a lost
 * reply is the same when asked again, so asking twice is safe.
 */
import type { Verdict } from '../../shared-disk/arbiter.ts'

const retryMs = 100

export class Claim {
  readonly fromTerm: number
  readonly startedMs: number
  #retryAtMs = Infinity
  #asked = false
  #failures = 0

  constructor(fromTerm: number, nowMs: number) {
    this.fromTerm = fromTerm
    this.startedMs = nowMs
  }

  /** True once, when the question is to be put (again). */
  ask(nowMs: number): boolean {
    if (this.#asked && nowMs < this.#retryAtMs) return false
    this.#asked = true
    this.#retryAtMs = Infinity
    return true
  }

  /** @returns true the first time: an arbiter that stays away is told once */
  unanswered(nowMs: number): boolean {
    const isFirst = this.#failures++ === 0
    this.#retryAtMs = nowMs + retryMs
    return isFirst
  }

  /** Whether `holder` has the term. @throws if the answer contradicts itself: then nobody may go live on it */
  settle(verdict: Verdict, holder: string): boolean {
    if (verdict.won && (verdict.term !== this.fromTerm + 1 || verdict.holder !== holder)) {
      throw new Error(`arbiter says won, but term ${verdict.term} is held by ${verdict.holder}`)
    }
    if (!verdict.won && verdict.term <= this.fromTerm) {
      throw new Error(`arbiter knows term ${verdict.term} only, this replica is in term ${this.fromTerm}`)
    }
    return verdict.won
  }

  /** Why a replica that lost must halt, in one line. */
  whyLost({ term, holder }: Verdict, vm: string): string {
    if (this.fromTerm > 0) return `lost the test-and-set: ${holder} is live in term ${term}`
    return `virtual machine "${vm}" has run before (term ${term}, held by ${holder})`
  }
}
