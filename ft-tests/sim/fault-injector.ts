/** Carries out a plan of faults at its moments, and knows when the last one is over. */
import { guestFlipAt } from './guest.ts'
import type { Fault } from './faults.ts'
import type { SimReplica } from './sim-replica.ts'
import type { Simulation } from './simulation.ts'

const arbiterSlowMs = 150
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

  /** @returns false if there was nothing to hit */
  #inject({ kind, forMs, midStep }: Fault): boolean {
    const [primary, backup] = this.#sim.replicas
    const { toBackup, toPrimary } = this.#sim.channel
    const drop = midStep
    switch (kind) {
      case 'killPrimary': return this.#kill(primary, midStep)
      case 'killBackup': return this.#kill(backup, midStep)
      case 'killBetweenFrames':
        primary.dieAfter = 'firstFrame'
        return true
      case 'killLoser': return this.#killLoser()
      case 'pausePrimary': return this.#pause(primary, forMs)
      case 'pauseBackup': return this.#pause(backup, forMs)
      case 'pauseLive': return this.#pause(this.#live(), forMs)
      case 'cutToBackup': return this.#onChannel(() => toBackup.lose(drop))
      case 'cutToPrimary': return this.#onChannel(() => toPrimary.lose(drop))
      case 'cutBoth': return this.#onChannel(() => toBackup.lose(drop), () => toPrimary.lose(drop))
      case 'cutClose': return this.#onChannel(() => toBackup.breakOff(), () => toPrimary.breakOff())
      case 'stallToBackup': return this.#onChannel(() => toBackup.hold(forMs))
      case 'stallToPrimary': return this.#onChannel(() => toPrimary.hold(forMs))
      case 'stallBoth': return this.#onChannel(() => toBackup.hold(forMs), () => toPrimary.hold(forMs))
      case 'corruptToBackup': return this.#onChannel(() => toBackup.damage())
      case 'corruptToPrimary': return this.#onChannel(() => toPrimary.damage())
      case 'arbiterDown': return this.#arbiterDown(forMs)
      case 'arbiterReplyLost': return this.#all(() => void (this.#sim.arbiter.repliesToLose = 1))
      case 'arbiterSlow': return this.#arbiterSlow(forMs)
      case 'cutSwitchOfLive': return this.#cutSwitch(midStep)
      case 'stallSwitchOfLive': return this.#all(() => this.#live().stallSwitch(forMs))
      case 'flipMemory': return this.#flipMemory(backup)
      case 'wallJump': return this.#all(() => void (this.#live().wallJumpUs -= 5_000_000))
    }
  }

  #isPair(): boolean {
    return this.#sim.replicas.every((replica) => replica.isFairGame)
  }

  #onChannel(...parts: readonly (() => void)[]): boolean {
    return this.#isPair() && this.#all(...parts)
  }

  #all(...parts: readonly (() => void)[]): boolean {
    for (const part of parts) part()
    return true
  }

  /** Whoever serves, or will: the winner of the last test-and-set if it is still there. */
  #live(): SimReplica {
    const { holder } = this.#sim.arbiter.current(this.#sim.vm)
    return this.#sim.replicas.find((r) => r.name === holder) ?? this.#sim.replicas[0]
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

  #pause(replica: SimReplica, forMs: number): boolean {
    if (!replica.isUp || replica.isPaused) return false
    replica.pause()
    this.#sim.scheduler.after(forMs, () => replica.resume())
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
    const live = this.#live()
    if (!live.isUp) return false
    live.loseSwitch(silently)
    return true
  }
}
