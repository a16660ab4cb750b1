/** A fast 32-bit hash over machine state. It detects divergence between honest replicas; it is no defence against malice. */

const C1 = 0xcc9e2d51
const C2 = 0x1b873593

export class StateHasher {
  #h = 0x9747b28c
  #words = 0

  /** Mixes one 32-bit word (murmur3's round). */
  word(value: number): void {
    const k = Math.imul(value, C1)
    const h = this.#h ^ Math.imul((k << 15) | (k >>> 17), C2)
    this.#h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
    this.#words++
  }

  /** Mixes an integer of up to 53 bits. */
  integer(value: number): void {
    this.word(value | 0)
    this.word(Math.floor(value / 0x100000000) | 0)
  }

  /** Mixes whole 32-bit words; the inner loop of page hashing, so it keeps its state in locals. */
  words(values: Int32Array | Uint32Array): void {
    let h = this.#h
    for (let i = 0; i < values.length; i++) {
      const k = Math.imul(values[i]!, C1)
      h ^= Math.imul((k << 15) | (k >>> 17), C2)
      h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
    }
    this.#h = h
    this.#words += values.length
  }

  bytes(values: Uint8Array): void {
    this.word(values.length)
    for (let i = 0; i < values.length; i++) this.word(values[i]!)
  }

  /** The hash so far, as an unsigned 32-bit integer. */
  digest(): number {
    let h = this.#h ^ this.#words
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) >>> 0
  }
}
