/** At most one replica is live in a term and, whatever the terms, in all; and terms only rise (P2.3-5). */
import type { Report } from '../../../hypervisor/ft/events.ts'
import { Checker } from '../checker.ts'
import type { SimReplica } from '../sim-replica.ts'
import type { Simulation } from '../simulation.ts'

export class AtMostOneLive extends Checker {
  readonly name = 'AtMostOneLive'
  readonly #sim: Simulation
  readonly #holders = new Map<number, string>()
  #newestTerm = 0

  constructor(sim: Simulation) {
    super()
    this.#sim = sim
  }

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
    const others = this.#sim.replicas.filter((other) => other !== replica && other.isUp && other.core.phase === 'alone')
    if (others.length > 0) this.fail(`${replica.name} is ${report.event} in term ${report.term} beside ${others[0]!.name}`)
  }
}
