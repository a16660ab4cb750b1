/** Little-endian fields, written and read by hand: the fields of a frame are few and its items many. */
import { STRING_BYTES_MAX } from './limits.ts'
import { SwitchLinkError } from './link-error.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
const TWO_32 = 2 ** 32

/** Length of `text` in UTF-8. @throws SwitchLinkError above the longest string a link carries */
export function stringSize(text: string): number {
  let size = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) size += 1
    else if (code < 0x800) size += 2
    else if (code >= 0xd800 && code < 0xdc00 && text.charCodeAt(i + 1) >> 10 === 0x37) size += 4, i++
    else size += 3
  }
  if (size > STRING_BYTES_MAX) throw new SwitchLinkError(`a string of ${size} bytes does not fit into a switch message`)
  return size
}

/** Fills a buffer of exactly the size computed before; running over it is a bug and throws RangeError. */
export class Writer {
  readonly bytes: Uint8Array
  at = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
  }

  u8(value: number): void {
    this.bytes[this.at++] = value
  }

  u16(value: number): void {
    const at = this.at
    this.bytes[at] = value
    this.bytes[at + 1] = value >>> 8
    this.at = at + 2
  }

  u32(value: number): void {
    const bytes = this.bytes
    const at = this.at
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
    this.at = at + 4
  }

  /** An integer from 0 to 2^53 - 1. */
  u64(value: number): void {
    this.u32(value % TWO_32)
    this.u32(Math.floor(value / TWO_32))
  }

  raw(value: Uint8Array): void {
    this.bytes.set(value, this.at)
    this.at += value.length
  }

  /** u16 length, then UTF-8. */
  string(value: string): void {
    const { written } = encoder.encodeInto(value, this.bytes.subarray(this.at + 2))
    this.u16(written)
    this.at += written
  }

  /** u32 length, then the bytes. */
  blob(value: Uint8Array): void {
    this.u32(value.length)
    this.raw(value)
  }
}

/** Reads the fields of one frame. Every read is checked against the frame's end. @throws SwitchLinkError */
export class Reader {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  u8(): number {
    return this.bytes[this.#take(1)]
  }

  u16(): number {
    const at = this.#take(2)
    return this.bytes[at] | (this.bytes[at + 1] << 8)
  }

  u32(): number {
    const at = this.#take(4)
    const bytes = this.bytes
    return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
  }

  u64(): number {
    const low = this.u32()
    const high = this.u32()
    if (high >= 2 ** 21) throw new SwitchLinkError('a number in a switch message is above 2^53')
    return high * TWO_32 + low
  }

  string(): string {
    const length = this.u16()
    if (length > STRING_BYTES_MAX) throw new SwitchLinkError(`a string in a switch message has ${length} bytes`)
    const at = this.#take(length)
    try {
      return decoder.decode(this.bytes.subarray(at, at + length))
    } catch {
      throw new SwitchLinkError('a string in a switch message is not UTF-8')
    }
  }

  /** A view into the frame, not a copy. */
  blob(): Uint8Array {
    const length = this.u32()
    const at = this.#take(length)
    return this.bytes.subarray(at, at + length)
  }

  /** A count of items of at least `itemBytes` bytes each: one that can't fit is refused before anything is made for it. */
  count(itemBytes: number): number {
    const count = this.u32()
    if (count * itemBytes <= this.bytes.length - this.at) return count
    throw new SwitchLinkError('a switch frame announces more items than it holds')
  }

  /** A frame must hold nothing after its last field. */
  finish(): void {
    const left = this.bytes.length - this.at
    if (left > 0) throw new SwitchLinkError(`${left} bytes too many at the end of a switch frame`)
  }

  #take(size: number): number {
    const at = this.at
    if (at + size > this.bytes.length) throw new SwitchLinkError('a switch frame ends in the middle of a field')
    this.at = at + size
    return at
  }
}
