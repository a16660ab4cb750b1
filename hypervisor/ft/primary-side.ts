/**
 * A primary and its backups. One protects it; a second one is there only while the backup is moved. A new backup of a running
 * machine gets a snapshot, then the log behind it, then a protected mark; only from then on do outputs wait for it (§3.1).
 */
import type { ChannelMessage, Hello } from '../../logging-channel/messages.ts'
import { SnapshotRoom } from '../machine/snapshot-room.ts'
import { BackupLink } from './backup-link.ts'
import { CopyPause } from './copy-pause.ts'
import type { Core } from './core.ts'
import type { Lockstep } from './lockstep.ts'
import { PeerSide } from './peer-side.ts'
import type { ReplicaConfig } from './replica-config.ts'

/** A backup is marked when no more than this is on its way to it: outputs then hardly wait. */
const markBehindBytesMax = 64 * 1024
/** Progress, and waiting for a boundary, are told this often. */
const tellEveryMs = 250
const boundaryPatienceMs = 1000
/** A new backup that is silent may hold the service up for so long, its window being full. */
const blockedMsMax = 1000

export type BackupStatus = {
  readonly peer: string
  readonly stage: string
  readonly ackedSeq: number
  readonly entriesBehind: number
  readonly snapshotBytes: number
  readonly snapshotBytesDone: number
  readonly lagMs: number
}

export class PrimarySide {
  readonly #core: Core
  readonly #config: ReplicaConfig
  readonly #lockstep: Lockstep
  readonly #links = new Map<number, BackupLink>()
  /** Connections on which the hello said that both are to boot together. */
  readonly #bootHellos = new Set<number>()
  /** A backup has diverged: this machine, too, is to be kept as it is, at its next boundary. */
  #keepsSnapshot = false
  /** For the next copy of the guest's memory: made ready while the guest runs, so that the pause is short. */
  #room = new SnapshotRoom()
  readonly #pause: CopyPause

  constructor(core: Core, config: ReplicaConfig, lockstep: Lockstep) {
    this.#core = core
    this.#config = config
    this.#lockstep = lockstep
    this.#pause = new CopyPause(core, config)
  }

  /** There is a backup that may be able to take over: outputs wait for it. */
  get isProtecting(): boolean {
    return this.#some(({ mayTakeOver }) => mayTakeOver)
  }

  /** A backup is on its way to protect. */
  get hasCandidate(): boolean {
    return this.#some(({ mayTakeOver }) => !mayTakeOver)
  }

  /** A backup is known to hold everything up to its mark. */
  get isProtected(): boolean {
    return this.#some(({ stage }) => stage === 'eligible' || stage === 'retiring')
  }

  /** The output rule's bound: what every backup that may take over has acknowledged. `Infinity` if there is none. */
  get ackedSeq(): number {
    let seq = Infinity
    for (const link of this.#links.values()) if (link.mayTakeOver) seq = Math.min(seq, link.ackedSeq)
    return seq
  }

  /** The switch may forget its inputs up to this number: no failover can need them any more. */
  get safeInputs(): number {
    let through = this.#lockstep.machine.inputsInjected
    for (const link of this.#links.values()) if (link.mayTakeOver) through = Math.min(through, link.inputsThrough)
    return through
  }

  isFull(pendingBytes: number, pendingEntries: number): boolean {
    return this.#some((link) => link.isFull(pendingBytes, pendingEntries))
  }

  has(id: number): boolean {
    return this.#links.get(id)?.isOpen === true
  }

  /** The longest execution lag of a backup that follows the log, in milliseconds. */
  get lagMs(): number {
    let lagMs = 0
    for (const { lag, isOpen } of this.#links.values()) if (isOpen) lagMs = Math.max(lagMs, lag.lagMs(this.#core.nowMs))
    return lagMs
  }

  status(): readonly BackupStatus[] {
    return [...this.#links.values()].map((link) => ({
      peer: link.name, stage: link.stage, ackedSeq: link.ackedSeq, entriesBehind: link.entriesBehind,
      snapshotBytes: link.snapshot?.totalBytes ?? 0, snapshotBytesDone: link.snapshot?.doneBytes ?? 0,
      lagMs: link.lag.lagMs(this.#core.nowMs)
    }))
  }

  // A backup comes and goes

  /** This replica has said hello on a connection. */
  saidHello(id: number, begins: Hello['begins']): void {
    if (begins === 'boot') this.#bootHellos.add(id)
  }

  forgetHello(id: number): void {
    this.#bootHellos.delete(id)
  }

  /** What the other end was told when it came is not so any more. */
  isTooLate(id: number): boolean {
    return this.#bootHellos.has(id)
  }

  /** Both boot together. The backup hears at once that it is the one. */
  bootWith(id: number, hello: Hello): void {
    this.forgetHello(id)
    const link = this.#add(id, hello, false)
    link.boot(this.#limits(this.#lockstep.lastSeq, this.#lockstep.machine.inputsInjected))
    link.send({ type: 'heartbeat', term: this.#core.term, outputsDelivered: 0 })
  }

  /** The machine runs already: a snapshot is taken at its next boundary. */
  join(id: number, hello: Hello): void {
    const { name } = this.#add(id, hello, true)
    this.#core.report({ event: 'backup-joining', term: this.#core.term, peer: name })
  }

  /** The channel to a backup is gone, or given up. A backup that could not take over is no loss. */
  gone(id: number, reason: string): void {
    const link = this.#links.get(id)
    this.forgetHello(id)
    if (link === undefined || !link.isOpen) return
    if (link.mayTakeOver) {
      const silenceMs = link.side.silenceMs(this.#core.nowMs)
      this.#close(link)
      return this.#core.suspect(reason, silenceMs)
    }
    this.#close(link)
    this.#links.delete(id)
    if (link.stage === 'boundary') this.#pause.over([...this.#links.values()])
    this.#core.report({ event: 'backup-lost', term: this.#core.term, peer: link.name, reason })
  }

  /** A new term is won: no backup may take over in it until it is marked again. */
  demote(): void {
    for (const [id, link] of this.#links) {
      if (link.stage === 'retiring') this.#close(link)
      if (!link.isOpen) this.#links.delete(id)
      else if (link.mayTakeOver) link.stage = 'log'
    }
  }

  /** The last word to every backup. */
  farewell(reason: string): void {
    for (const link of this.#links.values()) link.send({ type: 'goodbye', reason })
  }

  // What they say

  /** @throws if a backup does not follow the protocol */
  onMessage(id: number, message: ChannelMessage): void {
    const link = this.#links.get(id)
    if (link === undefined || !link.isOpen) return
    if (message.type === 'goodbye') return this.#onGoodbye(link, message.reason)
    if (message.type === 'hello') throw new Error('a second hello')
    // What is under way when a term begins still speaks of the one before; entries received stay received.
    if (message.term > this.#core.term) throw new Error(`peer speaks of term ${message.term}, this is term ${this.#core.term}`)
    link.side.heard(this.#core.nowMs)
    if (message.type === 'ack') this.#onAck(link, message.ackedSeq, message.replayedSeq)
    else if (message.type === 'snapshotAck') this.#onSnapshotAck(link, message.seq, message.received)
    else if (message.type === 'diverged') this.#onDiverged(link, message.seq, message.reason)
    else if (message.type !== 'heartbeat') throw new Error(`${message.type} sent to a primary`)
  }

  /** A long frame on a slow link is on its way: its sender lives. */
  onPart(id: number): void {
    this.#links.get(id)?.side.heardPart(this.#core.nowMs)
  }

  onTime(): void {
    const { nowMs, term } = this.#core
    for (const link of [...this.#links.values()]) {
      if (!link.isOpen) continue
      const suspicion = link.side.suspicion(nowMs) ?? this.#whyTooLong(link)
      if (suspicion !== undefined) {
        this.gone(link.id, suspicion)
        continue
      }
      const heartbeat = link.side.heartbeat(term, this.#lockstep.outputs.firstUndelivered - 1, nowMs)
      if (heartbeat !== undefined) link.send(heartbeat)
      this.#tell(link)
    }
  }

  /** A backup on its way may be silent for long, but not while the whole service waits for it. */
  #whyTooLong(link: BackupLink): string | undefined {
    if (link.mayTakeOver || !link.isFull(0, 0) || link.side.silenceMs(this.#core.nowMs) < blockedMsMax) return undefined
    return `silent for ${blockedMsMax} ms while its window was full: it held the service up`
  }

  // The machine rests: the log may be marked, the state copied

  /**
   * To be called where no run is out, before the machine goes on. `flush` sends the log first: a snapshot holds all of it.
   */
  atRest(flush: () => void): void {
    if (this.#keepsSnapshot && this.#lockstep.machine.idle) this.#keepSnapshot()
    for (const link of this.#links.values()) {
      if (!link.isOpen) continue
      if (link.stage === 'boundary') this.#begin(link, flush)
      else if (link.stage === 'log' && link.bytesBehind <= markBehindBytesMax) this.#mark(link)
    }
  }

  /** Sends the log to every backup that follows it. @returns false if there is none */
  log(): boolean {
    if (!this.#some(({ stage }) => stage !== 'boundary')) return false
    const frames = this.#lockstep.flush(this.#core.term)
    for (const link of this.#links.values()) link.log(frames, this.#lockstep.machine.inputsInjected)
    return true
  }

  /** Pieces of snapshots leave after the log of the same step. */
  pump(): void {
    for (const link of this.#links.values()) link.pump(this.#core.term)
  }

  #begin(link: BackupLink, flush: () => void): void {
    const { machine } = this.#lockstep
    const bytes = machine.engine.memory().length
    const others = [...this.#links.values()].filter((other) => other !== link && other.isOpen)
    if (!this.#room.prepare(bytes) || !machine.idle || !this.#pause.isKnown(bytes, others)) return
    flush()
    if (!this.#lockstep.atBoundary) return
    const snapshot = this.#lockstep.takeSnapshot(this.#config.image, this.#room.bytes)
    this.#room = new SnapshotRoom()
    this.#pause.over(others)
    link.begin(snapshot, this.#limits(snapshot.seq, machine.inputsInjected))
    const { seq, copyMs } = snapshot
    this.#core.report({ event: 'snapshot', term: this.#core.term, peer: link.name, seq, bytes: snapshot.source.totalBytes, copyMs })
    // It says where the log goes on, so it leaves before the first entry behind it.
    link.pump(this.#core.term)
  }

  #mark(link: BackupLink): void {
    link.markSeq = this.#lockstep.logProtectedMark(this.#core.term, link.name)
    link.stage = 'marked'
    link.side.watch(this.#core.nowMs)
  }

  #onAck(link: BackupLink, ackedSeq: number, replayedSeq: number): void {
    link.onAck(ackedSeq, replayedSeq, this.#core.nowMs)
    if (link.stage !== 'marked' || ackedSeq < link.markSeq) return
    link.stage = 'eligible'
    const sinceMs = this.#core.nowMs - link.joinedMs
    this.#core.report({ event: 'protected', term: this.#core.term, peer: link.name, sinceMs })
    for (const other of this.#links.values()) if (other !== link && other.stage === 'eligible') this.#retire(other, link)
  }

  #onSnapshotAck(link: BackupLink, seq: number, received: number): void {
    if (link.onSnapshotAck(seq, received)) this.#tellProgress(link)
  }

  #onGoodbye(link: BackupLink, reason: string): void {
    if (link.stage !== 'retiring') return this.gone(link.id, `backup left: ${reason}`)
    this.#close(link)
    this.#links.delete(link.id)
    this.#core.report({ event: 'backup-retired', term: this.#core.term, peer: link.name })
  }

  #onDiverged(link: BackupLink, firstBadSeq: number, reason: string): void {
    this.#core.report({ event: 'backup-diverged', term: this.#core.term, peer: link.name, firstBadSeq, reason })
    this.#keepsSnapshot = true
    this.gone(link.id, `backup left: ${reason}`)
  }

  #keepSnapshot(): void {
    this.#keepsSnapshot = false
    this.#core.do({ do: 'keepSnapshot', seq: this.#lockstep.lastSeq })
  }

  /** The old backup is asked to give its place up; until it says that it has, outputs wait for both. */
  #retire(old: BackupLink, successor: BackupLink): void {
    old.stage = 'retiring'
    old.send({ type: 'retire', term: this.#core.term, reason: `${successor.name} has taken its place` })
  }

  #add(id: number, hello: Hello, patiently: boolean): BackupLink {
    const { heartbeatIntervalMs, heartbeatsMissedMax } = this.#config
    const { nowMs } = this.#core
    const side = new PeerSide(heartbeatIntervalMs, heartbeatsMissedMax)
    const send = (message: ChannelMessage): void => {
      side.sent(this.#core.nowMs)
      this.#core.do({ do: 'peer', peer: id, message })
    }
    const link = new BackupLink({ id, name: hello.replica, side, nowMs, send })
    side.watch(nowMs, patiently)
    this.#links.set(id, link)
    return link
  }

  #close(link: BackupLink): void {
    link.isOpen = false
    this.#core.do({ do: 'closePeer', peer: link.id })
  }

  #limits(lastSeq: number, inputsThrough: number): { bytesMax: number; entriesMax: number; lastSeq: number; inputsThrough: number } {
    return { bytesMax: this.#config.windowBytesMax, entriesMax: this.#config.windowEntriesMax, lastSeq, inputsThrough }
  }

  #tell(link: BackupLink): void {
    const { nowMs, term } = this.#core
    if (link.stage === 'boundary' && nowMs - link.toldMs >= boundaryPatienceMs) {
      link.toldMs = nowMs
      this.#core.report({ event: 'no-boundary', term, peer: link.name, waitedMs: nowMs - link.joinedMs })
    } else if (link.stage === 'snapshot' && nowMs - link.toldMs >= tellEveryMs) this.#tellProgress(link)
  }

  #tellProgress(link: BackupLink): void {
    const { nowMs, term } = this.#core
    link.toldMs = nowMs
    const { entriesBehind, snapshot } = link
    const [bytes, totalBytes] = snapshot === undefined ? [0, 0] : [snapshot.doneBytes, snapshot.totalBytes]
    this.#core.report({ event: 'progress', term, peer: link.name, bytes, totalBytes, entriesBehind, sinceMs: nowMs - link.joinedMs })
  }

  #some(what: (link: BackupLink) => boolean): boolean {
    for (const link of this.#links.values()) if (what(link)) return true
    return false
  }
}
