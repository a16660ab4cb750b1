/** Carries out a plan of faults at its moments, knows when the last one is over, and heals what they left. */
import { guestFlipAt } from './guest.ts'
import type { Fault } from './faults.ts'
import type { SimReplica } from './sim-replica.ts'
import type { Simulation } from './simulation.ts'
import { duplicateChannel, duplicateSwitchLink } from './strays.ts'

const arbiterSlowMs = 150
const slowFactor = 30
/** A kill that waits for a step with several commands waits no longer; far less than any suspicion takes. */
const midStepWaitMs = 2

export class FaultInjector {
  readonly injected: string[] = []
  isStarted = false
  readonly #sim: Simulation
  #open = 0

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  get isOver(): boolean {
    return this.isStarted && this.#open === 0
  }

  start(): void {
    this.isStarted = true
    for (const fault of this.#sim.options.faults) {
      this.#open++
      this.#sim.scheduler.after(fault.atMs, () => {
        this.#sim.trace.note(`${this.#sim.nowMs.toFixed(3)} fault ${fault.kind} for ${fault.forMs} ms`)
        if (this.#inject(fault)) this.injected.push(fault.kind)
        this.#sim.scheduler.after(fault.forMs, () => this.#open--)
      })
    }
  }

  /** Ends whatever still lasts: stopped processes go on, links move, the arbiter answers. */
  heal(): void {
    const { arbiter, replicas, channel } = this.#sim
    arbiter.isDown = false
    arbiter.repliesToLose = 0
    this.#sim.arbiterExtraMs = 0
    this.#sim.clientsReadFromMs = 0
    channel?.toBackup.hold(0)
    channel?.toPrimary.hold(0)
    for (const replica of replicas) {
      replica.extraSlowness = 1
      replica.dieAfter = undefined
      replica.stallSwitch(0)
      if (replica.isPaused) replica.resume()
    }
  }

  /** @returns false if there was nothing to hit */
  #inject(fault: Fault): boolean {
    const { kind, forMs, midStep } = fault
    const [primary, backup] = this.#sim.replicas as [SimReplica, SimReplica]
    switch (kind) {
      case 'killPrimary': return this.#kill(primary, midStep)
      case 'killBackup': return this.#kill(backup, midStep)
      case 'killBetweenFrames': return this.#all(() => void (primary.dieAfter = 'firstFrame'))
      case 'killLoser': return this.#killLoser()
      case 'killLive': return this.#killLive()
      case 'restartPrimary': return this.#all(() => this.#sim.startNewcomer('primary'))
      case 'restartBackup': return this.#all(() => this.#sim.startNewcomer('backup'))
      case 'pausePrimary': return this.#pause(primary, forMs)
      case 'pauseBackup': return this.#pause(backup, forMs)
      case 'pauseLive': return this.#pause(this.#sim.live, forMs)
      case 'slowPrimary': return this.#slow(primary, forMs)
      case 'slowBackup': return this.#slow(backup, forMs)
      case 'arbiterDown': return this.#arbiterDown(forMs)
      case 'arbiterReplyLost': return this.#all(() => void (this.#sim.arbiter.repliesToLose = 1))
      case 'arbiterSlow': return this.#arbiterSlow(forMs)
      case 'cutSwitchOfLive': return this.#cutSwitch(midStep)
      case 'stallSwitchOfLive': return this.#all(() => this.#sim.live.stallSwitch(forMs))
      case 'stallClients': return this.#all(() => void (this.#sim.clientsReadFromMs = this.#sim.nowMs + forMs))
      case 'flipMemory': return this.#flipMemory(backup)
      case 'wallJump': return this.#all(() => void (this.#sim.live.wallJumpUs += fault.jumpUs))
      case 'wallJumpBackup': return this.#jumpBackup(backup, fault.jumpUs)
      case 'duplicateSwitchLink': return duplicateSwitchLink(this.#sim)
      default: return this.#onChannel(fault)
    }
  }

  #onChannel({ kind, forMs, midStep: drop }: Fault): boolean {
    const { channel } = this.#sim
    if (channel === undefined || !this.#isPair()) return false
    const { toBackup, toPrimary } = channel
    switch (kind) {
      case 'cutToBackup': return this.#all(() => toBackup.lose(drop))
      case 'cutToPrimary': return this.#all(() => toPrimary.lose(drop))
      case 'cutBoth': return this.#all(() => toBackup.lose(drop), () => toPrimary.lose(drop))
      case 'cutClose': return this.#all(() => toBackup.breakOff(), () => toPrimary.breakOff())
      case 'stallToBackup': return this.#all(() => toBackup.hold(forMs))
      case 'stallToPrimary': return this.#all(() => toPrimary.hold(forMs))
      case 'stallBoth': return this.#all(() => toBackup.hold(forMs), () => toPrimary.hold(forMs))
      case 'corruptToBackup': return this.#all(() => toBackup.damage())
      case 'corruptToPrimary': return this.#all(() => toPrimary.damage())
      case 'duplicateChannel': return duplicateChannel(this.#sim, channel)
      default: throw new Error(`nobody carries out ${kind}`)
    }
  }

  #isPair(): boolean {
    return this.#sim.replicas.slice(0, 2).every((replica) => replica.isFairGame)
  }

  #all(...parts: readonly (() => void)[]): boolean {
    for (const part of parts) part()
    return true
  }

  /** Only while both could still go on without the other: else it might be the last one. */
  #kill(replica: SimReplica, midStep: boolean): boolean {
    if (!this.#isPair()) return false
    if (midStep) replica.dieAfter = { commands: this.#sim.rng.integer(0, 2) }
    this.#sim.scheduler.after(midStep ? midStepWaitMs : 0, () => {
      if (replica.isFairGame) replica.kill()
      replica.dieAfter = undefined
    })
    return true
  }

  #killLoser(): boolean {
    const { term, holder } = this.#sim.arbiter.current(this.#sim.vm)
    const loser = this.#sim.replicas.find((r) => r.name !== holder)
    if (term < 2 || loser === undefined || !loser.isUp) return false
    loser.kill()
    return true
  }

  /** A second failure: nobody may be left. */
  #killLive(): boolean {
    const { live } = this.#sim
    if (this.#sim.arbiter.current(this.#sim.vm).term < 2 || !live.isUp) return false
    live.kill()
    return true
  }

  #pause(replica: SimReplica, forMs: number): boolean {
    if (!replica.isUp || replica.isPaused) return false
    replica.pause()
    this.#sim.scheduler.after(forMs, () => replica.resume())
    return true
  }

  #slow(replica: SimReplica, forMs: number): boolean {
    if (!replica.isUp) return false
    replica.extraSlowness = slowFactor
    this.#sim.scheduler.after(forMs, () => void (replica.extraSlowness = 1))
    return true
  }

  /** Before it goes live: what its guest sees afterwards goes on from where the primary's was. */
  #jumpBackup(backup: SimReplica, jumpUs: number): boolean {
    if (!backup.isPaired) return false
    backup.wallJumpUs += jumpUs
    return true
  }

  /** Where the guest computes, so that no reply shows it; only the state hash can. */
  #flipMemory({ machine }: SimReplica): boolean {
    if (!this.#isPair()) return false
    machine.engine.memory()[guestFlipAt]! ^= 4
    this.#sim.isBackupSpoilt = true
    return true
  }

  #arbiterDown(forMs: number): boolean {
    this.#sim.arbiter.isDown = true
    this.#sim.scheduler.after(forMs, () => (this.#sim.arbiter.isDown = false))
    return true
  }

  #arbiterSlow(forMs: number): boolean {
    this.#sim.arbiterExtraMs = arbiterSlowMs
    this.#sim.scheduler.after(forMs, () => (this.#sim.arbiterExtraMs = 0))
    return true
  }

  /** @param silently the switch does not hear that the old connection is gone */
  #cutSwitch(silently: boolean): boolean {
    const { live } = this.#sim
    if (!live.isUp) return false
    live.loseSwitch(silently)
    return true
  }
}
