/**
 * Honest replicas never differ, and end only as the plan has it. A backup whose memory was changed must find out,
 * stop, and not go live (DESIGN §6, divergence).
 */
import type { Report } from '../../../hypervisor/ft/events.ts'
import { ExitCode } from '../../../hypervisor/ft/exit-codes.ts'
import { Kind } from '../../../logging-channel/entries.ts'
import type { LogFrame } from '../../../logging-channel/messages.ts'
import { Checker } from '../checker.ts'
import type { Simulation } from '../simulation.ts'
import type { SimReplica } from '../sim-replica.ts'

export class NoDivergence extends Checker {
  readonly name = 'NoDivergence'
  readonly #sim: Simulation

  /** Hashes over the spoilt page that the backup has received since. */
  readonly #telltales: number[] = []

  constructor(sim: Simulation) {
    super()
    this.#sim = sim
  }

  override onFrameReceived(replica: SimReplica, { seq, entries }: LogFrame): void {
    if (this.#sim.spoilt !== replica) return
    entries.forEach((entry, i) => {
      if (entry.kind === Kind.stateHash && entry.firstPage === 0) this.#telltales.push(seq + i)
    })
  }

  override onStepped(replica: SimReplica): void {
    const [seq] = this.#telltales
    if (seq === undefined || this.#sim.spoilt !== replica || replica.core.phase === 'halted') return
    if (replica.status.replayedSeq >= seq) this.fail(`the backup's memory is spoilt, and it replayed the state hash at seq ${seq}`)
  }

  override onReport(replica: SimReplica, report: Report): void {
    const isExpected = this.#sim.spoilt === replica
    if (report.event === 'divergence' && !isExpected) this.fail(`${replica.name}: ${report.what}`)
    if (report.event === 'live' && isExpected) this.fail('the backup went live with a memory that differs from the primary\'s')
    if (report.event === 'guest-ended') this.fail(`${replica.name}: the guest ended: ${report.how}`)
  }

  override atEnd(): void {
    for (const replica of this.#sim.replicas) {
      const { name, traits, haltCode, haltReason } = replica
      const isExpected = haltCode === ExitCode.divergence && this.#sim.spoilt === replica
      // One that was still joining has nothing to go live with, and says so; or another one was quicker.
      const isEarly = this.#sim.options.startsEarly || this.#sim.isPoweredOffEarly
      const isFailedStart = isEarly && /^(channel to the primary|primary said: refused)/.test(haltReason)
      const isNewcomer = name !== traits.role
      const isRefused = haltCode === ExitCode.refused && (isFailedStart || isNewcomer)
      const isUsual = haltCode === undefined || haltCode === ExitCode.ok || haltCode === ExitCode.lost
      // A backup that was not complete, or not marked in the new term, gives up when it loses its primary.
      if (isUsual || isRefused || isExpected || haltCode === ExitCode.incomplete) continue
      this.fail(`${name} halted with code ${haltCode}: ${haltReason}`)
    }
  }
}
