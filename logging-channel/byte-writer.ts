/** Writes little-endian fields into slabs. What has been written is never overwritten, so frames can be handed on as they are. */

const SLAB_BYTES = 256 * 1024
const U32_MAX = 0xffffffff

const encoder = new TextEncoder()

/** Length of `value` in UTF-8. @throws RangeError if it has a lone surrogate, which UTF-8 can't hold */
export function textBytes(value: string): number {
  let length = value.length
  let ascii = true
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at)
    if (unit < 0x80) continue
    ascii = false
    // A surrogate pair is two units and four bytes: two bytes for each unit.
    length += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2
  }
  if (!ascii && !value.isWellFormed()) throw new RangeError('text has a lone surrogate')
  return length
}

/** `reserve(n)`, then fields of `n` bytes in all, then `take()`. Range errors name the field. */
export class ByteWriter {
  private buffer = new Uint8Array(SLAB_BYTES)
  private view = new DataView(this.buffer.buffer)
  private start = 0
  private at = 0

  /** Makes room for a frame of exactly `bytes` bytes. */
  reserve(bytes: number): void {
    this.start = this.at
    if (this.start + bytes <= this.buffer.length) return
    this.buffer = new Uint8Array(Math.max(SLAB_BYTES, bytes))
    this.view = new DataView(this.buffer.buffer)
    this.start = 0
    this.at = 0
  }

  /** The bytes from `from` to `to` of the frame being written. */
  written(from: number, to: number): Uint8Array {
    return this.buffer.subarray(this.start + from, this.start + to)
  }

  /** The finished frame; its bytes stay as they are for as long as somebody holds them. */
  take(): Uint8Array {
    const frame = this.buffer.subarray(this.start, this.at)
    this.start = this.at
    return frame
  }

  u8(value: number, name: string): void {
    if (value !== (value & 0xff)) throw outOfRange(name, value, 0xff)
    this.buffer[this.at++] = value
  }

  u16(value: number, name: string): void {
    if (value !== (value & 0xffff)) throw outOfRange(name, value, 0xffff)
    this.view.setUint16(this.at, value, true)
    this.at += 2
  }

  u32(value: number, name: string): void {
    if (value !== value >>> 0) throw outOfRange(name, value, U32_MAX)
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }

  /** An integer below 2^53 in two halves, low half first. */
  u64(value: number, name: string): void {
    if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(name, value, Number.MAX_SAFE_INTEGER)
    const low = value >>> 0
    this.view.setUint32(this.at, low, true)
    this.view.setUint32(this.at + 4, (value - low) / 4294967296, true)
    this.at += 8
  }

  /** Puts a checksum that was computed over what is already written. */
  u32At(position: number, value: number): void {
    this.view.setUint32(this.start + position, value, true)
  }

  bytes(value: Uint8Array): void {
    this.view.setUint32(this.at, value.length, true)
    this.buffer.set(value, this.at + 4)
    this.at += 4 + value.length
  }

  text(value: string): void {
    const { written } = encoder.encodeInto(value, this.buffer.subarray(this.at + 4))
    this.view.setUint32(this.at, written, true)
    this.at += 4 + written
  }
}

function outOfRange(name: string, value: number, max: number): RangeError {
  return new RangeError(`${name} is ${value}: must be an integer from 0 to ${max}`)
}
