/** At most one replica is live in a term, terms only rise, and the switch never goes back to an older one (P2.3-5). */
import type { Report } from '../../../hypervisor/ft/events.ts'
import type { Output } from '../../../hypervisor/switch/messages.ts'
import { Checker } from '../checker.ts'
import type { SimReplica } from '../sim-replica.ts'

export class AtMostOneLive extends Checker {
  readonly name = 'AtMostOneLive'
  readonly #holders = new Map<number, string>()
  #newestTerm = 0
  #acceptedTerm = 0

  override onDecided(term: number, holder: string): void {
    const known = this.#holders.get(term)
    if (known !== undefined && known !== holder) this.fail(`term ${term} went to ${known} and to ${holder}`)
    if (known === undefined && term !== this.#newestTerm + 1) this.fail(`term ${term} follows term ${this.#newestTerm}`)
    this.#holders.set(term, holder)
    this.#newestTerm = Math.max(this.#newestTerm, term)
  }

  override onReport(replica: SimReplica, report: Report): void {
    if (report.event !== 'live' && report.event !== 'alone' && report.event !== 'waiting') return
    const holder = this.#holders.get(report.term)
    if (holder !== replica.name) {
      this.fail(`${replica.name} is ${report.event} in term ${report.term}, which ${holder ?? 'nobody'} holds`)
    }
  }

  override onOutputsAccepted(replica: SimReplica, term: number, first: number, _outputs: readonly Output[]): void {
    if (term < this.#acceptedTerm) {
      this.fail(`output ${first} of term ${term} took effect after outputs of term ${this.#acceptedTerm}`)
    }
    const holder = this.#holders.get(term)
    if (holder !== replica.name) {
      this.fail(`output ${first} of ${replica.name} took effect in term ${term}, which ${holder ?? 'nobody'} holds`)
    }
    this.#acceptedTerm = term
  }
}
