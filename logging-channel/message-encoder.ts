/** Message → frame. The decoding half is `message-decoder.ts`, the tables are in FORMAT.md. */
import { ByteWriter, textBytes } from './byte-writer.ts'
import type { Checksum } from './crc32.ts'
import { crc32 } from './crc32.ts'
import { encodeHeader, FrameType, HEADER_BYTES, sealFrame } from './header.ts'
import { encodeEntry, entryBytes } from './kinds/table.ts'
import { CHANNEL_VERSION } from './messages.ts'
import type { ChannelMessage, Hello, LogFrame, SnapshotPiece } from './messages.ts'

/** Largest frame either side accepts unless told otherwise, header included. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024
/** What a log frame takes besides its entries: add `entryBytes` of each. */
export const LOG_FRAME_OVERHEAD_BYTES = HEADER_BYTES + 12

/** Number of a role on the wire. */
export const Role = { primary: 1, backup: 2 } as const

/** Number of `Hello.begins` on the wire. */
export const Begins = { boot: 1, snapshot: 2 } as const

/** Turns messages into frames. A frame's bytes belong to whoever asked: they are never written again. */
export class MessageEncoder {
  private readonly out = new ByteWriter()
  private readonly checksum: Checksum
  private readonly frameBytesMax: number

  constructor(options: { readonly checksum?: Checksum; readonly frameBytesMax?: number } = {}) {
    this.checksum = options.checksum ?? crc32
    this.frameBytesMax = options.frameBytesMax ?? FRAME_BYTES_MAX
  }

  /** @throws RangeError naming a field out of its range, or if the frame would be longer than `frameBytesMax` */
  encode(message: ChannelMessage): Uint8Array {
    switch (message.type) {
      case 'log':
        return this.encodeLog(message)
      case 'ack':
        this.begin(FrameType.ack, message.term, message.ackedSeq, 8)
        this.out.u64(message.replayedSeq, 'ack.replayedSeq')
        return this.finish(8)
      case 'heartbeat':
        this.begin(FrameType.heartbeat, message.term, 0, 8)
        this.out.u64(message.outputsDelivered, 'heartbeat.outputsDelivered')
        return this.finish(8)
      case 'hello':
        return this.encodeHello(message)
      case 'goodbye':
        return this.encodeReason(FrameType.goodbye, 0, 0, message.reason)
      case 'snapshot':
        return this.encodeSnapshot(message)
      case 'snapshotAck':
        this.begin(FrameType.snapshotAck, message.term, message.seq, 8)
        this.out.u64(message.received, 'snapshotAck.received')
        return this.finish(8)
      case 'retire':
        return this.encodeReason(FrameType.retire, message.term, 0, message.reason)
      case 'diverged':
        return this.encodeReason(FrameType.diverged, message.term, message.seq, message.reason)
      case 'pause':
        this.begin(FrameType.pause, message.term, 0, 4)
        this.out.u32(message.forMs, 'pause.forMs')
        return this.finish(4)
    }
  }

  private encodeLog(frame: LogFrame): Uint8Array {
    let length = 12
    for (const entry of frame.entries) length += entryBytes(entry)
    this.begin(FrameType.log, frame.term, frame.seq, length)
    this.out.u64(frame.outputsDelivered, 'log.outputsDelivered')
    this.out.u32(frame.entries.length, 'log.count')
    for (const entry of frame.entries) encodeEntry(entry, this.out)
    return this.finish(length)
  }

  private encodeHello(hello: Hello): Uint8Array {
    const texts = [hello.vm, hello.replica, hello.image, hello.runtime]
    const length = texts.reduce((sum, value) => sum + 4 + textBytes(value), 2)
    this.begin(FrameType.hello, hello.term, 0, length, hello.version)
    this.out.u8(Role[hello.role], 'hello.role')
    this.out.u8(Begins[hello.begins], 'hello.begins')
    for (const value of texts) this.out.text(value)
    return this.finish(length)
  }

  private encodeSnapshot(piece: SnapshotPiece): Uint8Array {
    const length = 29 + piece.bytes.length
    this.begin(FrameType.snapshot, piece.term, piece.seq, length)
    this.out.u64(piece.offset, 'snapshot.offset')
    this.out.u64(piece.done, 'snapshot.done')
    this.out.u64(piece.total, 'snapshot.total')
    this.out.u8(piece.last ? 1 : 0, 'snapshot.last')
    this.out.bytes(piece.bytes)
    return this.finish(length)
  }

  private encodeReason(type: FrameType, term: number, seq: number, reason: string): Uint8Array {
    const length = 4 + textBytes(reason)
    this.begin(type, term, seq, length)
    this.out.text(reason)
    return this.finish(length)
  }

  private begin(type: FrameType, term: number, seq: number, length: number, version: number = CHANNEL_VERSION): void {
    const bytes = HEADER_BYTES + length
    if (bytes > this.frameBytesMax) {
      throw new RangeError(`frame of ${bytes} bytes: at most ${this.frameBytesMax} may be sent, split its entries`)
    }
    this.out.reserve(bytes)
    encodeHeader(this.out, type, version, term, seq, length)
  }

  private finish(length: number): Uint8Array {
    sealFrame(this.out, length, this.checksum)
    return this.out.take()
  }
}
