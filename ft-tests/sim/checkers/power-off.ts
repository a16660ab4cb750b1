/** A machine that its operator powers off stays off: every replica ends, and none goes live for it (P3.3-2). */
import { ControlOperation, Kind, type LogEntry } from '../../../logging-channel/entries.ts'
import type { LogFrame } from '../../../logging-channel/messages.ts'
import { isFollowing } from '../../../hypervisor/ft/phase.ts'
import { Checker } from '../checker.ts'
import type { SimReplica } from '../sim-replica.ts'
import type { Simulation } from '../simulation.ts'

export class PowerOff extends Checker {
  readonly name = 'PowerOff'
  readonly #sim: Simulation

  constructor(sim: Simulation) {
    super()
    this.#sim = sim
  }

  override onFrameReceived(replica: SimReplica, frame: LogFrame): void {
    const isPowerOff = (entry: LogEntry): boolean => entry.kind === Kind.control && entry.operation === ControlOperation.powerOff
    // One that suspects its primary hears no more.
    if (frame.entries.some(isPowerOff) && isFollowing(replica.core.phase)) this.#sim.toldOff.add(replica)
  }

  override atEnd(sim: Simulation): void {
    if (!sim.states.has('powered off')) return
    for (const replica of sim.replicas) {
      if (replica.isUp) this.fail(`${replica.name} is ${replica.core.phase} although the machine is powered off`)
    }
    const { term } = sim.arbiter.current(sim.vm)
    const isUntroubled = sim.options.faults.length === 0 && sim.options.killAfterPowerOffMs === 0
    if (isUntroubled && term > 1) this.fail(`term ${term} was taken although nothing failed`)
  }
}
