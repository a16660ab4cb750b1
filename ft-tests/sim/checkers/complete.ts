/** Only a backup that has the whole state, and the log up to its mark of the very term that is over, goes live (P3.1, DESIGN §6). */
import type { Report } from '../../../hypervisor/ft/events.ts'
import { Checker } from '../checker.ts'
import type { Ledger } from '../ledger.ts'
import type { SimReplica } from '../sim-replica.ts'

export class Complete extends Checker {
  readonly name = 'Complete'
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    super()
    this.#ledger = ledger
  }

  override onReport(replica: SimReplica, report: Report): void {
    if (report.event !== 'live') return
    const { hasState, eligibleTerm } = this.#ledger.of(replica)
    if (hasState && eligibleTerm === report.term - 1) return
    const has = hasState ? `its last mark is of term ${eligibleTerm}` : 'it never had the whole state'
    this.fail(`${replica.name} is live in term ${report.term}, and ${has}`)
  }
}
