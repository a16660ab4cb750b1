/** Cuts a byte stream, however split, into frames and decodes them. */
import { FRAME_BYTES_MAX } from './limits.ts'
import { SwitchLinkError } from './link-error.ts'

const LENGTH_BYTES = 4

/**
 * Frames that lie whole in a chunk are decoded in place (views, no copy); one that spans chunks is gathered in a
 * buffer of its own size. After a throw the stream is lost: close it.
 */
export class FrameDecoder<M> {
  readonly #decode: (frame: Uint8Array) => M
  /** Length field of a frame whose first bytes are here, and how many of them. */
  #length = 0
  #lengthBytes = 0
  #partial: Uint8Array | null = null
  #partialFill = 0

  constructor(decode: (frame: Uint8Array) => M) {
    this.#decode = decode
  }

  /** True between frames: a stream that closes here lost nothing. */
  get atBoundary(): boolean {
    return this.#lengthBytes === 0 && this.#partial === null
  }

  /** Messages completed by `chunk`, which must not change afterwards. @throws SwitchLinkError */
  push(chunk: Uint8Array): M[] {
    // A plain view: its subarrays are cheaper than a Buffer's.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const messages: M[] = []
    let at = 0
    while (at < bytes.length) {
      if (this.#partial !== null) at = this.#gather(bytes, at, messages)
      else if (this.#lengthBytes > 0 || bytes.length - at < LENGTH_BYTES) at = this.#gatherLength(bytes, at)
      else at = this.#inPlace(bytes, at, messages)
    }
    return messages
  }

  #inPlace(bytes: Uint8Array, at: number, messages: M[]): number {
    const start = at + LENGTH_BYTES
    const length = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
    checkLength(length)
    if (start + length > bytes.length) {
      this.#begin(length)
      return start
    }
    messages.push(this.#decode(bytes.subarray(start, start + length)))
    return start + length
  }

  #gatherLength(bytes: Uint8Array, at: number): number {
    while (at < bytes.length && this.#lengthBytes < LENGTH_BYTES) {
      this.#length += bytes[at++] * 2 ** (8 * this.#lengthBytes++)
    }
    if (this.#lengthBytes === LENGTH_BYTES) {
      checkLength(this.#length)
      this.#begin(this.#length)
      this.#length = 0
      this.#lengthBytes = 0
    }
    return at
  }

  #begin(length: number): void {
    this.#partial = new Uint8Array(length)
    this.#partialFill = 0
  }

  #gather(bytes: Uint8Array, at: number, messages: M[]): number {
    const partial = this.#partial!
    const taken = Math.min(partial.length - this.#partialFill, bytes.length - at)
    partial.set(bytes.subarray(at, at + taken), this.#partialFill)
    this.#partialFill += taken
    if (this.#partialFill === partial.length) {
      this.#partial = null
      messages.push(this.#decode(partial))
    }
    return at + taken
  }
}

function checkLength(length: number): void {
  if (length === 0) throw new SwitchLinkError('an empty frame on a switch link')
  if (length <= FRAME_BYTES_MAX) return
  throw new SwitchLinkError(`a frame of ${length} bytes on a switch link, more than ${FRAME_BYTES_MAX}`)
}
