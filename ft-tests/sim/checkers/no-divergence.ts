/** Honest replicas never differ: a divergence, a defect or a stop for any other reason than the plan's is a violation. */
import type { Report } from '../../../hypervisor/ft/events.ts'
import { ExitCode } from '../../../hypervisor/ft/exit-codes.ts'
import { Checker } from '../checker.ts'
import type { Simulation } from '../simulation.ts'
import type { SimReplica } from '../sim-replica.ts'

export class NoDivergence extends Checker {
  readonly name = 'NoDivergence'

  override onReport(replica: SimReplica, report: Report): void {
    if (report.event === 'divergence') this.fail(`${replica.name}: ${report.what}`)
    if (report.event === 'guest-ended') this.fail(`${replica.name}: the guest ended: ${report.how}`)
  }

  override atEnd(sim: Simulation): void {
    for (const { name, haltCode, haltReason } of sim.replicas) {
      const isFine = haltCode === undefined || haltCode === ExitCode.ok || haltCode === ExitCode.lost
      if (!isFine) this.fail(`${name} halted with code ${haltCode}: ${haltReason}`)
    }
  }
}
