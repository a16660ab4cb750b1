import { WasmError } from './errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Hexadecimal form of one byte, as error messages show it. */
export const hex = (byte: number): string => '0x' + byte.toString(16).padStart(2, '0')

/**
 * Reads the primitive forms of the binary format from a byte range. Offsets are the module's own. Every method
 * takes what it is reading as a word for the error message, and throws `WasmError` when it isn't there.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  offset: number
  end: number
  /** Index of the function being read, for messages. */
  functionIndex: number | undefined = undefined
  /** High 32 bits of the last `s64`. */
  high = 0

  constructor(bytes: Uint8Array, offset: number, end: number) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  fail(found: string, expected: string, offset = this.offset): never {
    throw new WasmError({ offset, found, expected, functionIndex: this.functionIndex })
  }

  u8(what: string): number {
    if (this.offset >= this.end) this.fail('the end of its section or file', what)
    return this.bytes[this.offset++]
  }

  peek(what: string): number {
    if (this.offset >= this.end) this.fail('the end of its section or file', what)
    return this.bytes[this.offset]
  }

  skip(length: number, what: string): void {
    if (length > this.end - this.offset) this.fail(`only ${this.end - this.offset} bytes left`, `${length} bytes of ${what}`)
    this.offset += length
  }

  u32(what: string): number {
    const first = this.u8(what)
    if (first < 0x80) return first
    let result = first & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.u8(what)
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return result
    }
    const last = this.u8(what)
    if (last > 0x0f) this.fail(`${hex(last)} as the fifth byte of an integer`, `${what} in 32 bits`, this.offset - 1)
    return (result | (last << 28)) >>> 0
  }

  s32(what: string): number {
    return this.signed(32, what)
  }

  /** A block type: negative for a value type or the empty one, else a type index. */
  s33(what: string): number {
    return this.signed(33, what)
  }

  private signed(bits: number, what: string): number {
    let result = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8(what)
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return (result << (25 - shift)) >> (25 - shift)
    }
    const last = this.u8(what)
    // Only the low bits of the fifth byte carry value; the others must repeat the sign.
    const spare = bits - 28
    const extended = ((last & 0x7f) << (32 - spare)) >> (32 - spare)
    if (last >= 0x80 || (extended & 0x7f) !== last) {
      this.fail(`${hex(last)} as the fifth byte of an integer`, `${what} in ${bits} bits`, this.offset - 1)
    }
    return bits === 32 ? result | (extended << 28) : (result >>> 0) + extended * 2 ** 28
  }

  /** Low 32 bits (signed) of a 64-bit integer; the high ones are then in `high`. */
  s64(what: string): number {
    let low = 0
    let high = 0
    let shift = 0
    let byte = 0
    do {
      byte = this.u8(what)
      if (shift === 63 && byte !== 0 && byte !== 0x7f) {
        this.fail(`${hex(byte)} as the tenth byte of an integer`, `${what} in 64 bits`, this.offset - 1)
      }
      const part = byte & 0x7f
      if (shift < 32) low |= part << shift
      if (shift === 28) high |= part >> 4
      if (shift > 28) high |= part << (shift - 32)
      shift += 7
    } while (byte >= 0x80)
    if (shift < 32) {
      low = (low << (32 - shift)) >> (32 - shift)
      high = low >> 31
    } else if (shift < 64) {
      high = (high << (64 - shift)) >> (64 - shift)
    }
    this.high = high
    return low
  }

  /** A vector's length. Each item takes at least one byte, so that a count beyond what is left is refused before use. */
  count(what: string): number {
    const at = this.offset
    const count = this.u32(`the number of ${what}`)
    if (count > this.end - this.offset) {
      this.fail(`a count of ${count} ${what} in ${this.end - this.offset} bytes`, 'a count that fits its section', at)
    }
    return count
  }

  name(what: string): string {
    const length = this.u32(`the length of ${what}`)
    const start = this.offset
    this.skip(length, what)
    try {
      return utf8.decode(this.bytes.subarray(start, start + length))
    } catch {
      return this.fail('malformed UTF-8', what, start)
    }
  }

  /** A reader of the next `length` bytes, which this one skips. */
  sub(length: number, what: string): ByteReader {
    const start = this.offset
    this.skip(length, what)
    return new ByteReader(this.bytes, start, this.offset)
  }
}
