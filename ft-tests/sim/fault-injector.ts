/** Carries out a plan of faults at its moments, knows when the last one is over, and heals what they left. */
import { guestFlipAt } from './guest.ts'
import type { Fault } from './faults.ts'
import type { SimReplica } from './sim-replica.ts'
import type { Simulation } from './simulation.ts'
import { duplicateChannel, duplicateSwitchLink } from './strays.ts'

const arbiterSlowMs = 150
const slowFactor = 30
/** Re-protection takes some tens of milliseconds where nothing hinders it. */
const momentWaitMs = 250
/** A kill that waits for a step with several commands waits no longer; far less than any suspicion takes. */
const midStepWaitMs = 2

export class FaultInjector {
  readonly injected: string[] = []
  isStarted = false
  readonly #sim: Simulation
  #open = 0
  /** Faults that wait for a moment, and how often each moment has come. */
  #waiting: Fault[] = []
  readonly #moments = new Map<string, number>()
  #lastMs = 0

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** Moments that do not come are waited for, but not for ever. */
  get isOver(): boolean {
    return this.isStarted && this.#open === 0 && (this.#waiting.length === 0 || this.#sim.nowMs > this.#lastMs + momentWaitMs)
  }

  start(): void {
    this.isStarted = true
    const { faults } = this.#sim.options
    this.#waiting = faults.filter(({ from }) => from !== 'start')
    this.#lastMs = this.#sim.nowMs
    for (const fault of faults) if (fault.from === 'start') this.#schedule(fault)
  }

  /** A replica has entered a phase, or reported something. */
  onMoment(moment: string): void {
    const nth = (this.#moments.get(moment) ?? 0) + 1
    this.#moments.set(moment, nth)
    if (this.#waiting.length === 0 || this.#sim.isHealed) return
    const due = this.#waiting.filter((fault) => fault.from === moment && fault.nth <= nth)
    if (due.length === 0) return
    this.#waiting = this.#waiting.filter((fault) => !due.includes(fault))
    for (const fault of due) this.#schedule(fault)
  }

  #schedule(fault: Fault): void {
    this.#open++
    this.#sim.scheduler.after(fault.atMs, () => {
      this.#sim.trace.note(`${this.#sim.nowMs.toFixed(3)} fault ${fault.kind} for ${fault.forMs} ms`)
      if (this.#inject(fault)) {
        this.injected.push(fault.kind)
        this.#sim.reached(`${fault.kind} from ${fault.from}`)
      }
      this.#sim.scheduler.after(fault.forMs, () => {
        this.#open--
        this.#lastMs = this.#sim.nowMs
      })
    })
  }

  /** Ends whatever still lasts: stopped processes go on, links move, the arbiter answers. */
  heal(): void {
    const { arbiter, replicas, channels } = this.#sim
    arbiter.isDown = false
    arbiter.repliesToLose = 0
    this.#sim.arbiterExtraMs = 0
    this.#sim.clientsReadFromMs = 0
    for (const { toBackup, toPrimary } of channels) {
      toBackup.hold(0)
      toPrimary.hold(0)
    }
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
    const { live: primary, backup, candidate } = this.#sim
    switch (kind) {
      case 'killPrimary': return this.#kill(primary, midStep)
      case 'killBackup': return this.#kill(backup, midStep)
      case 'killCandidate': return this.#killCandidate(candidate)
      case 'killBetweenFrames': return this.#all(() => void (primary.dieAfter = midStep ? 'lastFrame' : 'firstFrame'))
      case 'killLoser': return this.#killLoser()
      case 'killLive': return this.#killLive()
      case 'restartPrimary': return this.#all(() => this.#sim.supervisor.startNewcomer('primary'))
      case 'restartBackup': return this.#all(() => this.#sim.supervisor.startNewcomer('backup'))
      case 'pausePrimary': return this.#pause(primary, forMs)
      case 'pauseBackup': return this.#pause(backup, forMs)
      case 'pauseCandidate': return this.#pause(candidate, forMs)
      case 'pauseLive': return this.#pause(primary, forMs)
      case 'slowPrimary': return this.#slow(primary, forMs)
      case 'slowBackup': return this.#slow(backup, forMs)
      case 'slowCandidate': return this.#slow(candidate, forMs)
      case 'arbiterDown': return this.#arbiterDown(forMs)
      case 'arbiterReplyLost': return this.#all(() => void (this.#sim.arbiter.repliesToLose = 1))
      case 'arbiterSlow': return this.#arbiterSlow(forMs)
      case 'cutSwitchOfLive': return this.#cutSwitch(midStep)
      case 'stallSwitchOfLive': return this.#all(() => this.#sim.live.stallSwitch(forMs))
      case 'stallClients': return this.#all(() => void (this.#sim.clientsReadFromMs = this.#sim.nowMs + forMs))
      case 'flipMemory': return this.#flipMemory(backup)
      case 'wallJump': return this.#all(() => void (this.#sim.live.wallJumpUs += fault.jumpUs))
      case 'wallJumpBackup': return this.#jumpBackup(backup, fault.jumpUs)
      case 'moveBackup': return this.#move(primary)
      case 'stepDown': return this.#stepDown(primary)
      case 'duplicateSwitchLink': return duplicateSwitchLink(this.#sim)
      default: return this.#onChannel(fault)
    }
  }

  #onChannel({ kind, forMs, midStep: drop }: Fault): boolean {
    const { channel } = this.#sim
    if (channel === undefined || !channel.backup.isUp || !channel.primary.isUp) return false
    // What a newcomer suffers is no loss; a pair is struck only where both could go on.
    if (!channel.backup.isCandidate && !this.#isPair()) return false
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
    const { live, backup } = this.#sim
    return live.isFairGame && backup?.isFairGame === true
  }

  #all(...parts: readonly (() => void)[]): boolean {
    for (const part of parts) part()
    return true
  }

  /** Only while both could still go on without the other: else it might be the last one. */
  #kill(replica: SimReplica | undefined, midStep: boolean): boolean {
    if (!this.#isPair() || replica === undefined) return false
    if (midStep) replica.dieAfter = { commands: this.#sim.rng.integer(0, 2) }
    this.#sim.scheduler.after(midStep ? midStepWaitMs : 0, () => {
      if (replica.isFairGame && this.#isPair() && !this.#sim.isHealed) replica.kill()
      replica.dieAfter = undefined
    })
    return true
  }

  #killLoser(): boolean {
    const { term, holder } = this.#sim.arbiter.current(this.#sim.vm)
    const loser = this.#sim.replicas.find(({ name, isUp, core }) => name !== holder && isUp && core.term < term && core.term > 0)
    if (term < 2 || loser === undefined) return false
    loser.kill()
    return true
  }

  #killCandidate(replica: SimReplica | undefined): boolean {
    replica?.kill()
    return replica !== undefined
  }

  /** The operator moves the backup: another one is started to take its place. */
  #move(live: SimReplica): boolean {
    if (!this.#sim.isProtected) return false
    live.take({ kind: 'moveBackup' })
    this.#sim.supervisor.startNewcomer('backup')
    return true
  }

  /** The operator has the backup take over. */
  #stepDown(live: SimReplica): boolean {
    if (!this.#sim.isProtected) return false
    live.take({ kind: 'stepDown' })
    return true
  }

  /** A second failure: nobody may be left. */
  #killLive(): boolean {
    const { live } = this.#sim
    if (this.#sim.arbiter.current(this.#sim.vm).term < 2 || !live.isUp) return false
    live.kill()
    return true
  }

  #pause(replica: SimReplica | undefined, forMs: number): boolean {
    if (replica === undefined || !replica.isUp || replica.isPaused) return false
    replica.pause()
    this.#sim.scheduler.after(forMs, () => replica.resume())
    return true
  }

  #slow(replica: SimReplica | undefined, forMs: number): boolean {
    if (replica === undefined || !replica.isUp) return false
    replica.extraSlowness = slowFactor
    this.#sim.scheduler.after(forMs, () => void (replica.extraSlowness = 1))
    return true
  }

  /** Before it goes live: what its guest sees afterwards goes on from where the primary's was. */
  #jumpBackup(backup: SimReplica | undefined, jumpUs: number): boolean {
    if (backup === undefined || !backup.isPaired) return false
    backup.wallJumpUs += jumpUs
    return true
  }

  /** Where the guest computes, so that no reply shows it; only the state hash can. */
  #flipMemory(backup: SimReplica | undefined): boolean {
    if (!this.#isPair() || backup === undefined) return false
    backup.machine.engine.memory()[guestFlipAt]! ^= 4
    this.#sim.spoilt = backup
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
