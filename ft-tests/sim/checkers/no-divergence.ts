/**
 * Honest replicas never differ, and end only as the plan has it. A backup whose memory was changed must find out,
 * stop, and not go live (DESIGN §6, divergence).
 */
import type { Report } from '../../../hypervisor/ft/events.ts'
import { ExitCode } from '../../../hypervisor/ft/exit-codes.ts'
import { Checker } from '../checker.ts'
import type { Simulation } from '../simulation.ts'
import type { SimReplica } from '../sim-replica.ts'

export class NoDivergence extends Checker {
  readonly name = 'NoDivergence'
  readonly #sim: Simulation

  constructor(sim: Simulation) {
    super()
    this.#sim = sim
  }

  override onReport(replica: SimReplica, report: Report): void {
    const isExpected = this.#sim.isBackupSpoilt && replica.name === 'backup'
    if (report.event === 'divergence' && !isExpected) this.fail(`${replica.name}: ${report.what}`)
    if (report.event === 'live' && isExpected) this.fail('the backup went live with a memory that differs from the primary\'s')
    if (report.event === 'guest-ended') this.fail(`${replica.name}: the guest ended: ${report.how}`)
  }

  override atEnd(): void {
    for (const { name, haltCode, haltReason } of this.#sim.replicas) {
      const isExpected = haltCode === ExitCode.divergence && this.#sim.isBackupSpoilt && name === 'backup'
      // One that was still joining has nothing to go live with, and says so.
      const isFailedStart = this.#sim.options.startsEarly && haltReason.startsWith('channel to the primary')
      const isRefused = haltCode === ExitCode.refused && isFailedStart
      const isFine = isRefused || haltCode === undefined || haltCode === ExitCode.ok || haltCode === ExitCode.lost || isExpected
      if (!isFine) this.fail(`${name} halted with code ${haltCode}: ${haltReason}`)
    }
  }
}
