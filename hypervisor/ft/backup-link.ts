/** One backup, as its primary sees it: its part of the log, its snapshot, and how far it is on the way to protect. */
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import { SendWindow, type SendWindowOptions } from '../../logging-channel/send-window.ts'
import { ExecutionLag } from './execution-lag.ts'
import type { Snapshot } from './lockstep.ts'
import type { FlushedFrame } from './log-writer.ts'
import type { PeerSide } from './peer-side.ts'
import { SnapshotSender } from './snapshot-sender.ts'

/**
 * `boundary`: waits for the machine to come to a place where it can be copied. `snapshot`: the copy is on its way. `log`: it
 * has its state and follows. `marked`: the protected mark is sent, so it may be able to take over. `eligible`: it has the
 * mark. `retiring`: told to give its place up, and able to take over until it has said goodbye.
 */
export type BackupStage = 'boundary' | 'snapshot' | 'log' | 'marked' | 'eligible' | 'retiring'

export class BackupLink {
  /** The host's number of the connection. */
  readonly id: number
  /** Name of the replica at the other end. */
  readonly name: string
  readonly side: PeerSide
  readonly lag = new ExecutionLag()
  readonly joinedMs: number
  stage: BackupStage = 'boundary'
  /** False once the channel is gone or given up: then the window only bounds what the primary may still capture. */
  isOpen = true
  /** Seq of the mark that protects this backup. */
  markSeq = 0
  /** When its waiting for a boundary, or its progress, was last told. */
  toldMs: number
  #window: SendWindow | undefined
  #sender: SnapshotSender | undefined
  readonly #send: (message: ChannelMessage) => void

  constructor(parts: { id: number; name: string; side: PeerSide; nowMs: number; send: (message: ChannelMessage) => void }) {
    this.id = parts.id
    this.name = parts.name
    this.side = parts.side
    this.joinedMs = this.toldMs = parts.nowMs
    this.#send = parts.send
  }

  /** Outputs wait for its acknowledgement, and only a test-and-set gets rid of it. */
  get mayTakeOver(): boolean {
    return this.stage === 'marked' || this.stage === 'eligible' || this.stage === 'retiring'
  }

  /** Every entry up to this one is with it. */
  get ackedSeq(): number {
    return this.#window?.ackedSeq ?? 0
  }

  /** The switch may forget its inputs up to this number, as far as this backup goes. */
  get inputsThrough(): number {
    return this.#window?.inputsThrough ?? 0
  }

  /** Entries sent and not acknowledged. */
  get entriesBehind(): number {
    return this.#window?.unackedEntries ?? 0
  }

  get bytesBehind(): number {
    return this.#window?.unackedBytes ?? 0
  }

  get snapshot(): SnapshotSender | undefined {
    return this.#sender
  }

  isFull(pendingBytes: number, pendingEntries: number): boolean {
    return this.#window?.isFull(pendingBytes, pendingEntries) ?? false
  }

  /** It boots together with the primary: from the first entry on it may take over. */
  boot(limits: SendWindowOptions): void {
    this.#window = new SendWindow(limits)
    this.stage = 'eligible'
  }

  /** The log goes on to it behind this snapshot. */
  begin(snapshot: Snapshot, limits: SendWindowOptions): void {
    this.#window = new SendWindow(limits)
    this.#sender = new SnapshotSender(snapshot.seq, snapshot.source)
    this.stage = 'snapshot'
  }

  /** Frames of the log, unless they are from before its snapshot. */
  log(frames: readonly FlushedFrame[], inputsThrough: number): void {
    const window = this.#window
    if (window === undefined) return
    for (const { frame, lastSeq, bytes } of frames) {
      window.add(lastSeq, bytes, inputsThrough)
      if (this.isOpen) this.#send(frame)
    }
  }

  /** The next piece of the snapshot, if one may be under way more. One in a step: making it takes a millisecond or two. */
  pump(term: number): void {
    if (this.stage !== 'snapshot' || !this.isOpen) return
    const piece = this.#sender!.next(term)
    if (piece !== undefined) this.#send(piece)
  }

  /** @returns true when the backup has just come to hold the whole snapshot */
  onSnapshotAck(seq: number, received: number): boolean {
    const sender = this.#sender
    if (sender === undefined || this.stage !== 'snapshot') throw new Error('ack of a snapshot that is not under way')
    sender.acknowledge(seq, received)
    if (!sender.isComplete) return false
    this.#sender = undefined
    this.stage = 'log'
    return true
  }

  onAck(ackedSeq: number, replayedSeq: number, nowMs: number): void {
    if (this.#window === undefined) throw new Error('an ack before any entry was sent')
    this.#window.ack(ackedSeq)
    this.lag.heard(ackedSeq, replayedSeq, nowMs)
  }

  send(message: ChannelMessage): void {
    if (this.isOpen) this.#send(message)
  }
}
