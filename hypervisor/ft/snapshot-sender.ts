/**
 * A snapshot on its way to a new backup (P3.1-2), beside the running log. Pieces are made as they leave, one in a step, and
 * only so many bytes are under way at a time: neither clients nor log entries wait behind more than that.
 */
import type { SnapshotPiece } from '../../logging-channel/messages.ts'

/** Where a snapshot's bytes come from: made when asked for, of a state that was copied at once. */
export interface SnapshotSource {
  /** Bytes of state covered so far, of `totalBytes`; for progress. */
  readonly doneBytes: number
  readonly totalBytes: number
  /** The next bytes, perhaps none; undefined after the last. */
  next(): Uint8Array | undefined
}

/** No piece leaves while so many bytes are under way: enough for a backup that is busy now and then. */
const inFlightBytesMax = 8 * 1024 * 1024
/** Slices of zeroes looked at in one go: a few milliseconds. */
const emptySlicesMax = 8

export class SnapshotSender {
  /** Position in the log: every entry up to it is in the snapshot. */
  readonly seq: number
  readonly #source: SnapshotSource
  #ahead: Uint8Array | undefined
  #sent = 0
  #received = 0
  #isLastSent = false

  constructor(seq: number, source: SnapshotSource) {
    this.seq = seq
    this.#source = source
    this.#ahead = this.#read()
  }

  /** How much of the state has been covered, in bytes. */
  get doneBytes(): number {
    return this.#source.doneBytes
  }

  get totalBytes(): number {
    return this.#source.totalBytes
  }

  /** The backup has all of it and has taken it on. */
  get isComplete(): boolean {
    return this.#isLastSent && this.#received === this.#sent
  }

  /** The next piece, if one may leave now: not while much is under way, nor after looking at many zeroes. */
  next(term: number): SnapshotPiece | undefined {
    if (this.#ahead?.length === 0) this.#ahead = this.#read()
    const bytes = this.#ahead
    if (bytes === undefined || bytes.length === 0 || this.#sent - this.#received >= inFlightBytesMax) return undefined
    const { doneBytes: done, totalBytes: total } = this.#source
    this.#ahead = this.#read()
    const offset = this.#sent
    this.#sent += bytes.length
    this.#isLastSent = this.#ahead === undefined
    return { type: 'snapshot', term, seq: this.seq, offset, done, total, last: this.#isLastSent, bytes }
  }

  /** @throws if the backup acknowledges what it can't have: it is not following the protocol */
  acknowledge(seq: number, received: number): void {
    if (seq !== this.seq) throw new Error(`ack of a snapshot at seq ${seq}, this one is at seq ${this.seq}`)
    if (!(received >= this.#received && received <= this.#sent)) {
      throw new Error(`ack of ${received} bytes of a snapshot, ${this.#received} were acknowledged before, ${this.#sent} are sent`)
    }
    this.#received = received
  }

  /** One ahead, so that the last piece can say that it is. No bytes if the source had none in several slices: it has more. */
  #read(): Uint8Array | undefined {
    let bytes = this.#source.next()
    for (let slices = 1; bytes?.length === 0 && slices < emptySlicesMax; slices++) bytes = this.#source.next()
    return bytes
  }
}
