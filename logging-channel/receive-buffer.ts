/**
 * The backup's log buffer (§3.2): entries received (and so acknowledged) that are not yet replayed. Empty: the
 * backup waits (P3.2-2). Full: its owner stops reading the link, and the primary's window fills in turn.
 */
import { Kind } from './entries.ts'
import type { LogEntry } from './entries.ts'
import { entryBytes } from './kinds/table.ts'

export type ReceiveBufferOptions = {
  /** Encoded bytes at which the buffer is full. */
  readonly bytesMax: number
  /** Entries at which the buffer is full. */
  readonly entriesMax: number
  /** What one piece read from the link may still add when the buffer is already full, in bytes. Default 32 MiB. */
  readonly overshootBytesMax?: number
  /** Seq of the last entry before this buffer: 0 at boot. */
  readonly lastSeq?: number
}

const OVERSHOOT_BYTES_MAX = 32 * 1024 * 1024
const SLOTS_MIN = 64

export class ReceiveBuffer {
  private readonly bytesMax: number
  private readonly entriesMax: number
  private readonly hardBytesMax: number
  /** A ring; its length is a power of two. */
  private slots: (LogEntry | undefined)[] = new Array<LogEntry | undefined>(SLOTS_MIN).fill(undefined)
  private first = 0
  private count = 0
  private queuedBytes = 0
  private queuedProgress = 0
  private lastReceived: number

  constructor(options: ReceiveBufferOptions) {
    if (!(options.bytesMax > 0)) throw new RangeError(`bytesMax is ${options.bytesMax}: must be positive`)
    if (!(options.entriesMax > 0)) throw new RangeError(`entriesMax is ${options.entriesMax}: must be positive`)
    this.bytesMax = options.bytesMax
    this.entriesMax = options.entriesMax
    this.hardBytesMax = options.bytesMax + (options.overshootBytesMax ?? OVERSHOOT_BYTES_MAX)
    this.lastReceived = options.lastSeq ?? 0
  }

  /** Entries queued. */
  get length(): number {
    return this.count
  }

  /** Encoded bytes of the entries queued. */
  get bytes(): number {
    return this.queuedBytes
  }

  /** Seq of the last entry received: what to acknowledge. */
  get receivedSeq(): number {
    return this.lastReceived
  }

  /** Seq of `head()`; of the next entry to come, if none is queued. */
  get headSeq(): number {
    return this.lastReceived - this.count + 1
  }

  /** How many `progress` entries are queued. */
  get progressCount(): number {
    return this.queuedProgress
  }

  /** True if a `progress` entry lies ahead: the primary is known to have run at least that far. */
  hasProgress(): boolean {
    return this.queuedProgress > 0
  }

  /** True if the owner must stop reading the link. */
  isFull(): boolean {
    return this.queuedBytes >= this.bytesMax || this.count >= this.entriesMax
  }

  /** A snapshot holds the effect of every entry up to `seq`: the next one is to come first. @throws if an entry came before */
  startAfter(seq: number): void {
    if (this.lastReceived !== 0) throw new Error(`a log that starts after seq ${seq}, but seq ${this.lastReceived} is received`)
    this.lastReceived = seq
  }

  /**
   * Takes the entries of a frame, the first of which has seq `seq`.
   * @throws if `seq` does not follow the last entry received, or if the owner goes on reading into a full buffer
   */
  add(seq: number, entries: readonly LogEntry[]): void {
    const expected = this.lastReceived + 1
    if (seq !== expected) throw new Error(`log frame starts at seq ${seq}: seq ${expected} must come next`)
    this.makeRoom(this.count + entries.length)
    const mask = this.slots.length - 1
    for (const entry of entries) {
      this.slots[(this.first + this.count) & mask] = entry
      this.count++
      this.queuedBytes += entryBytes(entry)
      if (entry.kind === Kind.progress) this.queuedProgress++
    }
    this.lastReceived += entries.length
    if (this.queuedBytes > this.hardBytesMax) {
      throw new Error(`receive buffer holds ${this.queuedBytes} bytes, more than ${this.hardBytesMax}: the link was not paused`)
    }
  }

  /** The oldest entry, or undefined. */
  head(): LogEntry | undefined {
    return this.slots[this.first]
  }

  /** Takes the oldest entry out. @throws if there is none */
  shift(): LogEntry {
    const entry = this.slots[this.first]
    if (entry === undefined) throw new Error('receive buffer is empty')
    this.slots[this.first] = undefined
    this.first = (this.first + 1) & (this.slots.length - 1)
    this.count--
    this.queuedBytes -= entryBytes(entry)
    if (entry.kind === Kind.progress) this.queuedProgress--
    return entry
  }

  private makeRoom(needed: number): void {
    if (needed <= this.slots.length) return
    let length = this.slots.length
    while (length < needed) length *= 2
    const larger = new Array<LogEntry | undefined>(length).fill(undefined)
    for (let at = 0; at < this.count; at++) larger[at] = this.slots[(this.first + at) & (this.slots.length - 1)]
    this.slots = larger
    this.first = 0
  }
}
