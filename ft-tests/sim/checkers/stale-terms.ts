/** Whoever is of an older term, or holds none, gets nothing done at the switch (DESIGN §6, terms). */
import type { Output } from '../../../hypervisor/switch/messages.ts'
import { Checker } from '../checker.ts'
import type { SimReplica } from '../sim-replica.ts'

export class StaleTerms extends Checker {
  readonly name = 'StaleTerms'
  readonly #holders = new Map<number, string>()
  #newestTerm = 0

  override onDecided(term: number, holder: string): void {
    this.#holders.set(term, holder)
  }

  override onAttached(replica: SimReplica, term: number): void {
    if (term < this.#newestTerm) this.fail(`${replica.name} attached in term ${term} after term ${this.#newestTerm}`)
    this.#mustHold(replica, term, 'attached')
    this.#newestTerm = term
  }

  override onOutputsAccepted(replica: SimReplica, term: number, first: number, _outputs: readonly Output[]): void {
    if (term < this.#newestTerm) this.fail(`output ${first} of term ${term} took effect after an attach of term ${this.#newestTerm}`)
    this.#mustHold(replica, term, `had output ${first} taken`)
  }

  #mustHold(replica: SimReplica, term: number, what: string): void {
    const holder = this.#holders.get(term)
    if (holder !== replica.name) this.fail(`${replica.name} ${what} in term ${term}, which ${holder ?? 'nobody'} holds`)
  }
}
