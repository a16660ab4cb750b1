/** One simulated run: a pair, a switch, an arbiter and clients in one thread, in virtual time, from one seed. */
import type { Command, ReplicaEvent } from '../../hypervisor/ft/events.ts'
import type { Phase, Role } from '../../hypervisor/ft/phase.ts'
import { MemoryArbiter } from '../../shared-disk/memory-arbiter.ts'
import { type Checker, Violation } from './checker.ts'
import { AtMostOneLive } from './checkers/at-most-one-live.ts'
import { BackupEquality } from './checkers/backup-equality.ts'
import { Bounded } from './checkers/bounded.ts'
import { Complete } from './checkers/complete.ts'
import { History } from './checkers/history.ts'
import { Liveness } from './checkers/liveness.ts'
import { NeverAhead } from './checkers/never-ahead.ts'
import { NoDivergence } from './checkers/no-divergence.ts'
import { OutputRule } from './checkers/output-rule.ts'
import { PowerOff } from './checkers/power-off.ts'
import { SameOutputs } from './checkers/same-outputs.ts'
import { StaleTerms } from './checkers/stale-terms.ts'
import { FaultInjector } from './fault-injector.ts'
import { Lane, type Arrival, type LaneDelay } from './lane.ts'
import { Ledger } from './ledger.ts'
import type { Mutant } from './mutant.ts'
import { optionsOf, type SimOptions } from './options.ts'
import { Rng } from './rng.ts'
import { Scheduler } from './scheduler.ts'
import { SimChannel } from './sim-channel.ts'
import { SimClient } from './sim-client.ts'
import { SimReplica } from './sim-replica.ts'
import { Supervisor } from './supervisor.ts'
import { SimSwitch, SwitchConnection } from './sim-switch.ts'
import { Trace } from './trace.ts'

/** Time that a healthy service has for what is left once the last fault is over, or for the next reply of a long plan. */
const patienceMs = 20_000
/** Where nobody can serve, it is looked on for so long that nobody does. */
const lostMs = 500
/** A power-off waits a second for outputs to be taken, no longer. A slow backup replays what it has received first. */
const powerOffMs = 3000
const runMsMax = 600_000
const slowAtPowerOff = 100
const slowBeforePowerOffMs = 10

export class Simulation {
  readonly vm = 'vm'
  readonly patienceMs = patienceMs
  readonly scheduler = new Scheduler()
  readonly rng: Rng
  readonly options: SimOptions
  readonly mutant: Mutant
  readonly arbiter = new MemoryArbiter()
  readonly history = new History()
  /** The first two, and those that were started since. */
  readonly replicas: SimReplica[]
  readonly switch: SimSwitch
  readonly clients: readonly SimClient[]
  readonly states = new Set<string>()
  readonly transitions = new Set<string>()
  readonly trace: Trace
  /** The one that was made last. */
  channel: SimChannel | undefined
  readonly channels: SimChannel[] = []
  readonly supervisor = new Supervisor(this)
  arbiterExtraMs = 0
  /** Clients take nothing from their sockets before. */
  clientsReadFromMs = 0
  /** The plan has changed the memory of this one: it must diverge, and never go live. */
  spoilt: SimReplica | undefined
  /** Nothing goes wrong any more. */
  isHealed = false
  /** Nobody is left who could serve. */
  isServiceLost = false
  /** Those that have read the control entry of a power-off: nobody need tell them again (P3.3-1). */
  readonly toldOff = new Set<SimReplica>()
  readonly #checkers: readonly Checker[]
  readonly #injector: FaultInjector

  /** @param keepsTrace every step as a line for a person */
  constructor(seed: number, mutant: Mutant = {}, keepsTrace = false) {
    this.trace = new Trace(keepsTrace)
    this.rng = new Rng(seed)
    this.options = optionsOf(this.rng)
    this.mutant = mutant
    const ledger = new Ledger(this)
    // The ledger first: the others look things up in it.
    this.#checkers = [
      ledger, new OutputRule(this, ledger), new SameOutputs(), new AtMostOneLive(this), new StaleTerms(), new Complete(ledger),
      new BackupEquality(this, ledger), new NeverAhead(ledger), new Bounded(this), new NoDivergence(this), new Liveness(),
      new PowerOff(this)
    ]
    this.switch = new SimSwitch(this)
    const { primaryQuantumTicks, backupQuantumTicks, backupSlowness, backupWallSkewUs } = this.options
    this.replicas = [
      new SimReplica(this, {
        name: 'primary', role: 'primary', hostClockMs: 5, wallSkewUs: 0, slowness: 1, quantumTicks: primaryQuantumTicks
      }),
      new SimReplica(this, {
        name: 'backup', role: 'backup', hostClockMs: 77_000, wallSkewUs: backupWallSkewUs, slowness: backupSlowness,
        quantumTicks: backupQuantumTicks
      })
    ]
    this.clients = Array.from({ length: this.options.clients }, (_, i) => new SimClient(this, i + 1))
    this.#injector = new FaultInjector(this)
  }

  get isPoweredOffEarly(): boolean {
    return this.options.powerOffAtMs > 0
  }

  /** A fault struck before there was a pair, and nothing came of the start: nobody was ever served. */
  get isFailedStart(): boolean {
    if (!this.options.startsEarly || this.clients.some((client) => client.reader.replies > 0)) return false
    return this.replicas.slice(0, 2).every((replica) => !replica.isUp || replica.isStarting)
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  get faultsInjected(): readonly string[] {
    return this.#injector.injected
  }

  /** @throws Violation at the first broken promise; any other exception is a defect of a core */
  run(): void {
    const [primary, backup] = this.replicas as [SimReplica, SimReplica]
    this.#troubleAtStart()
    for (const replica of this.replicas) this.startProcess(replica)
    if (this.options.reprotects) this.supervisor.start()
    let isJoined = false
    let patientUntilMs = Infinity
    let replies = 0
    for (;;) {
      if (!this.scheduler.next(Math.min(patientUntilMs, runMsMax))) {
        // Short slices over a slow channel take their time: what counts is that clients are served, and go on being served.
        if (this.isServiceLost || this.nowMs >= runMsMax || this.#replies === replies) break
        replies = this.#replies
        patientUntilMs += patienceMs
        continue
      }
      if (!isJoined && primary.core.phase === 'waiting') {
        isJoined = true
        this.connect(primary, backup)
      }
      const isFairGame = this.options.startsEarly || (primary.isPaired && backup.isPaired)
      if (isJoined && isFairGame && !this.#injector.isStarted) this.#injector.start()
      if (isJoined && this.#injector.isOver && patientUntilMs === Infinity) {
        this.#heal()
        patientUntilMs = this.nowMs + (this.isServiceLost ? lostMs : patienceMs)
        replies = this.#replies
      }
      if (patientUntilMs < Infinity && this.clients.every((client) => client.isDone) && this.#isSettled) break
      if (this.isPoweredOffEarly && this.nowMs > this.options.powerOffAtMs) break
    }
    if (this.isPoweredOffEarly || (this.options.powerOffAtEnd && this.clients.every((client) => client.isDone))) this.#powerOff()
    this.#end()
  }

  get #replies(): number {
    return this.clients.reduce((sum, client) => sum + client.reader.replies, 0)
  }

  /** Protected, or nobody is to see to it. */
  get #isSettled(): boolean {
    return !this.options.reprotects || this.isServiceLost || this.isFailedStart || this.isProtected
  }

  get isProtected(): boolean {
    const { live, backup } = this
    return live.isPaired && backup?.isPaired === true
  }

  get isPoweredOff(): boolean {
    return this.states.has('powered off')
  }

  startProcess(replica: SimReplica): void {
    this.connectSwitch(replica)
    replica.start()
  }

  /** The second phase begins: nothing goes wrong from here on, and whoever can still serve must serve. */
  #heal(): void {
    this.trace.note(`${this.nowMs.toFixed(3)} everything is well again`)
    this.isHealed = true
    this.#injector.heal()
    this.isServiceLost = !this.replicas.some((replica) => this.#couldServe(replica))
    if (this.isServiceLost) this.reached('service lost')
  }

  /** The winner of the newest term, or one that may still win the next. */
  #couldServe(replica: SimReplica): boolean {
    const { term, holder } = this.arbiter.current(this.vm)
    return replica.isUp && (replica.name === holder || (replica.core.term === term && !replica.isCandidate))
  }

  #troubleAtStart(): void {
    const { arbiterDownUntilMs, firstReplyLost, isBackupSlowAtPowerOff, powerOffAtMs } = this.options
    this.arbiter.repliesToLose = firstReplyLost ? 1 : 0
    this.arbiter.isDown = arbiterDownUntilMs > 0
    this.scheduler.at(arbiterDownUntilMs, () => (this.arbiter.isDown = false))
    if (!isBackupSlowAtPowerOff) return
    this.scheduler.at(powerOffAtMs - slowBeforePowerOffMs, () => void (this.replicas[1]!.extraSlowness = slowAtPowerOff))
  }

  /** Whoever is live is powered off; a replica that could not hear of it is powered off next. */
  #powerOff(): void {
    this.supervisor.stop()
    const live = this.arbiter.current(this.vm).holder
    for (const replica of this.replicas.toSorted((a, b) => +(b.name === live) - +(a.name === live))) {
      if (!replica.isUp) continue
      if (!this.toldOff.has(replica)) replica.take({ kind: 'powerOff', reason: 'the operator wants it' })
      this.#killAfterPowerOff(replica)
      this.#awaitEnd()
      this.reached('powered off')
    }
  }

  /** Until every replica has ended, or nothing is replayed any more either. */
  #awaitEnd(): void {
    for (let ticks = -1; ticks !== this.#ticksOfBackups;) {
      ticks = this.#ticksOfBackups
      const untilMs = this.nowMs + powerOffMs
      while (this.scheduler.next(untilMs)) if (!this.replicas.some((r) => r.isUp)) return
    }
  }

  get #ticksOfBackups(): number {
    return this.replicas.reduce((sum, { core, machine }) => (core.role === 'backup' ? sum + machine.ticks : sum), 0)
  }

  #killAfterPowerOff(replica: SimReplica): void {
    const { killAfterPowerOffMs } = this.options
    if (killAfterPowerOffMs === 0 || !this.isProtected) return
    this.scheduler.after(killAfterPowerOffMs, () => {
      if (replica.isUp) this.reached('killed while powering off')
      replica.kill()
    })
  }

  // What the parts ask of each other

  /** A new connection of the logging channel, made by `backup` to the listening `primary`. */
  connect(primary: SimReplica, backup: SimReplica): void {
    const { channelDelayMs, channelByteMs: byteMs } = this.options
    const delay = { ...this.#delay(channelDelayMs), byteMs }
    this.channel = new SimChannel(this.scheduler, this.rng.fork(), delay, primary, backup)
    this.channels.push(this.channel)
  }

  /** Whoever serves, or will: the winner of the last test-and-set if it is still there. */
  get live(): SimReplica {
    const { holder } = this.arbiter.current(this.vm)
    return this.replicas.find((replica) => replica.name === holder) ?? this.replicas[0]!
  }

  /** The one that may take over from the live one, or the one that is to become it at the start. */
  get backup(): SimReplica | undefined {
    const { live } = this
    const others = this.replicas.filter((replica) => replica !== live && replica.isUp)
    return others.find(({ core }) => core.phase === 'replaying' && core.term === live.core.term) ?? others.find((r) => r.isStarting)
  }

  /** A new backup on its way. */
  get candidate(): SimReplica | undefined {
    return this.replicas.find((replica) => replica.isCandidate && replica.follows === this.live)
  }

  #delay(minMs: number): LaneDelay {
    return { minMs, maxMs: minMs * 1.5, splitChance: this.options.splitChance, byteMs: 0 }
  }

  connectSwitch(replica: SimReplica): void {
    const connection = new SwitchConnection(replica)
    const delay = this.#delay(this.options.switchDelayMs)
    const deliver = (arrival: Arrival): void => this.switch.onReplica(arrival, connection)
    connection.out = new Lane(this.scheduler, this.rng.fork(), delay, (arrival) => replica.onSwitch(arrival, connection))
    replica.openSwitch(new Lane(this.scheduler, this.rng.fork(), delay, deliver), connection)
  }

  testAndSet(replica: SimReplica, fromTerm: number): void {
    const delayMs = this.rng.number(0.5, 1) * (this.options.arbiterDelayMs + this.arbiterExtraMs)
    const made = this.mutant.verdict?.(replica, fromTerm)
    this.scheduler.after(delayMs, () => {
      const event = made === undefined ? this.#ask(replica, fromTerm) : ({ kind: 'verdict', verdict: made } as const)
      this.scheduler.after(delayMs, () => replica.take(event))
    })
  }

  #ask(replica: SimReplica, fromTerm: number): ReplicaEvent {
    const before = this.arbiter.current(this.vm).term
    try {
      const verdict = this.arbiter.decide(this.vm, fromTerm, replica.name)
      if (!verdict.won) this.reached('test-and-set lost')
      if (verdict.won && verdict.term === before) this.reached('test-and-set answered again')
      return { kind: 'verdict', verdict: this.mutant.answer?.(replica, verdict) ?? verdict }
    } catch (error) {
      return { kind: 'arbiterDown', reason: (error as Error).message }
    } finally {
      const { term, holder } = this.arbiter.current(this.vm)
      if (term > before) this.tell((c) => c.onDecided(term, holder))
    }
  }

  tell(what: (checker: Checker) => void): void {
    for (const checker of this.#checkers) what(checker)
  }

  reached(state: string): void {
    this.states.add(state)
  }

  fail(checker: string, sentence: string): never {
    throw new Violation(checker, sentence)
  }

  stepped(replica: SimReplica, event: ReplicaEvent, commands: readonly Command[], wasPhase: Phase, wasRole: Role): void {
    const { phase } = replica.core
    this.trace.step(this.nowMs, replica, event, commands)
    if (event.kind === 'peerPart') this.reached('part of a frame')
    if (event.kind === 'peer' && event.message.type === 'pause') this.reached('pause for a copy announced')
    if (event.kind === 'time' && commands.length === 0) return
    if (phase !== wasPhase) this.#follow(replica, wasRole, wasPhase)
    this.tell((c) => c.onStepped(replica, event, phase, commands))
    const { lastSeq, ackedSeq } = replica.status
    if (phase === 'protected' && lastSeq - ackedSeq >= this.options.windowEntriesMax) this.reached('primary window full')
  }

  #follow(replica: SimReplica, role: Role, was: Phase): void {
    const { phase } = replica.core
    this.states.add(`${role} ${was}`)
    this.states.add(`${replica.core.role} ${phase}`)
    this.transitions.add(`${role} ${was} → ${phase}`)
    this.tell((c) => c.onPhase(replica, was, phase))
    this.#injector.onMoment(phase)
  }

  /** Something is told of a replica that faults may wait for. */
  reported(event: string): void {
    this.reached(`report ${event}`)
    this.#injector.onMoment(event)
  }

  #end(): void {
    // A test-and-set that was under way may have been won by a process that was killed since.
    if (this.live.isDead && !this.replicas.some((replica) => this.#couldServe(replica))) this.isServiceLost = true
    this.tell((c) => c.atEnd(this))
    this.history.check()
    this.trace.note(`${this.trace.steps} steps, console ${this.switch.consoleBytes}`)
  }
}
