/** Writes the primitive forms of the binary format into a buffer that grows. */
export class ByteWriter {
  private buffer = new Uint8Array(256)
  length = 0

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count))
    larger.set(this.buffer.subarray(0, this.length))
    this.buffer = larger
  }

  u8(byte: number): this {
    this.reserve(1)
    this.buffer[this.length++] = byte
    return this
  }

  u32(value: number): this {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.u8((rest % 128) | 0x80)
    return this.u8(rest)
  }

  /** A signed integer of up to 53 bits. */
  signed(value: number): this {
    let rest = value
    for (; rest < -64 || rest >= 64; rest = Math.floor(rest / 128)) this.u8((((rest % 128) + 128) % 128) | 0x80)
    return this.u8(rest & 0x7f)
  }

  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  /** Opcodes and small immediates, byte by byte. */
  ops(...bytes: number[]): this {
    for (const byte of bytes) this.u8(byte)
    return this
  }

  /** Bytes preceded by their number. */
  sized(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes)
  }

  name(text: string): this {
    return this.sized(new TextEncoder().encode(text))
  }

  section(id: number, contents: ByteWriter): this {
    return this.u8(id).sized(contents.bytes())
  }

  /** What was written so far; valid until the next write. */
  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }
}
