/** Nothing grows without limit: unacknowledged entries, entries to be replayed, what the switch holds (§3.2). */
import { HELD_BYTES_MAX } from '../../../hypervisor/switch/limits.ts'
import { Checker } from '../checker.ts'
import type { Simulation } from '../simulation.ts'
import type { SimReplica } from '../sim-replica.ts'

/** What one run of the simulated guest may log beyond a window that was not full when it began. */
const runEntriesMax = 4000

export class Bounded extends Checker {
  readonly name = 'Bounded'
  readonly #sim: Simulation

  constructor(sim: Simulation) {
    super()
    this.#sim = sim
  }

  override onStepped(replica: SimReplica): void {
    const { phase } = replica.core
    const { lastSeq, ackedSeq, bufferedEntries } = replica.core.status()
    const most = this.#sim.options.windowEntriesMax + runEntriesMax
    if (phase === 'protected' && lastSeq - ackedSeq > most) this.fail(`${lastSeq - ackedSeq} entries are not acknowledged, at most ${most} may be`)
    if (bufferedEntries > most) this.fail(`the backup holds ${bufferedEntries} entries, at most ${most} may be`)
    if (this.#sim.switch.core.heldBytes > HELD_BYTES_MAX) this.fail(`the switch holds ${this.#sim.switch.core.heldBytes} bytes`)
  }
}
