/**
 * One replica: the protocol core. `step(event, now) → commands`; no sockets, timers or promises. The roles and what
 * moves between them are here; each rule has a file of its own beside this one.
 */
import type { Checksum } from '../../logging-channel/crc32.ts'
import type { ChannelMessage, Hello, LogFrame } from '../../logging-channel/messages.ts'
import type { Verdict } from '../../shared-disk/arbiter.ts'
import type { Outside } from '../devices/device.ts'
import type { Stop } from '../machine/engine.ts'
import type { Machine } from '../machine/machine.ts'
import type { Attached, FromSwitch } from '../switch/messages.ts'
import { Claim } from './claim.ts'
import { Divergence } from './divergence.ts'
import type { Command, ReplicaEvent, Report } from './events.ts'
import { Ending } from './ending.ts'
import { ExitCode } from './exit-codes.ts'
import { Lockstep, type LockstepStatus } from './lockstep.ts'
import { PeerSide } from './peer-side.ts'
import { isLive, isPaired, isReplaying, type Phase, takesPeer } from './phase.ts'
import { helloOf, type ReplicaConfig } from './replica-config.ts'
import { SwitchSide } from './switch-side.ts'
import type { World } from './world.ts'

export class Replica {
  readonly #config: ReplicaConfig
  readonly #lockstep: Lockstep
  readonly #peer: PeerSide
  readonly #switch: SwitchSide
  #phase: Phase
  #term = 0
  #claim: Claim | undefined
  #suspectedMs = 0
  #replayedAtSuspicion = 0
  #quantumTicks = 1_000_000
  #ending: Ending | undefined
  /** Why the primary has left in good order; what it logged before is still replayed, so that both end alike. */
  #farewell = ''
  /** A run is asked for and has not come to rest: nothing may touch the machine meanwhile. */
  #runOut = false
  /** The operator's power off is not in the log yet: control entries stand between runs, never inside one. */
  #powerOffDue = false
  #commands: Command[] = []
  #nowMs = 0

  /** @param createMachine builds the machine over this replica's journal */
  constructor(config: ReplicaConfig, world: World, checksum: Checksum, createMachine: (outside: Outside) => Machine) {
    this.#config = config
    this.#phase = config.role === 'primary' ? 'claiming' : 'joining'
    this.#lockstep = new Lockstep(config, world, checksum, createMachine)
    this.#peer = new PeerSide(config.heartbeatIntervalMs, config.heartbeatsMissedMax)
    this.#switch = new SwitchSide(this.#lockstep.outputs)
  }

  get phase(): Phase {
    return this.#phase
  }

  get term(): number {
    return this.#term
  }

  /** When the next guest timer is due, on the world's monotonic clock; `Infinity` unless this replica is live. */
  get nextDeadlineUs(): number {
    return this.#isLive() ? this.#lockstep.nextDeadlineUs : Infinity
  }

  /** How far a slice may run, in ticks. Outside determinism: where a slice ended is in the log. */
  set quantumTicks(ticks: number) {
    this.#quantumTicks = ticks
  }

  get hello(): Hello {
    return helloOf(this.#config, this.#term)
  }

  /** Positions and backlogs, for status lines and tests. */
  status(): LockstepStatus {
    return this.#lockstep.status()
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
      case 'peerOpen': return this.#do({ do: 'peer', message: this.hello })
      case 'peer': return this.#onPeer(event.message)
      case 'peerClosed': return this.#onPeerClosed(event.reason, event.corrupt)
      case 'switchOpen': return this.#onSwitchOpen()
      case 'switch': return event.messages.forEach((message) => this.#onSwitch(message))
      case 'switchClosed': return this.#onSwitchClosed(event.reason)
      case 'verdict': return this.#onVerdict(event.verdict)
      case 'arbiterDown': return this.#onArbiterDown(event.reason)
      case 'stopped': return this.#onStopped(event.stop)
      case 'diverged': return this.#onDivergence(event.divergence)
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
    if (!won) return this.#halt(ExitCode.lost, claim.whyLost(verdict, this.#config.vm))
    this.#term = term
    if (this.#phase === 'claiming') this.#becomeFirst()
    else if (this.#config.role === 'primary') this.#becomeAlone('backup lost')
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
    this.#attach()
    this.#report({ event: 'waiting', term: this.#term })
  }

  #becomePaired(peer: Hello): void {
    this.#phase = this.#config.role === 'primary' ? 'protected' : 'replaying'
    if (this.#phase === 'replaying') this.#term = peer.term
    this.#peer.watch(this.#nowMs)
    this.#report({ event: 'protected', term: this.#term, peer: peer.replica })
    this.#lockstep.machine.boot()
  }

  #becomeLeaving(farewell: string): void {
    this.#phase = 'leaving'
    this.#farewell = farewell
  }

  #suspect(reason: string): void {
    if (this.#lockstep.poweredOff) return this.#becomeLeaving('the machine is powered off')
    this.#report({ event: 'suspect', term: this.#term, reason, silenceMs: this.#peer.silenceMs(this.#nowMs) })
    this.#phase = 'suspecting'
    this.#peer.endGrace()
    this.#suspectedMs = this.#nowMs
    this.#replayedAtSuspicion = this.#lockstep.replayedSeq
    this.#do({ do: 'closePeer' })
    this.#startClaim(this.#term)
  }

  /** The primary has won: release what is held and go on unprotected (P2.3-1). */
  #becomeAlone(reason: string): void {
    const sinceSuspicionMs = this.#phase === 'suspecting' ? this.#nowMs - this.#suspectedMs : 0
    this.#phase = 'alone'
    this.#report({ event: 'alone', term: this.#term, reason, outputsHeld: this.#lockstep.outputs.held, sinceSuspicionMs })
    this.#attach()
  }

  /** The backup has won: replay everything received first (P2.3-2). */
  #becomeDraining(): void {
    this.#phase = 'draining'
    this.#lockstep.startDraining()
  }

  #becomeLive(): void {
    this.#phase = 'alone'
    this.#ending?.renew(this.#nowMs)
    this.#report({
      event: 'live', term: this.#term, entriesReplayed: this.#lockstep.received.receivedSeq - this.#replayedAtSuspicion,
      outputsHeld: this.#lockstep.outputs.held, sinceSuspicionMs: this.#nowMs - this.#suspectedMs
    })
    this.#attach()
  }

  #attach(): void {
    const { machine } = this.#lockstep
    this.#switch.attach(this.#term, machine.inputsInjected, machine.network.holds())
  }

  #isLive(): boolean {
    return isLive(this.#phase, this.#config.role)
  }

  // Time

  #onTime(): void {
    this.#ask()
    if (!isPaired(this.#phase)) return
    const suspicion = this.#peer.suspicion(this.#nowMs)
    if (suspicion !== undefined) return this.#suspect(suspicion)
    const heartbeat = this.#peer.heartbeat(this.#term, this.#lockstep.outputs.firstUndelivered - 1, this.#nowMs)
    if (heartbeat !== undefined) this.#sendPeer(heartbeat)
  }

  // Logging channel

  #onPeer(message: ChannelMessage): void {
    if (message.type === 'hello') return this.#onHello(message)
    if (message.type === 'goodbye') return this.#onGoodbye(message.reason)
    if (!isPaired(this.#phase) || this.#peer.inGrace) return
    if (message.term !== this.#term) throw new Error(`peer speaks of term ${message.term}, this is term ${this.#term}`)
    this.#peer.heard(this.#nowMs)
    if (message.type === 'log') this.#onLog(message)
    else if (message.type === 'ack') this.#lockstep.window.ack(message.ackedSeq)
    else this.#lockstep.primaryDelivered(message.outputsDelivered)
  }

  #onHello(hello: Hello): void {
    const why = this.#peer.whyNot(this.hello, hello, takesPeer(this.#phase), this.#phase)
    if (why === undefined) return this.#becomePaired(hello)
    this.#report({ event: 'refused-peer', reason: why })
    this.#do({ do: 'peer', message: { type: 'goodbye', reason: `refused: ${why}` } })
    this.#do({ do: 'closePeer' })
    if (this.#config.role === 'backup') this.#halt(ExitCode.refused, `the primary does not fit: ${why}`)
  }

  #onGoodbye(reason: string): void {
    if (this.#phase === 'protected') return this.#suspect(`backup left: ${reason}`)
    if (this.#phase === 'joining') return this.#halt(ExitCode.refused, `primary said: ${reason}`)
    // A primary that leaves in good order has powered the machine off (P3.3-2).
    if (this.#phase === 'replaying') this.#becomeLeaving(`primary said: ${reason}`)
  }

  #onPeerClosed(reason: string, corrupt: boolean): void {
    if (this.#phase === 'joining') return this.#halt(ExitCode.refused, `channel to the primary: ${reason}`)
    if (corrupt && this.#phase === 'waiting') this.#report({ event: 'refused-peer', reason })
    if (!isPaired(this.#phase) || this.#peer.inGrace) return
    if (!corrupt || this.#config.role === 'primary') return this.#suspect(reason)
    // Nothing more can be received; the primary, which sees the channel close, is to win this one.
    this.#report({ event: 'suspect', term: this.#term, reason, silenceMs: 0 })
    this.#peer.grantGrace(this.#nowMs)
    this.#do({ do: 'closePeer' })
  }

  /** Entries are acknowledged on receipt, not on replay (P2.2-4). */
  #onLog(frame: LogFrame): void {
    if (this.#phase !== 'replaying') throw new Error('log entries sent to a primary')
    this.#lockstep.receive(frame)
    const { received, replayedSeq } = this.#lockstep
    this.#sendPeer({ type: 'ack', term: this.#term, ackedSeq: received.receivedSeq, replayedSeq })
  }

  #sendPeer(message: ChannelMessage): void {
    this.#peer.sent(this.#nowMs)
    this.#do({ do: 'peer', message })
  }

  // Switch

  #onSwitchOpen(): void {
    this.#switch.opened()
    if (this.#isLive() || this.#phase === 'waiting') this.#attach()
  }

  #onSwitchClosed(reason: string): void {
    this.#switch.closed()
    this.#lockstep.forgetInputs()
    if (this.#isLive()) this.#report({ event: 'switch-lost', reason })
  }

  #onSwitch(message: FromSwitch): void {
    if (message.type === 'refused') {
      return this.#halt(message.term > this.#term ? ExitCode.lost : ExitCode.refused, `switch: ${message.reason}`)
    }
    if (message.type === 'attached') return this.#onAttached(message)
    if (message.type === 'outputAck') return this.#lockstep.outputs.delivered(message.through)
    this.#lockstep.offer(this.#switch.accept(message.first, message.inputs, this.#lockstep.nextInput))
  }

  #onAttached(message: Attached): void {
    if (message.term !== this.#term) return
    const { term, fresh, outputsDelivered } = message
    this.#report({ event: 'attached', term, fresh, outputsDelivered })
    this.#switch.answered(message)
  }

  // The machine

  #onStopped(stop: Stop): void {
    this.#runOut = false
    this.#lockstep.rested(stop, isReplaying(this.#phase, this.#config.role), this.#nowMs)
    if (stop.kind === 'trap') this.#end(ExitCode.trapped, `guest trapped: ${stop.message}`)
    if (stop.kind === 'exit') this.#end(stop.code as ExitCode, `guest powered off with code ${stop.code}`)
  }

  #onPowerOff(reason: string): void {
    if (this.#isLive()) {
      this.#powerOffDue = true
      this.#ending ??= new Ending(ExitCode.ok, reason, this.#nowMs)
      return
    }
    this.#sendPeer({ type: 'goodbye', reason })
    this.#halt(ExitCode.ok, reason)
  }

  #end(code: ExitCode, reason: string): void {
    const tick = this.#lockstep.machine.ticks
    this.#report({ event: 'guest-ended', how: reason, tick })
    this.#ending ??= new Ending(code, `${reason} (tick ${tick})`, this.#nowMs)
  }

  #advance(event: ReplicaEvent): void {
    if (this.#phase === 'halted' || this.#runOut) return
    if (this.#isLive()) this.#advanceLive(event)
    else if (isReplaying(this.#phase, this.#config.role)) this.#advanceReplay(event)
  }

  #advanceLive(event: ReplicaEvent): void {
    if (this.#ending !== undefined || !this.#lockstep.prepareLive(this.#phase === 'alone')) return
    this.#run(this.#lockstep.machine.ticks + this.#quantumTicks, event)
  }

  #advanceReplay(event: ReplicaEvent): void {
    const step = this.#lockstep.nextReplay(this.#phase === 'draining', this.#quantumTicks)
    // The backup's buffer is bounded: full, it stops reading, and so acknowledging (P3.2-1, P3.2-3). But without a
    // progress entry it can't replay what it has: then more must be read, or the buffer would stay full for ever.
    const { received } = this.#lockstep
    const reading = this.#peer.changeReading(!received.isFull() || !received.hasProgress())
    if (reading !== undefined) this.#do({ do: 'readPeer', on: reading })
    if (step.do === 'run') return this.#run(step.untilTick, event)
    if (this.#phase === 'leaving') return this.#halt(this.#ending?.code ?? ExitCode.ok, this.#ending?.reason ?? this.#farewell)
    if (step.do !== 'drained') return
    this.#becomeLive()
    this.#advanceLive(event)
  }

  #run(untilTick: number, event: ReplicaEvent): void {
    this.#runOut = true
    this.#do({ do: 'run', untilTick, breathe: event.kind === 'stopped' })
  }

  /** What every step ends with, in this order: the log leaves first, outputs only after it. */
  #settle(): void {
    if (this.#phase === 'halted') return
    this.#logPowerOff()
    this.#flush()
    this.#release()
    const messages = this.#switch.take()
    if (messages.length > 0) this.#do({ do: 'switch', messages })
    if (this.#ending !== undefined) this.#finish(this.#ending)
  }

  #logPowerOff(): void {
    if (!this.#powerOffDue || this.#runOut) return
    this.#powerOffDue = false
    this.#lockstep.logPowerOff()
  }

  #flush(): void {
    if (this.#phase === 'alone' || this.#phase === 'draining') return this.#lockstep.dropLog()
    if (!this.#isLive()) return
    for (const frame of this.#lockstep.flush(this.#term)) if (this.#phase === 'protected') this.#sendPeer(frame)
  }

  #release(): void {
    if (!this.#isLive()) return
    const alone = this.#phase === 'alone'
    const range = this.#lockstep.release(alone)
    if (!this.#switch.attached(this.#term)) return
    if (range !== undefined) this.#switch.send(this.#term, range)
    this.#switch.acknowledge(this.#term, this.#lockstep.safeInputs(alone))
  }

  /** A machine that has ended leaves when its last outputs have arrived; its backup then has nothing to take over (P3.3-2). */
  #finish(ending: Ending): void {
    if (!this.#isLive() || !ending.isDue(this.#lockstep.outputs, this.#nowMs)) return
    this.#sendPeer({ type: 'goodbye', reason: ending.reason })
    this.#halt(ending.code, ending.reason)
  }

  #onDivergence(error: Divergence): void {
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
