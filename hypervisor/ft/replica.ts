/**
 * One replica: the protocol core. `step(event, now) → commands`; no sockets, timers or promises. The roles and what
 * moves between them are here; each rule has a file of its own beside this one.
 */
import { ControlOperation, Kind } from '../../logging-channel/entries.ts'
import type { Checksum } from '../../logging-channel/crc32.ts'
import type { ChannelMessage, Hello, LogFrame } from '../../logging-channel/messages.ts'
import { CHANNEL_VERSION } from '../../logging-channel/messages.ts'
import { ReceiveBuffer } from '../../logging-channel/receive-buffer.ts'
import { SendWindow } from '../../logging-channel/send-window.ts'
import type { Verdict } from '../../shared-disk/arbiter.ts'
import type { Outside } from '../devices/device.ts'
import type { Stop } from '../machine/engine.ts'
import type { Machine } from '../machine/machine.ts'
import type { FromSwitch } from '../switch/messages.ts'
import { whyNotPeers } from './admission.ts'
import { Claim } from './claim.ts'
import { Deadlines } from './deadlines.ts'
import { Divergence } from './divergence.ts'
import type { Command, ReplicaEvent, Report } from './events.ts'
import { ExitCode } from './exit-codes.ts'
import { FailureDetector } from './failure-detector.ts'
import { HeldOutputs } from './held-outputs.ts'
import { Journal } from './journal.ts'
import { LiveRun } from './live-run.ts'
import { LogWriter } from './log-writer.ts'
import { ReplayRun } from './replay-run.ts'
import { StateHashSchedule } from './state-hash-schedule.ts'
import { SwitchSide } from './switch-side.ts'
import type { World } from './world.ts'

export type ReplicaConfig = {
  readonly role: 'primary' | 'backup'
  readonly vm: string
  /** Unique to this process. */
  readonly replica: string
  readonly image: string
  readonly runtime: string
  /** Run without a backup from the start: outputs are not held. */
  readonly unprotected: boolean
  readonly heartbeatIntervalMs: number
  /** Silence of this many intervals is suspicious. */
  readonly heartbeatsMissedMax: number
  readonly windowBytesMax: number
  readonly windowEntriesMax: number
  readonly stateHashIntervalMs: number
}

/**
 * `claiming` a first term → `waiting` for a backup → `protected`; or `joining` a primary → `replaying`.
 * Then `suspecting`; the winner goes on `alone` (a backup by way of `draining` its log), the loser has `halted`.
 */
export type Phase = 'claiming' | 'waiting' | 'protected' | 'joining' | 'replaying' | 'suspecting' | 'draining' | 'alone' | 'halted'

/** A corrupt channel gives the primary this many heartbeat intervals' head start: it has more to lose. */
const corruptGraceIntervals = 3
/** Undelivered output bytes above which a live replica takes no more input. */
const outputBytesMax = 64 * 1024 * 1024
/** How long a machine that powers off waits for its last outputs to be taken. */
const powerOffGraceMs = 1000

export class Replica {
  readonly #config: ReplicaConfig
  readonly #machine: Machine
  readonly #journal: Journal
  readonly #outputs: HeldOutputs
  readonly #log = new LogWriter()
  readonly #window: SendWindow
  readonly #received: ReceiveBuffer
  readonly #deadlines = new Deadlines()
  readonly #live: LiveRun
  readonly #replay: ReplayRun
  readonly #switch: SwitchSide
  #phase: Phase
  #term = 0
  #detector: FailureDetector | undefined
  #claim: Claim | undefined
  #graceUntilMs: number | undefined
  #lastSentMs = -Infinity
  #suspectedMs = 0
  #replayedAtSuspicion = 0
  #reading = true
  #deliveredByPrimary = 0
  #quantumTicks = 1_000_000
  #ending: { code: ExitCode; reason: string; untilMs: number } | undefined
  /** A run is asked for and has not come to rest: nothing may touch the machine meanwhile. */
  #runOut = false
  #commands: Command[] = []
  #nowMs = 0

  /** @param createMachine builds the machine over this replica's journal */
  constructor(config: ReplicaConfig, world: World, checksum: Checksum, createMachine: (outside: Outside) => Machine) {
    this.#config = config
    this.#phase = config.role === 'primary' ? 'claiming' : 'joining'
    this.#outputs = new HeldOutputs(checksum)
    const limits = { bytesMax: config.windowBytesMax, entriesMax: config.windowEntriesMax }
    this.#window = new SendWindow(limits)
    this.#received = new ReceiveBuffer(limits)
    const parts = {
      received: this.#received, log: this.#log, outputs: this.#outputs, deadlines: this.#deadlines, world,
      hashes: new StateHashSchedule(config.stateHashIntervalMs), ticks: () => this.#machine.ticks
    }
    this.#journal = new Journal(parts)
    this.#machine = createMachine(this.#journal)
    this.#live = new LiveRun({ ...parts, machine: this.#machine })
    this.#replay = new ReplayRun({ ...parts, machine: this.#machine })
    this.#switch = new SwitchSide(this.#outputs)
  }

  get phase(): Phase {
    return this.#phase
  }

  get term(): number {
    return this.#term
  }

  /** When the next guest timer is due, on the world's monotonic clock; `Infinity` unless this replica is live. */
  get nextDeadlineUs(): number {
    return this.#isLive() ? this.#deadlines.nextUs : Infinity
  }

  /** How far a slice may run, in ticks. Outside determinism: where a slice ended is in the log. */
  set quantumTicks(ticks: number) {
    this.#quantumTicks = ticks
  }

  get hello(): Hello {
    const { role, vm, replica, image, runtime } = this.#config
    return { type: 'hello', version: CHANNEL_VERSION, role, vm, replica, image, runtime, term: this.#term }
  }

  /** Positions and backlogs, for status lines and tests. */
  status(): { ticks: number; lastSeq: number; ackedSeq: number; replayedSeq: number; heldOutputs: number; bufferedEntries: number } {
    return {
      ticks: this.#machine.ticks, lastSeq: this.#log.lastSeq, ackedSeq: this.#window.ackedSeq,
      replayedSeq: this.#replay.replayedSeq, heldOutputs: this.#outputs.held, bufferedEntries: this.#received.length
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
      this.#diverged(error)
    }
    return this.#commands
  }

  #handle(event: ReplicaEvent): void {
    switch (event.kind) {
      case 'start': return this.#onStart()
      case 'time': return this.#onTime()
      case 'peerOpen': return this.#do({ do: 'peer', message: this.hello })
      case 'peer': return this.#onPeer(event.message)
      case 'peerClosed': return this.#onPeerClosed(event.reason, event.corrupt)
      case 'switchOpen': return this.#onSwitchOpen()
      case 'switch': return event.messages.forEach((message) => this.#onSwitch(message))
      case 'switchClosed': return this.#onSwitchClosed(event.reason)
      case 'verdict': return this.#onVerdict(event.verdict)
      case 'arbiterDown': return this.#onArbiterDown(event.reason)
      case 'stopped': return this.#onStopped(event.stop)
      case 'powerOff': return this.#onPowerOff(event.reason)
    }
  }

  // Roles

  #onStart(): void {
    if (this.#config.role === 'primary') this.#startClaim(0)
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
    if (!won) return this.#halt(ExitCode.lost, this.#lostReason(verdict))
    this.#term = term
    if (this.#phase === 'claiming') this.#becomeFirst()
    else if (this.#config.role === 'primary') this.#becomeAlone('backup lost')
    else this.#becomeDraining()
  }

  #lostReason({ term, holder }: Verdict): string {
    if (this.#phase !== 'claiming') return `lost the test-and-set: ${holder} is live in term ${term}`
    return `virtual machine "${this.#config.vm}" has run before (term ${term}, held by ${holder}); choose another name or arbiter`
  }

  #onArbiterDown(reason: string): void {
    this.#claim?.unanswered(this.#nowMs)
    this.#report({ event: 'arbiter-down', reason })
  }

  #becomeFirst(): void {
    this.#journal.live = true
    if (this.#config.unprotected) {
      this.#becomeAlone('started without a backup')
      this.#machine.boot()
      return
    }
    this.#phase = 'waiting'
    this.#attach()
    this.#report({ event: 'waiting', term: this.#term })
  }

  #becomeProtected(peer: Hello): void {
    this.#phase = 'protected'
    this.#detector = this.#newDetector()
    this.#report({ event: 'protected', term: this.#term, peer: peer.replica })
    this.#machine.boot()
  }

  #becomeReplaying(peer: Hello): void {
    this.#phase = 'replaying'
    this.#term = peer.term
    this.#detector = this.#newDetector()
    this.#report({ event: 'protected', term: this.#term, peer: peer.replica })
    this.#machine.boot()
  }

  #suspect(reason: string): void {
    this.#report({ event: 'suspect', term: this.#term, reason, silenceMs: this.#detector?.silenceMs(this.#nowMs) ?? 0 })
    this.#phase = 'suspecting'
    this.#graceUntilMs = undefined
    this.#suspectedMs = this.#nowMs
    this.#replayedAtSuspicion = this.#replay.replayedSeq
    this.#do({ do: 'closePeer' })
    this.#startClaim(this.#term)
  }

  /** The primary has won: release what is held and go on unprotected (P2.3-1). */
  #becomeAlone(reason: string): void {
    this.#phase = 'alone'
    this.#report({
      event: 'alone', term: this.#term, reason, outputsHeld: this.#outputs.held,
      sinceSuspicionMs: reason === 'backup lost' ? this.#nowMs - this.#suspectedMs : 0
    })
    this.#attach()
  }

  /** The backup has won: replay everything received first (P2.3-2). */
  #becomeDraining(): void {
    this.#phase = 'draining'
    this.#log.continueAfter(this.#received.receivedSeq)
    this.#journal.live = true
  }

  #becomeLive(): void {
    this.#phase = 'alone'
    if (this.#ending !== undefined) this.#ending.untilMs = this.#nowMs + powerOffGraceMs
    this.#report({
      event: 'live', term: this.#term, entriesReplayed: this.#received.receivedSeq - this.#replayedAtSuspicion,
      outputsHeld: this.#outputs.held, sinceSuspicionMs: this.#nowMs - this.#suspectedMs
    })
    this.#attach()
  }

  #attach(): void {
    this.#switch.attach(this.#term, this.#machine.inputsInjected, this.#machine.network.holds())
  }

  #isLive(): boolean {
    return this.#phase === 'protected' || this.#phase === 'alone' || (this.#phase === 'suspecting' && this.#config.role === 'primary')
  }

  // Time

  #onTime(): void {
    this.#ask()
    if (this.#graceUntilMs !== undefined && this.#nowMs >= this.#graceUntilMs) return this.#suspect('channel was corrupt')
    if (this.#phase !== 'protected' && this.#phase !== 'replaying') return
    // While we ourselves don't read, the peer's silence says nothing.
    if (!this.#reading) this.#detector!.heard(this.#nowMs)
    if (this.#detector!.suspects(this.#nowMs)) {
      return this.#suspect(`nothing heard for ${Math.round(this.#detector!.silenceMs(this.#nowMs))} ms`)
    }
    if (this.#nowMs - this.#lastSentMs < this.#config.heartbeatIntervalMs) return
    this.#sendPeer({ type: 'heartbeat', term: this.#term, outputsDelivered: this.#outputs.firstUndelivered - 1 })
  }

  #newDetector(): FailureDetector {
    return new FailureDetector(this.#config.heartbeatIntervalMs, this.#config.heartbeatsMissedMax, this.#nowMs)
  }

  // Logging channel

  #onPeer(message: ChannelMessage): void {
    if (message.type === 'hello') return this.#onHello(message)
    if (message.type === 'goodbye') return this.#onGoodbye(message.reason)
    if (this.#phase !== 'protected' && this.#phase !== 'replaying') return
    if (message.term !== this.#term) throw new Error(`peer speaks of term ${message.term}, this is term ${this.#term}`)
    this.#detector!.heard(this.#nowMs)
    if (message.type === 'log') this.#onLog(message)
    else if (message.type === 'ack') this.#window.ack(message.ackedSeq)
    else this.#deliveredByPrimary = Math.max(this.#deliveredByPrimary, message.outputsDelivered)
  }

  #onHello(hello: Hello): void {
    const why = whyNotPeers(this.hello, hello) ?? this.#whyNotNow()
    if (why === undefined) return this.#config.role === 'primary' ? this.#becomeProtected(hello) : this.#becomeReplaying(hello)
    this.#report({ event: 'refused-peer', reason: why })
    this.#do({ do: 'peer', message: { type: 'goodbye', reason: `refused: ${why}` } })
    this.#do({ do: 'closePeer' })
    if (this.#config.role === 'backup') this.#halt(ExitCode.refused, `the primary does not fit: ${why}`)
  }

  #whyNotNow(): string | undefined {
    return this.#phase === 'waiting' || this.#phase === 'joining' ? undefined : `this replica is ${this.#phase}, it takes no new peer`
  }

  #onGoodbye(reason: string): void {
    if (this.#config.role === 'primary') {
      if (this.#phase === 'protected') this.#suspect(`backup left: ${reason}`)
      return
    }
    if (this.#phase === 'joining') return this.#halt(ExitCode.refused, `primary said: ${reason}`)
    if (this.#phase === 'replaying') this.#halt(ExitCode.ok, `primary said: ${reason}`)
  }

  #onPeerClosed(reason: string, corrupt: boolean): void {
    if (this.#phase === 'joining') return this.#halt(ExitCode.refused, `channel to the primary: ${reason}`)
    if (this.#phase !== 'protected' && this.#phase !== 'replaying') return
    if (!corrupt || this.#config.role === 'primary') return this.#suspect(reason)
    // Nothing more can be received; the primary, which sees the channel close, is to win this one.
    this.#report({ event: 'suspect', term: this.#term, reason, silenceMs: 0 })
    this.#graceUntilMs = this.#nowMs + corruptGraceIntervals * this.#config.heartbeatIntervalMs
    this.#do({ do: 'closePeer' })
  }

  /** Entries are acknowledged on receipt, not on replay (P2.2-4). */
  #onLog(frame: LogFrame): void {
    if (this.#phase !== 'replaying') throw new Error('log entries sent to a primary')
    this.#replay.receive(frame.seq, frame.entries)
    this.#deliveredByPrimary = Math.max(this.#deliveredByPrimary, frame.outputsDelivered)
    this.#sendAck()
  }

  #sendAck(): void {
    const { receivedSeq } = this.#received
    this.#sendPeer({ type: 'ack', term: this.#term, ackedSeq: receivedSeq, replayedSeq: this.#replay.replayedSeq })
  }

  #sendPeer(message: ChannelMessage): void {
    this.#lastSentMs = this.#nowMs
    this.#do({ do: 'peer', message })
  }

  // Switch

  #onSwitchOpen(): void {
    this.#switch.opened()
    if (this.#term > 0 && (this.#isLive() || this.#phase === 'waiting')) this.#attach()
  }

  #onSwitchClosed(reason: string): void {
    this.#switch.closed()
    this.#live.forgetInputs()
    if (this.#isLive()) this.#report({ event: 'switch-lost', reason })
  }

  #onSwitch(message: FromSwitch): void {
    if (message.type === 'refused') return this.#halt(message.term > this.#term ? ExitCode.lost : ExitCode.refused, `switch: ${message.reason}`)
    if (message.type === 'attached') return this.#onAttached(message)
    if (message.type === 'outputAck') return this.#outputs.delivered(message.through)
    this.#live.offer(this.#switch.accept(message.first, message.inputs, this.#live.nextInput))
  }

  #onAttached(message: Extract<FromSwitch, { type: 'attached' }>): void {
    if (message.term !== this.#term) return
    this.#report({ event: 'attached', term: message.term, fresh: message.fresh, outputsDelivered: message.outputsDelivered })
    this.#switch.answered(message)
  }

  // The machine

  #onStopped(stop: Stop): void {
    this.#runOut = false
    const replaying = this.#phase === 'replaying' || this.#phase === 'draining' || this.#isSuspectingBackup()
    if (!replaying || !this.#replay.rested(stop)) this.#live.rested(stop, this.#nowMs)
    if (stop.kind === 'trap') this.#report({ event: 'guest-ended', how: `trap: ${stop.message}`, tick: this.#machine.ticks })
    if (stop.kind === 'exit') this.#report({ event: 'guest-ended', how: `power off, code ${stop.code}`, tick: this.#machine.ticks })
    if (stop.kind === 'trap') this.#end(ExitCode.trapped, `guest trapped: ${stop.message} (tick ${this.#machine.ticks})`)
    if (stop.kind === 'exit') this.#end(stop.code as ExitCode, `guest powered off with code ${stop.code}`)
  }

  #isSuspectingBackup(): boolean {
    return this.#config.role === 'backup' && (this.#phase === 'suspecting' || this.#graceUntilMs !== undefined)
  }

  #onPowerOff(reason: string): void {
    if (this.#isLive()) {
      this.#log.append({ kind: Kind.control, operation: ControlOperation.powerOff })
      return this.#end(ExitCode.ok, reason)
    }
    this.#sendPeer({ type: 'goodbye', reason })
    this.#halt(ExitCode.ok, reason)
  }

  #end(code: ExitCode, reason: string): void {
    this.#ending ??= { code, reason, untilMs: this.#nowMs + powerOffGraceMs }
  }

  #advance(event: ReplicaEvent): void {
    if (this.#phase === 'halted' || this.#runOut) return
    if (this.#isLive()) this.#advanceLive(event)
    else if (this.#phase === 'replaying' || this.#phase === 'draining' || this.#isSuspectingBackup()) this.#advanceReplay(event)
  }

  #advanceLive(event: ReplicaEvent): void {
    if (this.#ending !== undefined) return
    if (!this.#live.prepare(() => this.#isFull())) return
    this.#run(this.#machine.ticks + this.#quantumTicks, event)
  }

  #isFull(): boolean {
    if (this.#outputs.bytes >= outputBytesMax) return true
    return this.#phase !== 'alone' && this.#window.isFull(this.#log.pendingBytes, this.#log.pendingEntries)
  }

  #advanceReplay(event: ReplicaEvent): void {
    const step = this.#replay.next(this.#phase === 'draining', this.#quantumTicks)
    this.#outputs.delivered(Math.min(this.#deliveredByPrimary, this.#outputs.emitted))
    this.#holdChannel()
    if (step.do === 'run') return this.#run(step.untilTick, event)
    if (step.do !== 'drained') return
    this.#becomeLive()
    this.#advanceLive(event)
  }

  /** The backup's buffer is bounded: full, it stops reading, and so acknowledging (P3.2-1, P3.2-3). */
  #holdChannel(): void {
    if (this.#received.isFull() !== this.#reading) return
    this.#reading = !this.#reading
    this.#do({ do: 'readPeer', on: this.#reading })
  }

  #run(untilTick: number, event: ReplicaEvent): void {
    this.#runOut = true
    this.#do({ do: 'run', untilTick, breathe: event.kind === 'stopped' })
  }

  // What every step ends with, in this order: the log leaves first, outputs only after it.

  #settle(): void {
    if (this.#phase === 'halted') return
    this.#flush()
    this.#release()
    const messages = this.#switch.take()
    if (messages.length > 0) this.#do({ do: 'switch', messages })
    if (this.#ending !== undefined) this.#finish(this.#ending)
  }

  #flush(): void {
    if (this.#phase === 'alone' || this.#phase === 'draining') return this.#log.drop()
    if (!this.#isLive()) return
    for (const { frame, lastSeq, bytes } of this.#log.flush(this.#term, this.#outputs.firstUndelivered - 1)) {
      this.#window.add(lastSeq, bytes, this.#machine.inputsInjected)
      if (this.#phase === 'protected') this.#sendPeer(frame)
    }
  }

  /** The output rule (P2.2-2): one place, one function. Alone, there is nobody to wait for. */
  #release(): void {
    if (!this.#isLive()) return
    const alone = this.#phase === 'alone'
    const range = this.#outputs.release(alone ? Infinity : this.#window.ackedSeq)
    if (!this.#switch.attached(this.#term)) return
    if (range !== undefined) this.#switch.send(this.#term, range)
    this.#switch.acknowledge(this.#term, alone ? this.#machine.inputsInjected : this.#window.inputsThrough)
  }

  /** A machine that has ended leaves when its last outputs have arrived; its backup then has nothing to take over (P3.3-2). */
  #finish(ending: { code: ExitCode; reason: string; untilMs: number }): void {
    if (this.#config.role === 'backup' && this.#phase !== 'alone') return
    const delivered = this.#outputs.firstUndelivered > this.#outputs.emitted
    if (!delivered && this.#nowMs < ending.untilMs) return
    this.#sendPeer({ type: 'goodbye', reason: ending.reason })
    this.#halt(ending.code, ending.reason)
  }

  #diverged(error: Divergence): void {
    const { lastGoodSeq, firstBadSeq, tick, message } = error
    this.#report({ event: 'divergence', lastGoodSeq, firstBadSeq, tick, what: message })
    this.#do({ do: 'peer', message: { type: 'goodbye', reason: message } })
    this.#halt(ExitCode.divergence, message)
  }

  #halt(code: ExitCode, reason: string): void {
    this.#phase = 'halted'
    this.#do({ do: 'halt', code, reason })
  }

  #report(report: Report): void {
    this.#do({ do: 'report', report })
  }

  #do(command: Command): void {
    this.#commands.push(command)
  }
}
