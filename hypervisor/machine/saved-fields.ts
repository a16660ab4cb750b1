/** Saved device state, written and read: little-endian fields as in the logging channel's FORMAT.md. */
import type { Parser } from 'binary-parser'
import { textBytes } from '../../logging-channel/byte-writer.ts'
import { FieldError } from '../../logging-channel/fields.ts'
import { SnapshotError } from './snapshot-error.ts'

const encoder = new TextEncoder()
const TWO_TO_32 = 4294967296

/** Writes fields one after the other into a buffer that grows. */
export class FieldWriter {
  #buffer: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0

  /** @param bytes what it is made for; it grows beyond that */
  constructor(bytes = 256) {
    this.#buffer = new Uint8Array(bytes)
    this.#view = new DataView(this.#buffer.buffer)
  }

  u8(value: number): void {
    const at = this.#room(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number): void {
    const at = this.#room(2)
    this.#view.setUint16(at, value, true)
  }

  u32(value: number): void {
    const at = this.#room(4)
    this.#view.setUint32(at, value, true)
  }

  /** An integer from 0 to 2^53 - 1, low half first. */
  u64(value: number): void {
    this.u32(value % TWO_TO_32)
    this.u32(Math.floor(value / TWO_TO_32))
  }

  /** u32 length, then the bytes. */
  bytes(value: Uint8Array): void {
    this.u32(value.length)
    const at = this.#room(value.length)
    this.#buffer.set(value, at)
  }

  /** As `bytes`, in UTF-8. @throws RangeError for a lone surrogate */
  text(value: string): void {
    this.u32(textBytes(value))
    const encoded = encoder.encode(value)
    const at = this.#room(encoded.length)
    this.#buffer.set(encoded, at)
  }

  /** What was written; the writer is used up. */
  take(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Makes room for `count` bytes, perhaps in another buffer, and gives the place where they start. */
  #room(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length))
      larger.set(this.#buffer)
      this.#buffer = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }
}

/**
 * Parses `bytes`, which must be exactly as long as the fields of `parser`; that one ends with `.saveOffset('end')`.
 * @param what names the bytes in messages
 * @throws SnapshotError
 */
export function parseFields<Fields>(parser: Parser, bytes: Uint8Array, what: string): Fields {
  let fields: Fields & { readonly end: number }
  try {
    fields = parser.parse(bytes) as typeof fields
  } catch (error) {
    if (error instanceof RangeError) throw new SnapshotError(`${what} is cut short`, { cause: error })
    if (error instanceof FieldError) throw new SnapshotError(`${what}: ${error.message}`, { cause: error })
    throw error
  }
  // Views are clipped at the end of the input; the count of bytes read is not.
  if (fields.end > bytes.length) throw new SnapshotError(`${what} is cut short: ${fields.end - bytes.length} bytes are missing`)
  if (fields.end < bytes.length) throw new SnapshotError(`${what} has ${bytes.length - fields.end} bytes too many`)
  return fields
}
