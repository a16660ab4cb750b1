/**
 * One replica: the protocol core. `step(event, now) → commands`; no sockets, timers or promises. The roles and what
 * moves between them are here; each rule has a file of its own beside this one.
 */
import type { Checksum } from '../../logging-channel/crc32.ts'
import type { ChannelMessage, Hello } from '../../logging-channel/messages.ts'
import type { Verdict } from '../../shared-disk/arbiter.ts'
import type { Outside } from '../devices/device.ts'
import type { Stop } from '../machine/engine.ts'
import type { Machine } from '../machine/machine.ts'
import type { FromSwitch } from '../switch/messages.ts'
import { whyNotPeers } from './admission.ts'
import { BackupSide } from './backup-side.ts'
import { Claim } from './claim.ts'
import type { Core } from './core.ts'
import { Divergence } from './divergence.ts'
import type { Command, ReplicaEvent, Report } from './events.ts'
import { Ending } from './ending.ts'
import { ExitCode } from './exit-codes.ts'
import { Lockstep, type LockstepStatus } from './lockstep.ts'
import { type Pace, PrimaryPace } from './pace.ts'
import { isFollowing, isLive, isReplaying, type Phase, type Role } from './phase.ts'
import { type BackupStatus, PrimarySide } from './primary-side.ts'
import { helloOf, type ReplicaConfig } from './replica-config.ts'
import { SwitchSide } from './switch-side.ts'
import type { World } from './world.ts'

export type ReplicaStatus = LockstepStatus & Pace & {
  readonly phase: Phase
  readonly term: number
  /** What every backup that may take over has acknowledged; 0 if there is none. */
  readonly ackedSeq: number
  readonly backups: readonly BackupStatus[]
}

export class Replica {
  readonly #config: ReplicaConfig
  readonly #lockstep: Lockstep
  readonly #primary: PrimarySide
  readonly #backup: BackupSide
  readonly #switch: SwitchSide
  readonly #pace: PrimaryPace
  #phase: Phase
  #role: Role
  #term = 0
  #claim: Claim | undefined
  #suspectedMs = 0
  #quantumTicks = 1_000_000
  #ending: Ending | undefined
  /** The operator moves the backup: one more may join. */
  #expectsAnother = false
  /** This primary has handed over, unless its backup can't take over. */
  #handsOver = false
  /** A run is asked for and has not come to rest: nothing may touch the machine meanwhile. */
  #runOut = false
  /** What the operator wants is not in the log yet: control entries stand between runs, never inside one. */
  #powerOffDue = false
  #stepDownDue = false
  #commands: Command[] = []
  #nowMs = 0

  /** @param createMachine builds the machine over this replica's journal */
  constructor(config: ReplicaConfig, world: World, checksum: Checksum, createMachine: (outside: Outside) => Machine) {
    this.#config = config
    this.#role = config.role
    this.#phase = config.role === 'primary' ? 'claiming' : 'joining'
    this.#lockstep = new Lockstep(config, world, checksum, createMachine)
    const core = this.#core()
    this.#primary = new PrimarySide(core, config, this.#lockstep)
    this.#backup = new BackupSide(core, config, this.#lockstep)
    this.#switch = new SwitchSide(core, this.#lockstep)
    this.#pace = new PrimaryPace(core, config, world)
  }

  get phase(): Phase {
    return this.#phase
  }

  /** Now: a backup that went live is a primary. */
  get role(): Role {
    return this.#role
  }

  get term(): number {
    return this.#term
  }

  /** When something is due by the world's monotonic clock: a guest timer, or the end of a rest. `Infinity`: nothing. */
  get nextDeadlineUs(): number {
    if (!this.#isLive() || this.#phase === 'stepping-down') return Infinity
    return this.#pace.restUntilUs() ?? this.#lockstep.nextDeadlineUs
  }

  /** How far a slice may run, in ticks. Outside determinism: where a slice ended is in the log. */
  set quantumTicks(ticks: number) {
    this.#quantumTicks = ticks
  }

  get hello(): Hello {
    return helloOf(this.#config, this.#role, this.#term, this.#role === 'primary' && this.#isLive() ? 'snapshot' : 'boot')
  }

  /** Positions and backlogs, for status lines and tests. */
  status(): ReplicaStatus {
    const { ackedSeq } = this.#primary
    return {
      ...this.#lockstep.status(), ...this.#pace.status(this.#lagMs), phase: this.#phase, term: this.#term,
      ackedSeq: ackedSeq === Infinity ? 0 : ackedSeq, backups: this.#primary.status()
    }
  }

  /**
   * The one way in. A divergence halts the replica with a report; any other exception is a defect or a peer that
   * breaks the protocol, and the host must end the process on it.
   */
  step(event: ReplicaEvent, nowMs: number): readonly Command[] {
    if (this.#phase === 'halted') return []
    this.#nowMs = nowMs
    this.#commands = []
    try {
      this.#handle(event)
      this.#advance(event)
      this.#settle()
    } catch (error) {
      if (!(error instanceof Divergence)) throw error
      this.#onDivergence(error)
    }
    return this.#commands
  }

  #handle(event: ReplicaEvent): void {
    switch (event.kind) {
      case 'start': return this.#onStart()
      case 'time': return this.#onTime()
      case 'peerOpen': return this.#onPeerOpen(event.peer ?? 0)
      case 'peer': return this.#onPeer(event.peer ?? 0, event.message)
      case 'peerPart': return (this.#role === 'primary' ? this.#primary : this.#backup).onPart(event.peer ?? 0)
      case 'peerClosed': return this.#onPeerClosed(event.peer ?? 0, event.reason, event.corrupt)
      case 'switchOpen': return this.#onSwitchOpen()
      case 'switch': return event.messages.forEach((message) => this.#onSwitch(message))
      case 'switchClosed': return this.#switch.onClosed(event.reason, this.#isLive())
      case 'verdict': return this.#onVerdict(event.verdict)
      case 'arbiterDown': return this.#onArbiterDown(event.reason)
      case 'stopped': return this.#onStopped(event.stop)
      case 'diverged': return this.#onDivergence(event.divergence)
      case 'powerOff': return this.#onPowerOff(event.reason)
      case 'stepDown': return this.#onStepDown()
      case 'moveBackup': return void (this.#expectsAnother = true)
    }
  }

  // Roles

  #onStart(): void {
    if (this.#role === 'primary') this.#startClaim(0)
  }

  #startClaim(fromTerm: number): void {
    this.#claim = new Claim(fromTerm, this.#nowMs)
    this.#ask()
  }

  #ask(): void {
    if (this.#claim?.ask(this.#nowMs)) this.#do({ do: 'testAndSet', fromTerm: this.#claim.fromTerm })
  }

  #onVerdict(verdict: Verdict): void {
    const claim = this.#claim
    if (claim === undefined) return
    const won = claim.settle(verdict, this.#config.replica)
    this.#claim = undefined
    const { term, holder } = verdict
    this.#report({ event: 'test-and-set', won, term, holder, tookMs: this.#nowMs - claim.startedMs })
    this.#switch.blackBox?.answered(verdict, this.#nowMs)
    if (!won && this.#handsOver) return this.#halt(ExitCode.ok, `handed over: ${holder} is live in term ${term}`)
    if (!won) return this.#halt(ExitCode.lost, claim.whyLost(verdict, this.#config.vm))
    this.#term = term
    if (this.#phase === 'claiming') this.#becomeFirst()
    else if (this.#role === 'primary') this.#becomeAlone(this.#handsOver ? 'the backup did not take over' : 'backup lost')
    else this.#becomeDraining()
  }

  #onArbiterDown(reason: string): void {
    if (this.#claim?.unanswered(this.#nowMs)) this.#report({ event: 'arbiter-down', reason })
  }

  #becomeFirst(): void {
    this.#lockstep.goLive()
    if (this.#config.unprotected) {
      this.#becomeAlone('started without a backup')
      return this.#lockstep.machine.boot()
    }
    this.#phase = 'waiting'
    this.#switch.attach()
    this.#report({ event: 'waiting', term: this.#term })
  }

  /** The other side of a pair may be gone. A backup that lacks anything must never go live: the service is lost with it. */
  #suspect(reason: string, silenceMs: number): void {
    if (this.#phase === 'suspecting') return
    if (this.#role === 'backup' && this.#lockstep.poweredOff) return this.#backup.leave('the machine is powered off')
    if (this.#role === 'backup' && !this.#backup.eligibility.isIn(this.#term)) {
      const what = `lost the primary (${reason}) before it was complete, and must not go live`
      return this.#halt(ExitCode.incomplete, `${what}: ${this.#backup.progress}`)
    }
    this.#report({ event: 'suspect', term: this.#term, reason, silenceMs })
    this.#phase = 'suspecting'
    this.#suspectedMs = this.#nowMs
    if (this.#role === 'backup') this.#switch.blackBox = this.#backup.openBlackBox(reason, silenceMs)
    this.#startClaim(this.#term)
  }

  /** The primary has won: release what is held and go on unprotected (P2.3-1). */
  #becomeAlone(reason: string): void {
    const sinceSuspicionMs = this.#phase === 'suspecting' ? this.#nowMs - this.#suspectedMs : 0
    this.#phase = 'alone'
    this.#handsOver = false
    this.#primary.demote()
    this.#report({ event: 'alone', term: this.#term, reason, outputsHeld: this.#lockstep.outputs.held, sinceSuspicionMs })
    this.#switch.attach()
  }

  /** The backup has won: replay everything received first (P2.3-2). */
  #becomeDraining(): void {
    this.#phase = 'draining'
    this.#backup.tookOver()
    this.#lockstep.startDraining()
  }

  #becomeLive(): void {
    this.#phase = 'alone'
    this.#ending?.renew(this.#nowMs)
    const { held: outputsHeld } = this.#lockstep.outputs
    const entriesReplayed = this.#switch.blackBox!.live(this.#lockstep.received.receivedSeq, outputsHeld, this.#nowMs)
    const sinceSuspicionMs = this.#nowMs - this.#suspectedMs
    this.#report({ event: 'live', term: this.#term, entriesReplayed, outputsHeld, sinceSuspicionMs })
    this.#role = 'primary'
    this.#switch.attach()
  }

  #isLive(): boolean {
    return isLive(this.#phase, this.#role)
  }

  // Time

  #onTime(): void {
    this.#ask()
    this.#switch.onTime()
    if (this.#role === 'primary') this.#primary.onTime()
    else this.#backup.onTime()
  }

  // Logging channel

  #onPeerOpen(id: number): void {
    if (this.#phase === 'joining') this.#backup.id = id
    if (this.#role === 'primary') this.#primary.saidHello(id, this.hello.begins)
    this.#do({ do: 'peer', peer: id, message: this.hello })
  }

  #onPeer(id: number, message: ChannelMessage): void {
    if (message.type === 'hello') return this.#onHello(id, message)
    if (this.#role === 'primary') this.#primary.onMessage(id, message)
    else this.#backup.onMessage(message)
  }

  #onHello(id: number, hello: Hello): void {
    const why = whyNotPeers(this.hello, hello) ?? this.#whyNotNow(id)
    if (why !== undefined) return this.#refuse(id, why)
    if (this.#role === 'backup') return this.#backup.follow(hello)
    this.#expectsAnother = false
    if (this.#phase !== 'waiting') return this.#primary.join(id, hello)
    this.#primary.bootWith(id, hello)
    this.#phase = 'protected'
    this.#report({ event: 'protected', term: this.#term, peer: hello.replica })
    this.#lockstep.machine.boot()
  }

  /** Why this replica takes no peer at the moment, in one line, or undefined. */
  #whyNotNow(id: number): string | undefined {
    const isWelcome = this.#phase === 'waiting' || this.#phase === 'joining' || this.#phase === 'alone' ||
      (this.#phase === 'protected' && this.#expectsAnother)
    if (!isWelcome || this.#ending !== undefined) return `this replica is ${this.#phase}, it takes no new peer`
    if (this.#primary.has(id)) return 'a second hello'
    if (this.#isLive() && this.#primary.isTooLate(id)) return 'this replica has booted without it'
    return this.#primary.hasCandidate ? 'this replica has a new backup already' : undefined
  }

  #refuse(id: number, why: string): void {
    this.#primary.forgetHello(id)
    this.#report({ event: 'refused-peer', reason: why })
    this.#do({ do: 'peer', peer: id, message: { type: 'goodbye', reason: `refused: ${why}` } })
    this.#do({ do: 'closePeer', peer: id })
    if (this.#phase === 'joining') this.#halt(ExitCode.refused, `the primary does not fit: ${why}`)
  }

  #onPeerClosed(id: number, reason: string, corrupt: boolean): void {
    if (this.#role === 'primary') {
      if (corrupt && !this.#primary.has(id)) this.#report({ event: 'refused-peer', reason })
      return this.#primary.gone(id, reason)
    }
    this.#backup.onClosed(reason, corrupt)
  }

  // Switch

  #onSwitchOpen(): void {
    this.#switch.opened()
    if (this.#isLive() || this.#phase === 'waiting') this.#switch.attach()
  }

  #onSwitch(message: FromSwitch): void {
    if (message.type !== 'refused') return this.#switch.onMessage(message)
    const isReplaced = message.term > this.#term
    this.#halt(!isReplaced ? ExitCode.refused : this.#handsOver ? ExitCode.ok : ExitCode.lost, `switch: ${message.reason}`)
  }

  // The machine

  #onStopped(stop: Stop): void {
    this.#runOut = false
    this.#pace.runEnds()
    this.#lockstep.rested(stop, isReplaying(this.#phase, this.#role), this.#nowMs)
    if (stop.kind === 'trap') this.#end(ExitCode.trapped, `guest trapped: ${stop.message}${this.#lockstep.machine.trapReport}`)
    if (stop.kind === 'exit') this.#end(stop.code as ExitCode, `guest powered off with code ${stop.code}`)
  }

  #onPowerOff(reason: string): void {
    if (this.#isLive()) {
      this.#powerOffDue = true
      this.#ending ??= new Ending(ExitCode.ok, reason, this.#nowMs)
      return
    }
    if (this.#role === 'backup') this.#backup.send({ type: 'goodbye', reason })
    else this.#primary.farewell(reason)
    this.#halt(ExitCode.ok, reason)
  }

  /** A control operation in the log: the backup takes over where it stands (§3.3). */
  #onStepDown(): void {
    if (this.#phase !== 'protected' || this.#ending !== undefined) return
    this.#stepDownDue = true
    this.#handsOver = true
    this.#phase = 'stepping-down'
    this.#report({ event: 'stepping-down', term: this.#term })
  }

  #end(code: ExitCode, reason: string): void {
    const tick = this.#lockstep.machine.ticks
    this.#report({ event: 'guest-ended', how: reason, tick })
    this.#ending ??= new Ending(code, `${reason} (tick ${tick})`, this.#nowMs)
  }

  #advance(event: ReplicaEvent): void {
    if (this.#phase === 'halted') return
    if (this.#phase === 'marking' && this.#primary.isProtected) this.#phase = 'protected'
    if (this.#runOut) {
      if (isReplaying(this.#phase, this.#role)) this.#backup.boundReading()
      return
    }
    if (this.#isLive()) this.#advanceLive(event)
    else if (isReplaying(this.#phase, this.#role)) this.#advanceReplay(event)
  }

  #advanceLive(event: ReplicaEvent): void {
    if (this.#ending !== undefined || this.#phase === 'stepping-down') return
    if (this.#phase !== 'suspecting') this.#primary.atRest(() => this.#flush())
    if (this.#phase === 'alone' && this.#primary.isProtecting) this.#phase = 'marking'
    if (this.#pace.mustRest(this.#primary.lagMs)) return
    if (!this.#lockstep.prepareLive((bytes, entries) => this.#primary.isFull(bytes, entries))) return
    this.#pace.runStarts()
    this.#run(this.#lockstep.machine.ticks + this.#quantumTicks, event)
  }

  #advanceReplay(event: ReplicaEvent): void {
    const step = this.#lockstep.nextReplay(this.#phase === 'draining', this.#quantumTicks)
    this.#backup.boundReading()
    if (isFollowing(this.#phase)) this.#backup.tellReplayed()
    if (step.do === 'run') return this.#run(step.untilTick, event)
    if (this.#phase === 'leaving') return this.#halt(this.#ending?.code ?? ExitCode.ok, this.#ending?.reason ?? this.#backup.farewell)
    if (step.do !== 'drained') return
    this.#becomeLive()
    this.#advanceLive(event)
  }

  #run(untilTick: number, event: ReplicaEvent): void {
    this.#runOut = true
    this.#do({ do: 'run', untilTick, breathe: event.kind === 'stopped' })
  }

  /** What every step ends with, in this order: the log leaves first, outputs only after it, pieces of snapshots last. */
  #settle(): void {
    if (this.#phase === 'halted') return
    this.#logControl()
    this.#flush()
    this.#release()
    this.#switch.flush()
    this.#primary.pump()
    if (this.#ending !== undefined) this.#finish(this.#ending)
  }

  #logControl(): void {
    if (this.#runOut) return
    if (this.#powerOffDue) this.#lockstep.logPowerOff()
    if (this.#stepDownDue) this.#lockstep.logStepDown()
    this.#powerOffDue = this.#stepDownDue = false
  }

  #flush(): void {
    if (this.#phase === 'draining') return this.#lockstep.dropLog()
    if (this.#isLive() && !this.#primary.log()) this.#lockstep.dropLog()
  }

  /** The output rule, and its twin for inputs: what every backup that may take over has acknowledged is safe. */
  #release(): void {
    if (!this.#isLive()) return
    const range = this.#lockstep.release(this.#primary.ackedSeq)
    if (!this.#switch.attached(this.#term)) return
    if (range !== undefined) this.#switch.send(this.#term, range)
    this.#switch.acknowledge(this.#term, this.#primary.safeInputs)
  }

  /** A machine that has ended leaves when its last outputs have arrived; its backup then has nothing to take over (P3.3-2). */
  #finish(ending: Ending): void {
    if (!this.#isLive() || this.#powerOffDue || !ending.isDue(this.#lockstep.outputs, this.#nowMs)) return
    this.#primary.farewell(ending.reason)
    this.#switch.farewell(this.#term, ending.reason)
    this.#switch.flush()
    this.#halt(ending.code, ending.reason)
  }

  #onDivergence(error: Divergence): void {
    const { lastGoodSeq, firstBadSeq, tick, message, page } = error
    this.#report({ event: 'divergence', lastGoodSeq, firstBadSeq, tick, what: message, page })
    this.#do({ do: 'keepSnapshot', seq: lastGoodSeq })
    this.#backup.send({ type: 'diverged', term: this.#term, seq: firstBadSeq, reason: message })
    this.#halt(ExitCode.divergence, message)
  }

  #halt(code: ExitCode, reason: string): void {
    this.#phase = 'halted'
    this.#do({ do: 'halt', code, reason })
  }

  #enter(phase: Phase, term: number): void {
    if (phase === 'leaving') this.#claim = undefined
    this.#phase = phase
    this.#term = term
  }

  get #lagMs(): number {
    return this.#role === 'primary' ? this.#primary.lagMs : this.#backup.lag.lagMs(this.#nowMs)
  }

  #report(report: Report): void {
    this.#do({ do: 'report', report })
  }

  #do(command: Command): void {
    this.#commands.push(command)
  }

  /** What the parts of this replica see of it. */
  #core(): Core {
    const replica = this
    return {
      get term() { return replica.#term },
      get nowMs() { return replica.#nowMs },
      get phase() { return replica.#phase },
      enter: (phase, term) => replica.#enter(phase, term),
      halt: (code, reason) => replica.#halt(code, reason),
      do: (command) => replica.#do(command),
      report: (report) => replica.#report(report),
      suspect: (reason, silenceMs) => replica.#suspect(reason, silenceMs)
    }
  }
}
