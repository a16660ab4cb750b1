/** Lays translated code one behind the other, and remembers where each instruction came from. */
export class CodeWriter {
  private readonly base: number
  private words = new Int32Array(4096)
  private view = new DataView(this.words.buffer)
  private length = 0
  private at = 0
  private next = 0
  /** By instruction, in order: address and offset in the module. */
  readonly addresses: number[] = []
  readonly sources: number[] = []
  private readonly callSites: { readonly at: number, readonly callee: number, readonly skip: number }[] = []

  /** Code will lie from address `base` on. */
  constructor(base: number) {
    this.base = base
  }

  /** Address of what is written next. */
  get address(): number {
    return this.base + this.length
  }

  begin(opcode: number, length: number, source: number): void {
    this.addresses.push(this.address)
    this.sources.push(source)
    this.reserve(length)
    this.at = this.length
    this.next = this.length + length
    this.view.setUint16(this.at, opcode, true)
  }

  small(offset: number, value: number): void {
    this.view.setInt16(this.at + offset, value, true)
  }

  word(offset: number, value: number): void {
    this.view.setInt32(this.at + offset, value, true)
  }

  bytesAt(offset: number, bytes: Uint8Array): void {
    new Uint8Array(this.words.buffer).set(bytes, this.at + offset)
  }

  /** A call's target, filled in by `resolveCalls`: `skip` bytes behind the callee's beginning. */
  callTarget(offset: number, callee: number, skip: number): void {
    this.callSites.push({ at: this.at + offset, callee, skip })
  }

  end(): void {
    this.length = this.next
  }

  append(word: number): void {
    this.reserve(4)
    this.view.setInt32(this.length, word, true)
    this.length += 4
  }

  /** Fills in the targets of direct calls. */
  resolveCalls(addressOf: (functionIndex: number) => number): void {
    for (const { at, callee, skip } of this.callSites) this.view.setInt32(at, addressOf(callee) + skip, true)
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.words.buffer, 0, this.length)
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.words.byteLength) return
    const words = new Int32Array(Math.max(this.words.length * 2, (this.length + bytes + 3) >> 2))
    words.set(this.words)
    this.words = words
    this.view = new DataView(words.buffer)
  }
}
