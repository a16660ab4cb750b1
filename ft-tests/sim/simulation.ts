/** One simulated run: a pair, a switch, an arbiter and clients in one thread, in virtual time, from one seed. */
import type { Command, ReplicaEvent } from '../../hypervisor/ft/events.ts'
import { MemoryArbiter } from '../../shared-disk/memory-arbiter.ts'
import { type Checker, Violation } from './checker.ts'
import { AtMostOneLive } from './checkers/at-most-one-live.ts'
import { BackupEquality } from './checkers/backup-equality.ts'
import { Bounded } from './checkers/bounded.ts'
import { History } from './checkers/history.ts'
import { Liveness } from './checkers/liveness.ts'
import { NeverAhead } from './checkers/never-ahead.ts'
import { NoDivergence } from './checkers/no-divergence.ts'
import { OutputRule } from './checkers/output-rule.ts'
import { PowerOff } from './checkers/power-off.ts'
import { SameOutputs } from './checkers/same-outputs.ts'
import { FaultInjector } from './fault-injector.ts'
import { Lane, type Arrival } from './lane.ts'
import type { Mutant } from './mutant.ts'
import { optionsOf, type SimOptions } from './options.ts'
import { Rng } from './rng.ts'
import { Scheduler } from './scheduler.ts'
import { SimClient } from './sim-client.ts'
import { SimReplica } from './sim-replica.ts'
import { SimSwitch, SwitchConnection } from './sim-switch.ts'
import { Trace } from './trace.ts'

/** Time that a healthy service has for what is left once the last fault is over. */
const patienceMs = 20_000
/** A power-off waits a second for outputs to be taken, no longer. */
const powerOffMs = 3000

export class Simulation {
  readonly vm = 'vm'
  readonly patienceMs = patienceMs
  readonly scheduler = new Scheduler()
  readonly rng: Rng
  readonly options: SimOptions
  readonly mutant: Mutant
  readonly arbiter = new MemoryArbiter()
  readonly history = new History()
  readonly replicas: readonly [SimReplica, SimReplica]
  readonly switch: SimSwitch
  readonly clients: readonly SimClient[]
  readonly states = new Set<string>()
  readonly trace: Trace
  /** From the primary, and from the backup. */
  readonly channel: { readonly toBackup: Lane; readonly toPrimary: Lane }
  arbiterExtraMs = 0
  /** The plan has changed the backup's memory: it must diverge, and never go live. */
  isBackupSpoilt = false
  /** The backup has read the control entry of a power-off: nobody need tell it again (P3.3-1). */
  isPowerOffReceived = false
  readonly #checkers: readonly Checker[]
  readonly #injector: FaultInjector

  /** @param keepsTrace every step as a line for a person */
  constructor(seed: number, mutant: Mutant = {}, keepsTrace = false) {
    this.trace = new Trace(keepsTrace)
    this.rng = new Rng(seed)
    this.options = optionsOf(this.rng)
    this.mutant = mutant
    this.#checkers = [
      new OutputRule(), new SameOutputs(), new AtMostOneLive(), new BackupEquality(this), new NeverAhead(), new Bounded(this),
      new NoDivergence(this), new Liveness(), new PowerOff(this)
    ]
    this.switch = new SimSwitch(this)
    const primary = new SimReplica(this, 'primary')
    const backup = new SimReplica(this, 'backup')
    this.replicas = [primary, backup]
    const { channelDelayMs, splitChance } = this.options
    const delay = { minMs: channelDelayMs, maxMs: channelDelayMs * 1.5, splitChance }
    this.channel = {
      toBackup: new Lane(this.scheduler, this.rng.fork(), delay, (arrival) => backup.onChannel(arrival)),
      toPrimary: new Lane(this.scheduler, this.rng.fork(), delay, (arrival) => primary.onChannel(arrival))
    }
    this.clients = Array.from({ length: this.options.clients }, (_, i) => new SimClient(this, i + 1))
    this.#injector = new FaultInjector(this)
  }

  get isPoweredOffEarly(): boolean {
    return this.options.powerOffAtMs > 0
  }

  /** A fault struck before there was a pair, and nothing came of the start: nobody was ever served. */
  get isFailedStart(): boolean {
    if (!this.options.startsEarly || this.clients.some((client) => client.reader.replies > 0)) return false
    return this.replicas.every((replica) => !replica.isUp || replica.isStarting)
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  get faultsInjected(): readonly string[] {
    return this.#injector.injected
  }

  /** @throws Violation at the first broken promise; any other exception is a defect of a core */
  run(): void {
    const [primary, backup] = this.replicas
    this.connectSwitch(primary)
    this.connectSwitch(backup)
    this.#troubleAtStart()
    primary.start()
    backup.start()
    let isJoined = false
    let patientUntilMs = Infinity
    while (this.scheduler.next(Math.min(patientUntilMs, 600_000))) {
      if (!isJoined && primary.core.phase === 'waiting') {
        isJoined = true
        primary.openChannel(this.channel.toBackup)
        backup.openChannel(this.channel.toPrimary)
      }
      const isFairGame = this.options.startsEarly || (primary.isPaired && backup.isPaired)
      if (isJoined && isFairGame && !this.#injector.isStarted) this.#injector.start()
      if (isJoined && this.#injector.isOver && patientUntilMs === Infinity) patientUntilMs = this.nowMs + patienceMs
      if (patientUntilMs < Infinity && this.clients.every((client) => client.isDone)) break
      if (this.isPoweredOffEarly && this.nowMs > this.options.powerOffAtMs) break
    }
    if (this.isPoweredOffEarly || (this.options.powerOffAtEnd && this.clients.every((client) => client.isDone))) this.#powerOff()
    this.#end()
  }

  #troubleAtStart(): void {
    const { arbiterDownUntilMs, firstReplyLost } = this.options
    this.arbiter.repliesToLose = firstReplyLost ? 1 : 0
    this.arbiter.isDown = arbiterDownUntilMs > 0
    this.scheduler.at(arbiterDownUntilMs, () => (this.arbiter.isDown = false))
  }

  /** Whoever is live is powered off; a replica that could not hear of it is powered off next. */
  #powerOff(): void {
    const live = this.arbiter.current(this.vm).holder
    for (const replica of this.replicas.toSorted((a, b) => +(b.name === live) - +(a.name === live))) {
      if (!replica.isUp) continue
      if (!this.isPowerOffReceived) replica.take({ kind: 'powerOff', reason: 'the operator wants it' })
      this.#killAfterPowerOff(replica)
      const untilMs = this.nowMs + powerOffMs
      while (this.scheduler.next(untilMs) && this.replicas.some((r) => r.isUp));
      this.reached('powered off')
    }
  }

  #killAfterPowerOff(replica: SimReplica): void {
    const { killAfterPowerOffMs } = this.options
    if (killAfterPowerOffMs === 0 || !this.replicas.every((r) => r.isPaired)) return
    this.scheduler.after(killAfterPowerOffMs, () => {
      if (replica.isUp) this.reached('killed while powering off')
      replica.kill()
    })
  }

  // What the parts ask of each other

  connectSwitch(replica: SimReplica): void {
    const connection = new SwitchConnection(replica)
    const { switchDelayMs, splitChance } = this.options
    const delay = { minMs: switchDelayMs, maxMs: switchDelayMs * 1.5, splitChance }
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

  stepped(replica: SimReplica, event: ReplicaEvent, commands: readonly Command[]): void {
    const { phase } = replica.core
    this.states.add(`${replica.name} ${phase}`)
    this.tell((c) => c.onStepped(replica, event, phase))
    const { lastSeq, ackedSeq } = replica.core.status()
    if (phase === 'protected' && lastSeq - ackedSeq >= this.options.windowEntriesMax) this.reached('primary window full')
    this.trace.step(this.nowMs, replica, event, commands)
  }

  #end(): void {
    this.tell((c) => c.atEnd(this))
    this.history.check()
    this.trace.note(`${this.trace.steps} steps, console ${this.switch.consoleBytes}`)
  }
}
