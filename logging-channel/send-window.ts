/**
 * The primary's log buffer (§3.2): frames sent and not yet acknowledged. When it is full the primary takes no
 * input until there is room (P3.2-3). Pure bookkeeping: the bytes themselves are with the link.
 */

export type SendWindowOptions = {
  /** Unacknowledged frame bytes at which the window is full. */
  readonly bytesMax: number
  /** Unacknowledged entries at which the window is full. */
  readonly entriesMax: number
  /** Seq of the last entry before this window: 0 at boot, the last replayed one after a failover. */
  readonly lastSeq?: number
  /** Number of the last switch input captured before this window. */
  readonly inputsThrough?: number
}

type FlushedFrame = {
  readonly lastSeq: number
  readonly bytes: number
  readonly inputsThrough: number
}

export class SendWindow {
  private readonly bytesMax: number
  private readonly entriesMax: number
  private readonly frames: FlushedFrame[] = []
  /** Frames before this index of `frames` are acknowledged. */
  private first = 0
  private sentSeq: number
  private acked: number
  private sentInputs: number
  private ackedInputs: number
  private bytes = 0

  constructor(options: SendWindowOptions) {
    if (!(options.bytesMax > 0)) throw new RangeError(`bytesMax is ${options.bytesMax}: must be positive`)
    if (!(options.entriesMax > 0)) throw new RangeError(`entriesMax is ${options.entriesMax}: must be positive`)
    this.bytesMax = options.bytesMax
    this.entriesMax = options.entriesMax
    this.sentSeq = options.lastSeq ?? 0
    this.acked = this.sentSeq
    this.sentInputs = options.inputsThrough ?? 0
    this.ackedInputs = this.sentInputs
  }

  /** Seq of the last entry sent. */
  get lastSeq(): number {
    return this.sentSeq
  }

  /** Every entry up to this one is known to be received by the backup. */
  get ackedSeq(): number {
    return this.acked
  }

  get unackedEntries(): number {
    return this.sentSeq - this.acked
  }

  get unackedBytes(): number {
    return this.bytes
  }

  /** The switch may forget its inputs up to this number: their entries are acknowledged. */
  get inputsThrough(): number {
    return this.ackedInputs
  }

  /**
   * True if no input may be captured and no run of the guest started. What a run that has begun still emits is
   * added even so: a guest can't be stopped halfway through a clock read.
   * @param pendingBytes, pendingEntries what is captured and not yet flushed
   */
  isFull(pendingBytes = 0, pendingEntries = 0): boolean {
    return this.bytes + pendingBytes >= this.bytesMax || this.unackedEntries + pendingEntries >= this.entriesMax
  }

  /**
   * Records a frame as it is sent.
   * @param lastSeq seq of its last entry; each frame goes on where the one before ended
   * @param bytes its encoded size
   * @param inputsThrough number of the last switch input captured in it or before it
   */
  add(lastSeq: number, bytes: number, inputsThrough: number): void {
    if (!(lastSeq > this.sentSeq)) throw new Error(`frame ends at seq ${lastSeq}, but seq ${this.sentSeq} is already sent`)
    if (!(bytes > 0)) throw new Error(`frame has ${bytes} bytes`)
    if (!(inputsThrough >= this.sentInputs)) {
      throw new Error(`frame captures inputs through ${inputsThrough}, but input ${this.sentInputs} is already sent`)
    }
    this.frames.push({ lastSeq, bytes, inputsThrough })
    this.sentSeq = lastSeq
    this.sentInputs = inputsThrough
    this.bytes += bytes
  }

  /**
   * The backup has received every entry up to `seq`. An ack inside a frame counts its entries; the frame's
   * bytes and inputs follow when all of it is acknowledged.
   * @returns `inputsThrough`
   * @throws if `seq` is lower than an earlier ack or was never sent: the peer is not following the protocol
   */
  ack(seq: number): number {
    if (!(seq >= this.acked)) throw new Error(`ack of seq ${seq} after an ack of seq ${this.acked}`)
    if (!(seq <= this.sentSeq)) throw new Error(`ack of seq ${seq}, but only seq ${this.sentSeq} is sent`)
    this.acked = seq
    for (; this.first < this.frames.length && this.frames[this.first].lastSeq <= seq; this.first++) {
      const frame = this.frames[this.first]
      this.bytes -= frame.bytes
      this.ackedInputs = frame.inputsThrough
    }
    this.forgetAcked()
    return this.ackedInputs
  }

  private forgetAcked(): void {
    if (this.first === this.frames.length) {
      this.frames.length = 0
      this.first = 0
      return
    }
    // Dropping half of a long list at once keeps the cost of a frame constant on average.
    if (this.first >= 64 && this.first * 2 >= this.frames.length) {
      this.frames.splice(0, this.first)
      this.first = 0
    }
  }
}
