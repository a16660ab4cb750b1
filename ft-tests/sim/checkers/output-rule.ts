/**
 * The output rule (§2.2, P2.2-2) from what crossed the links: whatever leaves a replica is covered by the state and the log of
 * every other one that may take over from it, at that moment and when one comes to be such.
 */
import { Kind } from '../../../logging-channel/entries.ts'
import type { LogFrame } from '../../../logging-channel/messages.ts'
import type { Output, Outputs } from '../../../hypervisor/switch/messages.ts'
import { Checker } from '../checker.ts'
import type { Ledger } from '../ledger.ts'
import type { SimReplica } from '../sim-replica.ts'
import type { Simulation } from '../simulation.ts'

export class OutputRule extends Checker {
  readonly name = 'OutputRule'
  readonly #sim: Simulation
  readonly #ledger: Ledger
  /** By term. */
  readonly #lastSent: number[] = []

  constructor(sim: Simulation, ledger: Ledger) {
    super()
    this.#sim = sim
    this.#ledger = ledger
  }

  /** After the ledger has noted it. */
  override onFrameReceived(replica: SimReplica, { entries }: LogFrame): void {
    const { eligibleTerm, covered } = this.#ledger.of(replica)
    if (!entries.some(({ kind }) => kind === Kind.protectedMark) || eligibleTerm !== replica.core.term) return
    // What a later term has brought is no concern of a mark that comes too late.
    const lastSent = this.#lastSent.reduce((last, sent, term) => (term <= eligibleTerm ? Math.max(last, sent) : last), 0)
    if (lastSent <= covered) return
    this.fail(`${replica.name} may take over from here on, but output ${lastSent} is out, and its log ends with output ${covered}`)
  }

  override onOutputsSent(replica: SimReplica, message: Outputs): void {
    this.#check(replica, message.term, message.first + message.outputs.length - 1)
  }

  override onOutputsAccepted(replica: SimReplica, term: number, first: number, outputs: readonly Output[]): void {
    this.#check(replica, term, first + outputs.length - 1)
  }

  #check(replica: SimReplica, term: number, last: number): void {
    this.#lastSent[term] = Math.max(this.#lastSent[term] ?? 0, last)
    for (const other of this.#sim.replicas) {
      if (other === replica || !other.isUp) continue
      const { eligibleTerm, covered } = this.#ledger.of(other)
      if (eligibleTerm < term || covered >= last) continue
      const lacks = `${other.name}, which may take over, has a log that ends with output ${covered}`
      this.fail(`${replica.name} let output ${last} out too early in term ${term}: ${lacks}`)
    }
  }
}
