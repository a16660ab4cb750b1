/** A backup never executes what the log does not say its primary has executed (DESIGN §6). */
import { isFollowing } from '../../../hypervisor/ft/phase.ts'
import { Checker } from '../checker.ts'
import type { Ledger } from '../ledger.ts'
import type { SimReplica } from '../sim-replica.ts'

export class NeverAhead extends Checker {
  readonly name = 'NeverAhead'
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    super()
    this.#ledger = ledger
  }

  override onRest(replica: SimReplica): void {
    const { phase, role } = replica.core
    if (!isFollowing(phase) && phase !== 'leaving' && !(phase === 'suspecting' && role === 'backup')) return
    const { ticks } = replica.machine
    const { reachedTick } = this.#ledger.of(replica)
    if (ticks > reachedTick) this.fail(`${replica.name} is at tick ${ticks}, its log says that the primary reached ${reachedTick}`)
  }
}
