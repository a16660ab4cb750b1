/**
 * A replica process as the simulator runs it: the real core and machine, one thread, sockets that fill while it
 * computes or is stopped. It does what hypervisor/host/replica-host.ts does, in virtual time.
 */
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import { decodeFromSwitch, encodeToSwitch } from '../../hypervisor/switch/codec.ts'
import { FrameDecoder } from '../../hypervisor/switch/frame-decoder.ts'
import { SWITCH_VERSION, type FromSwitch, type ToSwitch } from '../../hypervisor/switch/messages.ts'
import { Divergence } from '../../hypervisor/ft/divergence.ts'
import type { Command, ReplicaEvent, Report } from '../../hypervisor/ft/events.ts'
import type { Replica, ReplicaStatus } from '../../hypervisor/ft/replica.ts'
import type { Stop } from '../../hypervisor/machine/engine.ts'
import type { Machine } from '../../hypervisor/machine/machine.ts'
import { buildReplica, type ReplicaTraits } from './build-replica.ts'
import type { Arrival, Lane } from './lane.ts'
import { type DieAfter, lastOfLife } from './last-of-life.ts'
import type { Copied } from './ledger.ts'
import { helloTimeoutMs, PeerEnd } from './peer-end.ts'
import type { Simulation } from './simulation.ts'
import type { SwitchConnection } from './sim-switch.ts'

/** What waits to be done by the process, in order. */
type Work =
  | { readonly kind: 'event'; readonly event: ReplicaEvent }
  | { readonly kind: 'connect'; readonly end: PeerEnd }
  | { readonly kind: 'channel'; readonly arrival: Arrival; readonly end: PeerEnd }
  | { readonly kind: 'switch'; readonly arrival: Arrival; readonly connection: object }
  | { readonly kind: 'run'; readonly untilTick: number }
  | { readonly kind: 'rest'; readonly stop: Stop | Divergence }

const stepCostMs = 0.004
const reconnectMs = 15
/** No timer of the host is shorter. */
const timerMsMin = 1

export class SimReplica {
  readonly traits: ReplicaTraits
  readonly core: Replica
  readonly machine: Machine
  isDead = false
  isPaused = false
  haltCode: number | undefined
  haltReason = ''
  /** Outputs that it has made so far. */
  emitted = 0
  /** What it was when it was copied last. */
  copied: Copied | undefined
  /** The one that it connected to. */
  follows: SimReplica | undefined
  /** The process is to be killed once it is in the middle of carrying out this many commands, or of sending a log in frames. */
  dieAfter: DieAfter
  wallJumpUs: number
  /** So many times slower than the options say, for a while. */
  extraSlowness = 1
  readonly #sim: Simulation
  #switchDecoder = new FrameDecoder<FromSwitch>(decodeFromSwitch)
  /** Open channels, by the number that the core knows them by. */
  readonly #peers = new Map<number, PeerEnd>()
  #lastPeer = 0
  #switchOut: Lane | undefined
  #switchConnection: SwitchConnection | undefined
  #inbox: Work[] = []
  #busyUntilMs = 0
  #pumpAtMs = Infinity
  #timeDue = false
  #deadlineUs = Infinity
  #status: ReplicaStatus | undefined

  constructor(sim: Simulation, traits: ReplicaTraits) {
    this.#sim = sim
    this.traits = traits
    this.wallJumpUs = traits.wallSkewUs
    const built = buildReplica(sim, traits, {
      wallOffsetUs: () => this.wallJumpUs,
      onOutput: () => void this.emitted++,
      onSnapshot: () => {
        this.copied = { ticks: this.machine.ticks, emitted: this.emitted }
        this.#busyUntilMs += sim.options.copyMs
      }
    })
    this.core = built.core
    this.machine = built.machine
  }

  get name(): string {
    return this.traits.name
  }

  /** Of the core, as of its last step. */
  get status(): ReplicaStatus {
    return (this.#status ??= this.core.status())
  }

  get #slowness(): number {
    return this.traits.slowness * this.extraSlowness
  }

  /** Runs, and will go on running. */
  get isUp(): boolean {
    return !this.isDead && this.haltCode === undefined
  }

  /** Has a peer that may take over, or may itself, and suspects nothing. */
  get isPaired(): boolean {
    return this.isUp && (this.core.phase === 'protected' || this.core.phase === 'replaying')
  }

  /** A new backup of a running machine, on its way. */
  get isCandidate(): boolean {
    const { phase, role } = this.core
    return this.isUp && role === 'backup' && (phase === 'joining' || phase === 'receiving' || phase === 'catching-up')
  }

  /** Has no peer yet. */
  get isStarting(): boolean {
    return this.isUp && (this.core.phase === 'waiting' || this.core.phase === 'joining')
  }

  /** The plan may strike it: the other one could go on, or nothing has begun. */
  get isFairGame(): boolean {
    return this.isPaired || (this.isStarting && this.#sim.options.startsEarly)
  }

  start(): void {
    this.#take({ kind: 'event', event: { kind: 'start' } })
    this.#tickTime()
  }

  /** The process ends without a word; the kernel closes its sockets. */
  kill(): void {
    if (!this.isUp) return
    this.isDead = true
    const cuts = [this.#switchOut, ...this.#peers.values()].map((end) => end?.breakOff())
    if (cuts.includes(true)) this.#sim.reached('half-delivered write')
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    if (this.#timeDue && this.#sim.options.timersFirst) this.#inbox.unshift({ kind: 'event', event: { kind: 'time' } })
    else if (this.#timeDue) this.#inbox.push({ kind: 'event', event: { kind: 'time' } })
    this.#timeDue = false
    this.#schedule()
  }

  /** This side of a new connection of the logging channel; whoever makes it sets `out`. */
  peerEnd(): PeerEnd {
    const end: PeerEnd = new PeerEnd({
      onMessage: (message) => this.#onChannelMessage(message, end),
      onPart: () => this.step({ kind: 'peerPart', peer: end.id }),
      onClosed: (reason, corrupt) => {
        this.#peers.delete(end.id)
        if (corrupt) this.#sim.reached('corruption detected')
        this.step({ kind: 'peerClosed', peer: end.id, reason, corrupt })
      }
    }, this.#sim.mutant.checksum)
    return end
  }

  /** The connection is made; to be followed by what arrives on it. */
  connected(end: PeerEnd): void {
    this.#take({ kind: 'connect', end })
  }

  onChannel(arrival: Arrival, end: PeerEnd): void {
    this.#take({ kind: 'channel', arrival, end })
  }

  openSwitch(out: Lane, connection: SwitchConnection): void {
    this.#switchOut = out
    this.#switchConnection = connection
    this.#switchDecoder = new FrameDecoder<FromSwitch>(decodeFromSwitch)
    out.send(encodeToSwitch([{ type: 'hello', version: SWITCH_VERSION, vm: this.#sim.vm, replica: this.name }]))
    this.#take({ kind: 'event', event: { kind: 'switchOpen' } })
  }

  onSwitch(arrival: Arrival, connection: object): void {
    this.#take({ kind: 'switch', arrival, connection })
  }

  take(event: ReplicaEvent): void {
    this.#take({ kind: 'event', event })
  }

  #take(work: Work): void {
    if (!this.isUp) return
    this.#inbox.push(work)
    this.#schedule()
  }

  /** Looks at its clocks several times a heartbeat interval, as the host's setInterval does. */
  #tickTime(): void {
    if (!this.isUp) return
    if (this.isPaused) this.#timeDue = true
    else if (!this.#inbox.some((work) => work.kind === 'event' && work.event.kind === 'time')) this.take({ kind: 'time' })
    this.#sim.scheduler.after(this.#sim.options.heartbeatIntervalMs / 5, () => this.#tickTime())
  }

  // The process: one thing at a time

  #schedule(): void {
    if (this.isPaused || !this.isUp || this.#inbox.length === 0) return
    const atMs = Math.max(this.#sim.nowMs, this.#busyUntilMs)
    if (this.#pumpAtMs <= atMs) return
    this.#pumpAtMs = atMs
    this.#sim.scheduler.at(atMs, () => {
      if (this.#pumpAtMs !== atMs) return
      this.#pumpAtMs = Infinity
      this.#pump()
    })
  }

  #pump(): void {
    if (this.isPaused || !this.isUp) return
    if (this.#sim.nowMs < this.#busyUntilMs) return this.#schedule()
    this.#busyUntilMs = this.#sim.nowMs + stepCostMs * this.#slowness
    this.#do(this.#inbox.shift())
    this.#schedule()
  }

  #do(work: Work | undefined): void {
    if (work === undefined) return
    if (work.kind === 'event') return this.step(work.event)
    if (work.kind === 'run') return this.#run(work.untilTick)
    if (work.kind === 'rest') return this.#rested(work.stop)
    if (work.kind === 'switch') return this.#readSwitch(work.arrival, work.connection)
    if (work.kind === 'connect') return this.#connectPeer(work.end)
    work.end.read(work.arrival)
  }

  #rested(stop: Stop | Divergence): void {
    this.step(stop instanceof Divergence ? { kind: 'diverged', divergence: stop } : { kind: 'stopped', stop })
  }

  #connectPeer(end: PeerEnd): void {
    end.id = ++this.#lastPeer
    this.#peers.set(end.id, end)
    this.#sim.scheduler.after(helloTimeoutMs, () => this.isUp && !this.isPaused && end.giveUpSilent())
    this.step({ kind: 'peerOpen', peer: end.id })
  }

  #onChannelMessage(message: ChannelMessage, end: PeerEnd): void {
    if (this.#peers.get(end.id) !== end || !this.isUp) return
    if (end.isTainted) this.#sim.fail('CorruptionDetected', `${this.name} decoded a ${message.type} behind a damaged byte`)
    if (message.type === 'log') this.#sim.tell((c) => c.onFrameReceived(this, message))
    for (const altered of this.#sim.mutant.received?.(this, message) ?? [message]) {
      this.step({ kind: 'peer', peer: end.id, message: altered })
    }
  }

  #readSwitch(arrival: Arrival, connection: object): void {
    if (connection !== this.#switchConnection) return
    if (arrival === null) return this.#switchLost()
    const messages = this.#switchDecoder.push(arrival.bytes).map((message) => this.#hideDelivered(message))
    if (messages.length > 0) this.step({ kind: 'switch', messages })
  }

  #hideDelivered(message: FromSwitch): FromSwitch {
    return message.type === 'attached' && this.#sim.options.hidesDelivered ? { ...message, outputsDelivered: 0 } : message
  }

  #switchLost(): void {
    this.#switchConnection = undefined
    this.#switchOut?.end()
    this.step({ kind: 'switchClosed', reason: 'the switch closed the link' })
    this.#sim.scheduler.after(reconnectMs, () => {
      if (this.isUp) this.#sim.connectSwitch(this)
    })
  }

  /** The link to the switch breaks, seen from here; `silently`: the switch is not told. */
  loseSwitch(silently: boolean): void {
    if (this.#switchConnection === undefined) return
    if (silently) this.#switchOut!.lose(true)
    this.onSwitch(null, this.#switchConnection)
  }

  /** Nothing passes between this replica and the switch for a while; what is under way arrives late, perhaps too late. */
  stallSwitch(forMs: number): void {
    this.#switchOut?.hold(forMs)
    this.#switchConnection?.out!.hold(forMs)
  }

  // The core and its commands

  step(event: ReplicaEvent): void {
    if (!this.isUp) return
    const { phase, role } = this.core
    this.#status = undefined
    const commands = this.core.step(event, this.#sim.nowMs)
    this.#sim.stepped(this, event, commands, phase, role)
    const lastOfLife = this.#lastOfLife(commands)
    for (const [i, command] of (this.#sim.mutant.commands?.(this, commands) ?? commands).entries()) {
      if (i === lastOfLife) {
        this.#sim.reached('killed in the middle of a step')
        return this.kill()
      }
      this.#perform(command)
    }
    this.#followDeadline()
  }

  /** Index of the command at which a planned kill strikes; -1 if it does not. */
  #lastOfLife(commands: readonly Command[]): number {
    const at = lastOfLife(this.dieAfter, commands)
    if (at >= 0 && typeof this.dieAfter === 'string') this.#sim.reached('killed between frames')
    return at
  }

  #perform(command: Command): void {
    switch (command.do) {
      case 'peer': return this.send(command.message, command.peer)
      case 'closePeer': return this.#closePeer(command.peer)
      case 'readPeer': return this.#read(command.peer, command.on)
      case 'switch': return this.#sendSwitch(command.messages)
      case 'testAndSet': return this.#sim.testAndSet(this, command.fromTerm)
      case 'run':
        if (command.breathe) return void this.#inbox.push({ kind: 'run', untilTick: command.untilTick })
        return this.#run(command.untilTick)
      case 'report': return this.#onReport(command.report)
      case 'halt': return this.#halt(command.code, command.reason)
    }
  }

  /** Puts a message on a logging channel. @param peer the core's number of it; by default the newest */
  send(message: ChannelMessage, peer = this.#lastPeer): void {
    const end = this.#peers.get(peer)
    if (end === undefined) return
    if (message.type === 'log') this.#sim.tell((c) => c.onFrameSent(this, message))
    end.send(message)
  }

  #sendSwitch(messages: readonly ToSwitch[]): void {
    for (const message of messages) {
      if (message.type === 'outputs') this.#sim.tell((c) => c.onOutputsSent(this, message))
    }
    if (this.#switchConnection !== undefined) this.#switchOut!.send(encodeToSwitch(messages))
  }

  #closePeer(peer: number): void {
    this.#peers.get(peer)?.close()
    this.#peers.delete(peer)
  }

  #read(peer: number, on: boolean): void {
    const end = this.#peers.get(peer)
    if (end === undefined) return
    if (!on) this.#sim.reached('backup stopped reading')
    this.#inbox.unshift(...end.setReading(on).map((arrival) => ({ kind: 'channel' as const, arrival, end })))
  }

  #run(untilTick: number): void {
    const from = this.machine.ticks
    if (this.machine.engine.nesting > 1) this.#sim.reached('handler inside running code')
    let rest: Stop | Divergence | undefined
    try {
      this.machine.run(this.#sim.mutant.untilTick?.(this, untilTick) ?? untilTick, (stop) => (rest = stop))
    } catch (error) {
      if (!(error instanceof Divergence)) throw error
      rest = error
    }
    const costMs = ((this.machine.ticks - from) * this.#sim.options.tickUs * this.#slowness) / 1000
    this.#busyUntilMs = Math.max(this.#busyUntilMs, this.#sim.nowMs) + costMs
    // An engine that suspends says so in a later turn: other events come first.
    if (this.#sim.options.stopsLate) this.#inbox.push({ kind: 'rest', stop: rest! })
    else this.#inbox.unshift({ kind: 'rest', stop: rest! })
    if (rest !== undefined && !(rest instanceof Divergence)) this.#sim.tell((c) => c.onRest(this, rest as Stop))
  }

  #onReport(report: Report): void {
    this.#sim.reported(report.event)
    if (report.event === 'live' && report.outputsHeld > 0) this.#sim.reached('live with outputs held')
    if (report.event === 'live' && !this.machine.idle) this.#sim.reached('live in the middle of running code')
    if (report.event === 'alone' && report.outputsHeld > 0) this.#sim.reached('alone with outputs held')
    this.#sim.tell((c) => c.onReport(this, report))
  }

  #halt(code: number, reason: string): void {
    this.haltCode = code
    this.haltReason = reason
    for (const peer of [...this.#peers.keys()]) this.#closePeer(peer)
    this.#switchOut?.end()
  }

  #followDeadline(): void {
    const nextUs = this.core.nextDeadlineUs
    if (nextUs === this.#deadlineUs || !this.isUp) return
    this.#deadlineUs = nextUs
    if (nextUs === Infinity) return
    this.#sim.scheduler.at(Math.max(Math.ceil(nextUs / 1000 - this.traits.hostClockMs), this.#sim.nowMs + timerMsMin), () => {
      if (this.#deadlineUs !== nextUs) return
      this.#deadlineUs = Infinity
      if (this.isPaused) this.#timeDue = true
      else this.take({ kind: 'time' })
    })
  }
}
