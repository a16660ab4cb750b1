/** Whoever starts replicas: sees that the service is not protected, and starts a new backup where the live one listens (P2.3-7). */
import { SimReplica } from './sim-replica.ts'
import type { Simulation } from './simulation.ts'

/** New processes while a plan lasts, so that none goes on for ever. */
const newcomersMax = 6
/** Once all is well, waits after starts that came to nothing, as hypervisor/host/back-off.ts has them. */
const backOffMs = 100
const backOffMsMax = 5000
/** A new backup that its primary does not answer is given up. */
const joinMsMax = 2000

export class Supervisor {
  readonly #sim: Simulation
  #isStopped = false
  #failures = 0
  #notBeforeMs = 0

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
    const { live, replicas, isHealed, isProtected } = this.#sim
    if (isProtected) this.#failures = 0
    if (!live.isUp || live.core.phase !== 'alone' || replicas.some((replica) => replica.isCandidate)) return
    if (!isHealed && replicas.length - 2 < newcomersMax) return this.startNewcomer('backup')
    if (isHealed && this.#isDue) this.#startAgain()
  }

  get #isDue(): boolean {
    return this.#sim.nowMs >= this.#notBeforeMs
  }

  #startAgain(): void {
    this.#notBeforeMs = this.#sim.nowMs + Math.min(backOffMs * 2 ** this.#failures++, backOffMsMax)
    this.startNewcomer('backup')
  }
}
