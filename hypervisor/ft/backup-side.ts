/**
 * A backup and its primary: it takes on the primary's state, receives the log and acknowledges it on receipt (P2.2-4). It
 * does not acknowledge before it holds the whole snapshot: entries alone are worth nothing, and the primary's window so
 * bounds what waits here.
 */
import { ControlOperation, Kind } from '../../logging-channel/entries.ts'
import type { ChannelMessage, Hello, LogFrame, SnapshotPiece } from '../../logging-channel/messages.ts'
import { BlackBox } from './black-box.ts'
import type { Core } from './core.ts'
import { Eligibility } from './eligibility.ts'
import { ExecutionLag } from './execution-lag.ts'
import { ExitCode } from './exit-codes.ts'
import type { Lockstep } from './lockstep.ts'
import { PeerSide } from './peer-side.ts'
import { isFollowing } from './phase.ts'
import type { ReplicaConfig } from './replica-config.ts'
import { SnapshotReceiver } from './snapshot-receiver.ts'
import type { StateDecoder } from './state-bytes.ts'

/** How far replay has come is told at least this often while it moves: the primary measures the lag by it. */
const tellReplayedMs = 10

export class BackupSide {
  readonly side: PeerSide
  readonly eligibility = new Eligibility()
  readonly lag = new ExecutionLag()
  /** The primary hands over: its log is complete, and it waits for this replica to go live. */
  handedOver = false
  /** Why the primary has left in good order. */
  farewell = ''
  readonly #core: Core
  readonly #config: ReplicaConfig
  readonly #lockstep: Lockstep
  #id = 0
  #receiver: SnapshotReceiver | undefined
  #decoder: StateDecoder | undefined
  /** A primary that boots with one backup, perhaps this one: it has said hello, not yet that it has taken ours. */
  #bootsWith: Hello | undefined
  #toldReplayed = 0
  #toldMs = -Infinity

  constructor(core: Core, config: ReplicaConfig, lockstep: Lockstep) {
    this.#core = core
    this.#config = config
    this.#lockstep = lockstep
    this.side = new PeerSide(config.heartbeatIntervalMs, config.heartbeatsMissedMax)
  }

  /** The host's number of the channel to the primary. */
  set id(id: number) {
    this.#id = id
  }

  /**
   * A primary that fits: both boot together, or its machine runs already and a snapshot comes first. One that waits says hello to
   * everyone and boots with the first that answers: only what comes next tells a backup that it is the one.
   */
  follow(primary: Hello): void {
    if (this.#bootsWith !== undefined) throw new Error('a second hello')
    const { term, replica: peer } = primary
    if (primary.begins === 'boot') {
      this.#bootsWith = primary
      return this.side.watch(this.#core.nowMs, true)
    }
    this.#core.enter('receiving', term)
    this.side.watch(this.#core.nowMs, true)
    this.#core.report({ event: 'receiving', term, peer })
  }

  /** @throws if the primary does not follow the protocol */
  onMessage(message: Exclude<ChannelMessage, Hello>): void {
    if (message.type === 'goodbye') return this.#onGoodbye(message.reason)
    if (this.#core.phase === 'joining' && this.#bootsWith !== undefined) this.#boot(message.term, this.#bootsWith.replica)
    if (!isFollowing(this.#core.phase) || this.side.inGrace) return
    this.#followTerm(message.term)
    this.side.heard(this.#core.nowMs)
    switch (message.type) {
      case 'log': return this.#onLog(message)
      case 'pause': return this.side.grantSilence(message.forMs)
      case 'heartbeat': return this.#lockstep.primaryDelivered(message.outputsDelivered)
      case 'snapshot': return this.#onSnapshot(message)
      case 'retire':
        this.send({ type: 'goodbye', reason: 'retired' })
        return this.#core.halt(ExitCode.ok, `retired: ${message.reason}`)
      default: throw new Error(`${message.type} sent to a backup`)
    }
  }

  /** A long frame on a slow link is on its way: its sender lives. */
  onPart(id: number): void {
    if (id === this.#id) this.side.heardPart(this.#core.nowMs)
  }

  onClosed(reason: string, corrupt: boolean): void {
    const { phase, nowMs, term } = this.#core
    if (phase === 'joining') return this.#core.halt(ExitCode.refused, `channel to the primary: ${reason}`)
    if (!isFollowing(phase) || this.side.inGrace) return
    if (!corrupt || phase !== 'replaying') return this.#core.suspect(reason, this.side.silenceMs(nowMs))
    // Nothing more can be received; the primary, which sees the channel close, is to win this one.
    this.#core.report({ event: 'suspect', term, reason, silenceMs: 0 })
    this.side.grantGrace(nowMs)
    this.#close()
  }

  onTime(): void {
    const { phase, nowMs, term } = this.#core
    if (phase === 'joining') return this.#onTimeJoining()
    if (isFollowing(phase)) {
      const suspicion = this.side.suspicion(nowMs)
      if (suspicion !== undefined) return this.#core.suspect(suspicion, this.side.silenceMs(nowMs))
    } else if (phase !== 'suspecting' || !this.handedOver) return
    const heartbeat = this.side.heartbeat(term, this.#lockstep.outputs.firstUndelivered - 1, nowMs)
    if (heartbeat !== undefined) this.send(heartbeat)
  }

  /** A waiting primary takes a backup at once, or refuses it; it may be gone without a word, too. */
  #onTimeJoining(): void {
    const silence = this.#bootsWith && this.side.suspicion(this.#core.nowMs)
    if (silence !== undefined) this.#core.halt(ExitCode.refused, `channel to the primary: ${silence}`)
  }

  /** Nothing more is to come; what was logged is still replayed, so that both end alike. */
  leave(farewell: string): void {
    this.farewell = farewell
    this.#core.enter('leaving', this.#core.term)
  }

  /** It suspects its primary: from here on it is on record what follows. */
  openBlackBox(suspicion: string, silenceMs: number): BlackBox {
    const { nowMs } = this.#core
    const { replayedSeq, received } = this.#lockstep
    this.side.endGrace()
    if (!this.handedOver) this.#close()
    this.lag.heard(received.receivedSeq, replayedSeq, nowMs)
    const lagMs = this.lag.lagMs(nowMs)
    return new BlackBox({ suspicion, planned: this.handedOver, silenceMs, lagMs, replayedSeq, nowMs })
  }

  /** It has won; a primary that hands over waits to hear of it. */
  tookOver(): void {
    if (!this.handedOver) return
    this.send({ type: 'goodbye', reason: `took over in term ${this.#core.term}` })
    this.#close()
  }

  /** How much of the snapshot is here, for a person. */
  get progress(): string {
    const receiver = this.#receiver
    if (receiver === undefined) return this.eligibility.lacks
    return receiver.progress
  }

  /** The primary boots with this backup: it lacks nothing, and has every entry before the first output. */
  #boot(term: number, peer: string): void {
    this.#core.enter('replaying', term)
    this.eligibility.bootInTerm(term)
    this.side.watch(this.#core.nowMs)
    this.#core.report({ event: 'protected', term, peer })
    this.#lockstep.machine.boot()
  }

  #onSnapshot(piece: SnapshotPiece): void {
    const { phase, term } = this.#core
    if (phase !== 'receiving') throw new Error(`a snapshot was sent to a replica that is ${phase}`)
    if (this.#receiver === undefined) {
      this.#decoder = this.#lockstep.stateDecoder(this.#config.image)
      this.#receiver = new SnapshotReceiver(piece, this.#decoder)
      this.#lockstep.received.startAfter(piece.seq)
    }
    const receiver = this.#receiver
    receiver.take(piece)
    if (receiver.isComplete) {
      this.#lockstep.restore(this.#decoder!)
      this.eligibility.hasState()
      this.#receiver = this.#decoder = undefined
    }
    this.send({ type: 'snapshotAck', term, seq: piece.seq, received: receiver.received })
    if (!receiver.isComplete) return
    this.#core.enter('catching-up', term)
    this.#acknowledge()
  }

  /** Entries are acknowledged on receipt, not on replay (P2.2-4). */
  #onLog(frame: LogFrame): void {
    const { term, phase } = this.#core
    this.#lockstep.receive(frame)
    for (const entry of frame.entries) {
      if (entry.kind === Kind.protectedMark && entry.term === term && entry.replica === this.#config.replica) {
        this.eligibility.marked(entry.term)
      } else if (entry.kind === Kind.control && entry.operation === ControlOperation.stepDown) this.handedOver = true
    }
    if (phase !== 'receiving') this.#acknowledge()
    if (phase === 'catching-up' && this.eligibility.isIn(term)) this.#becomeEligible()
    if (this.handedOver && this.#core.phase === 'replaying') this.#core.suspect('the primary hands over', 0)
  }

  #becomeEligible(): void {
    const { term, nowMs } = this.#core
    this.#core.enter('replaying', term)
    this.side.watch(nowMs)
    this.#core.report({ event: 'protected', term, peer: 'its primary' })
  }

  /** The primary has won another term, and goes on with this backup, which is none until it is marked again. */
  #followTerm(term: number): void {
    if (term < this.#core.term) throw new Error(`peer speaks of term ${term}, this is term ${this.#core.term}`)
    if (term > this.#core.term) this.#core.enter(this.#core.phase === 'replaying' ? 'catching-up' : this.#core.phase, term)
  }

  #onGoodbye(reason: string): void {
    const { phase } = this.#core
    const isNew = phase === 'joining' || (phase === 'receiving' && this.#receiver === undefined)
    if (isNew) return this.#core.halt(ExitCode.refused, `primary said: ${reason}`)
    // A primary that leaves in good order has powered the machine off (P3.3-2), be it while it hands over.
    if (phase === 'replaying' || (phase === 'suspecting' && this.handedOver)) this.leave(`primary said: ${reason}`)
    else if (isFollowing(phase)) this.#core.halt(ExitCode.ok, `primary said: ${reason}`)
  }

  /** Tells how far replay has come, if that is worth a message. */
  tellReplayed(): void {
    if (this.#lockstep.replayedSeq <= this.#toldReplayed || this.#core.nowMs - this.#toldMs < tellReplayedMs) return
    this.#acknowledge()
  }

  send(message: ChannelMessage): void {
    this.side.sent(this.#core.nowMs)
    this.#core.do({ do: 'peer', peer: this.#id, message })
  }

  #close(): void {
    this.#core.do({ do: 'closePeer', peer: this.#id })
  }

  /**
   * The buffer is bounded, also while a run is out: full, the log is not read, and so not acknowledged (P3.2-1, P3.2-3). But
   * without a progress entry it can't be replayed: then more must be read, or the buffer would stay full for ever.
   */
  boundReading(): void {
    const { received } = this.#lockstep
    const reading = this.side.changeReading(!received.isFull() || !received.hasProgress())
    if (reading !== undefined) this.#core.do({ do: 'readPeer', peer: this.#id, on: reading })
  }

  #acknowledge(): void {
    const { received, replayedSeq } = this.#lockstep
    const { term, nowMs } = this.#core
    this.#toldReplayed = replayedSeq
    this.#toldMs = nowMs
    this.lag.heard(received.receivedSeq, replayedSeq, nowMs)
    this.send({ type: 'ack', term, ackedSeq: received.receivedSeq, replayedSeq })
  }
}
