/** A machine that its operator powers off stays off: every replica ends in good order, and none goes live for it (P3.3-2). */
import { ExitCode } from '../../../hypervisor/ft/exit-codes.ts'
import { Checker } from '../checker.ts'
import type { Simulation } from '../simulation.ts'

export class PowerOff extends Checker {
  readonly name = 'PowerOff'

  override atEnd(sim: Simulation): void {
    if (!sim.options.powerOffAtEnd) return
    for (const replica of sim.replicas) {
      if (replica.isUp) this.fail(`${replica.name} is ${replica.core.phase} although the machine is powered off`)
      const isFine = replica.isDead || replica.haltCode === ExitCode.divergence || replica.haltCode === ExitCode.ok || replica.haltCode === ExitCode.lost
      if (!isFine) this.fail(`${replica.name} ended with code ${replica.haltCode}: ${replica.haltReason}`)
    }
    const { term } = sim.arbiter.current(sim.vm)
    if (sim.options.faults.length === 0 && term !== 1) this.fail(`term ${term} was taken although nothing failed`)
  }
}
