/** Stream of bytes → messages, whatever the pieces the bytes arrive in. */
import { ChannelError } from './channel-error.ts'
import type { Checksum } from './crc32.ts'
import { crc32 } from './crc32.ts'
import { decodeHeader, describeFrame, HEADER_BYTES } from './header.ts'
import type { FrameHeader } from './header.ts'
import { decodeMessage } from './message-decoder.ts'
import { FRAME_BYTES_MAX } from './message-encoder.ts'
import type { ChannelMessage } from './messages.ts'

/**
 * Takes the stream in pieces of any size. A frame that lies inside one piece is decoded in place: its byte
 * fields are views of that piece, which must therefore not be written again. A frame spread over pieces is
 * gathered in one buffer of its exact size, after its header has been checked.
 */
export class FrameDecoder {
  private readonly checksum: Checksum
  private readonly frameBytesMax: number
  private readonly onMessage: (message: ChannelMessage) => void
  private readonly partialHeader = new Uint8Array(HEADER_BYTES)
  private header: FrameHeader | null = null
  /** The frame's payload so far, where it did not come in one piece. */
  private gathering: Uint8Array | null = null
  /** Bytes in `partialHeader`, or in `gathering` once there is a header. */
  private filled = 0
  /** Bytes of the stream before the frame now being read. */
  private position = 0
  private error: ChannelError | null = null

  constructor(options: {
    readonly onMessage: (message: ChannelMessage) => void
    readonly checksum?: Checksum
    readonly frameBytesMax?: number
  }) {
    this.onMessage = options.onMessage
    this.checksum = options.checksum ?? crc32
    this.frameBytesMax = options.frameBytesMax ?? FRAME_BYTES_MAX
  }

  /** True between frames: a stream that ends now was not cut. */
  get isBetweenFrames(): boolean {
    return this.header === null && this.filled === 0
  }

  /** True inside a frame whose header has been found right, and whose payload is still coming. */
  get isInsidePayload(): boolean {
    return this.header !== null && this.error === null
  }

  /**
   * Takes the next piece and hands on every message that it completes, in order, before returning or throwing.
   * @throws ChannelError at the first thing wrong, and the same error at every later call: nothing is yielded again
   */
  push(chunk: Uint8Array): void {
    if (this.error !== null) throw this.error
    let at = 0
    while (at < chunk.length) {
      at = this.header === null ? this.readHeader(chunk, at) : this.readPayload(this.header, chunk, at)
    }
  }

  private readHeader(chunk: Uint8Array, at: number): number {
    if (this.filled === 0 && chunk.length - at >= HEADER_BYTES) {
      this.onHeader(chunk, at)
      return at + HEADER_BYTES
    }
    const end = this.fill(this.partialHeader, chunk, at)
    if (this.filled === HEADER_BYTES) this.onHeader(this.partialHeader, 0)
    return end
  }

  private readPayload(header: FrameHeader, chunk: Uint8Array, at: number): number {
    if (this.gathering === null && chunk.length - at >= header.length) {
      const end = at + header.length
      this.onPayload(header, chunk.subarray(at, end))
      return end
    }
    this.gathering ??= new Uint8Array(header.length)
    const end = this.fill(this.gathering, chunk, at)
    if (this.filled === header.length) this.onPayload(header, this.gathering)
    return end
  }

  /** Copies what `target` still needs and `chunk` has; returns where the rest of `chunk` starts. */
  private fill(target: Uint8Array, chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + target.length - this.filled)
    target.set(chunk.subarray(at, end), this.filled)
    this.filled += end - at
    return end
  }

  private onHeader(bytes: Uint8Array, at: number): void {
    const header = this.orFail(() => decodeHeader(bytes, at, this.checksum, this.frameBytesMax, this.position))
    this.header = header
    this.filled = 0
    if (header.length === 0) this.onPayload(header, new Uint8Array(0))
  }

  private onPayload(header: FrameHeader, payload: Uint8Array): void {
    const message = this.orFail(() => this.decodePayload(header, payload))
    this.header = null
    this.gathering = null
    this.filled = 0
    this.position += HEADER_BYTES + header.length
    this.onMessage(message)
  }

  private decodePayload(header: FrameHeader, payload: Uint8Array): ChannelMessage {
    const computed = this.checksum(payload, header.headerChecksum)
    if (computed === header.checksum) return decodeMessage(header, payload, this.position)
    const where = describeFrame(header, this.position)
    throw new ChannelError('checksum', `${where}: payload of ${header.length} bytes does not match its checksum`)
  }

  private orFail<Result>(decode: () => Result): Result {
    try {
      return decode()
    } catch (error) {
      if (error instanceof ChannelError) this.error = error
      throw error
    }
  }
}
