/**
 * Links in memory, for tests and the simulator: nothing moves until the test pumps, so every run with the same
 * choices is the same run. Faults are made on the wire between the two ends.
 */
import type { Link, LinkHandlers } from './link.ts'

export type Direction = 'leftToRight' | 'rightToLeft'

export type MemoryWireOptions = {
  /** How many of the `queued` bytes the next delivery carries (1 to `queued`). Default: all of them. */
  readonly pieceBytes?: (queued: number) => number
}

/** Bytes under way in one direction. */
class Lane {
  private readonly chunks: Uint8Array[] = []
  bytes = 0
  isHeld = false
  isLossy = false
  /** The sender has ended: after the bytes comes the end. */
  isEnded = false

  put(chunk: Uint8Array): void {
    if (this.isLossy || chunk.length === 0) return
    this.chunks.push(chunk)
    this.bytes += chunk.length
  }

  take(count: number): Uint8Array {
    if (!Number.isInteger(count) || count < 1 || count > this.bytes) {
      throw new RangeError(`piece of ${count} bytes: must be from 1 to the ${this.bytes} queued`)
    }
    const all = this.joined()
    this.replace(all.subarray(count))
    return all.subarray(0, count)
  }

  /** What is queued, in one piece. */
  joined(): Uint8Array {
    if (this.chunks.length === 1) return this.chunks[0]
    const all = new Uint8Array(this.bytes)
    let at = 0
    for (const chunk of this.chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }

  replace(bytes: Uint8Array): void {
    this.chunks.length = 0
    this.bytes = bytes.length
    if (bytes.length > 0) this.chunks.push(bytes)
  }
}

class MemoryLink implements Link {
  readonly peer: string
  readonly isSecure = false
  readonly incoming: Lane
  private readonly outgoing: Lane
  private handlers: LinkHandlers | null = null
  private isPaused = false
  private isClosing = false
  private isClosed = false
  /** What `onClose` will be given at the next pump. */
  private ending: { readonly error: Error | null } | null = null

  constructor(peer: string, incoming: Lane, outgoing: Lane) {
    this.peer = peer
    this.incoming = incoming
    this.outgoing = outgoing
  }

  get bufferedBytes(): number {
    return this.outgoing.bytes
  }

  start(handlers: LinkHandlers): void {
    if (this.handlers !== null) throw new Error('link is already started')
    this.handlers = handlers
  }

  send(bytes: Uint8Array): void {
    if (!this.isClosing && this.ending === null) this.outgoing.put(bytes)
  }

  close(): void {
    this.isClosing = true
    this.outgoing.isEnded = true
  }

  destroy(): void {
    this.isClosing = true
    this.outgoing.replace(new Uint8Array(0))
    this.outgoing.isEnded = true
    this.end(null)
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  /** Lets `onClose` come at the next pump; the first cause counts. */
  end(error: Error | null): void {
    this.ending ??= { error }
  }

  /** One delivery. @returns false if there was nothing to deliver */
  deliver(pieceBytes: (queued: number) => number): boolean {
    if (this.handlers === null || this.isClosed) return false
    if (this.ending !== null) {
      this.isClosed = true
      // As in TCP, an end that has ended ends its own direction too.
      this.outgoing.isEnded = true
      this.handlers.onClose(this.ending.error)
      return true
    }
    if (this.incoming.isHeld || (this.isPaused && !this.isClosing)) return false
    if (this.incoming.bytes > 0) {
      const piece = this.incoming.take(pieceBytes(this.incoming.bytes))
      if (!this.isClosing) this.handlers.onBytes(piece)
      return true
    }
    if (!this.incoming.isEnded || this.incoming.isLossy) return false
    this.end(null)
    return this.deliver(pieceBytes)
  }
}

/** Two links and the wire between them. */
export class MemoryWire {
  readonly left: Link
  readonly right: Link
  private readonly ends: Readonly<Record<Direction, MemoryLink>>
  private readonly pieceBytes: (queued: number) => number

  constructor(options: MemoryWireOptions = {}) {
    const leftToRight = new Lane()
    const rightToLeft = new Lane()
    const left = new MemoryLink('right', rightToLeft, leftToRight)
    const right = new MemoryLink('left', leftToRight, rightToLeft)
    this.left = left
    this.right = right
    this.ends = { leftToRight: right, rightToLeft: left }
    this.pieceBytes = options.pieceBytes ?? (queued => queued)
  }

  /** Bytes under way. */
  queuedBytes(direction: Direction): number {
    return this.ends[direction].incoming.bytes
  }

  /** Delivers one piece, or the end of the link, in one direction. @returns false if there was nothing to deliver */
  pump(direction: Direction): boolean {
    return this.ends[direction].deliver(this.pieceBytes)
  }

  /** Pumps both directions in turn until nothing moves. @throws if that takes more than a million deliveries */
  pumpAll(): void {
    for (let rounds = 0; ; rounds++) {
      if (rounds > 1_000_000) throw new Error('links never come to rest: do their owners answer each other for ever?')
      const right = this.pump('leftToRight')
      const left = this.pump('rightToLeft')
      if (!right && !left) return
    }
  }

  /** Keeps bytes (and the end) back until `release`; nothing is lost. */
  hold(direction: Direction): void {
    this.ends[direction].incoming.isHeld = true
  }

  release(direction: Direction): void {
    this.ends[direction].incoming.isHeld = false
  }

  /** Loses what is under way and whatever is sent from now on (the end too), without a word to either end. */
  lose(direction: Direction): void {
    const lane = this.ends[direction].incoming
    lane.replace(new Uint8Array(0))
    lane.isLossy = true
  }

  /** Breaks the connection: what is under way is lost, both ends are told. */
  cut(): void {
    for (const link of Object.values(this.ends)) {
      link.incoming.replace(new Uint8Array(0))
      link.end(new Error('connection reset'))
    }
  }

  /** Delivers only the first `bytes` of what is under way, then breaks the connection. */
  cutAfter(direction: Direction, bytes: number): void {
    const link = this.ends[direction]
    const kept = link.incoming.joined().subarray(0, bytes)
    link.incoming.replace(kept)
    while (link.incoming.bytes > 0 && this.pump(direction));
    this.cut()
  }

  /** Flips one bit of what is under way; bit 0 is the lowest of the first byte. */
  flipBit(direction: Direction, bit: number): void {
    const lane = this.ends[direction].incoming
    if (!(bit >= 0 && bit < lane.bytes * 8)) throw new RangeError(`bit ${bit}: there are ${lane.bytes} bytes under way`)
    // A copy: the sender's bytes are its own.
    const bytes = lane.joined().slice()
    bytes[bit >> 3] ^= 1 << (bit & 7)
    lane.replace(bytes)
  }
}
