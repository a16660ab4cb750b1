/** Whoever starts replicas: sees that the service is not protected, and starts a new backup where the live one listens (P2.3-7). */
import { SimReplica } from './sim-replica.ts'
import type { Simulation } from './simulation.ts'

/** New processes in a run, so that no plan goes on for ever; once all is well, some more. */
const newcomersMax = 6
const newcomersAfterwards = 6
/** A new backup that its primary does not answer is given up. */
const joinMsMax = 2000

export class Supervisor {
  readonly #sim: Simulation
  #isStopped = false

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** Looks after the service from now on. */
  start(): void {
    const { reprotectEveryMs } = this.#sim.options
    const look = (): void => {
      this.#look()
      this.#sim.scheduler.after(reprotectEveryMs, look)
    }
    this.#sim.scheduler.after(reprotectEveryMs, look)
  }

  /** The machine is powered off: nothing is started any more. */
  stop(): void {
    this.#isStopped = true
  }

  /** One more process. A backup that nobody listens to ends at once. */
  startNewcomer(role: 'primary' | 'backup'): void {
    if (this.#isStopped) return
    const sim = this.#sim
    const { live, rng } = sim
    const { primaryQuantumTicks, backupWallSkewUs, backupSlowness } = sim.options
    const newcomer = new SimReplica(sim, {
      name: `newcomer ${sim.replicas.length - 1}`, role, hostClockMs: rng.integer(0, 100_000), wallSkewUs: -backupWallSkewUs,
      slowness: rng.chance(0.3) ? backupSlowness : 1, quantumTicks: primaryQuantumTicks
    })
    sim.replicas.push(newcomer)
    sim.startProcess(newcomer)
    if (role === 'primary') return
    sim.scheduler.after(joinMsMax, () => {
      if (newcomer.core.phase === 'joining') newcomer.kill()
    })
    // Whoever holds a term listens.
    if (live.isUp && live.core.role === 'primary' && live.core.phase !== 'claiming') sim.connect(live, newcomer)
    else newcomer.kill()
  }

  #look(): void {
    const { live, replicas, isHealed } = this.#sim
    const most = newcomersMax + (isHealed ? newcomersAfterwards : 0)
    if (!live.isUp || live.core.phase !== 'alone' || replicas.length - 2 >= most) return
    if (!replicas.some((replica) => replica.isCandidate)) this.startNewcomer('backup')
  }
}
