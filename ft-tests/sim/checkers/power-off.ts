/** A machine that its operator powers off stays off: every replica ends, and none goes live for it (P3.3-2). */
import { Checker } from '../checker.ts'
import type { Simulation } from '../simulation.ts'

export class PowerOff extends Checker {
  readonly name = 'PowerOff'

  override atEnd(sim: Simulation): void {
    if (!sim.options.powerOffAtEnd && !sim.isPoweredOffEarly) return
    for (const replica of sim.replicas) {
      if (replica.isUp) this.fail(`${replica.name} is ${replica.core.phase} although the machine is powered off`)
    }
    const { term } = sim.arbiter.current(sim.vm)
    if (sim.options.faults.length === 0 && term !== 1) this.fail(`term ${term} was taken although nothing failed`)
  }
}
