/**
 * A set of operation numbers that fills up roughly from the left: everything below the window is in, nothing
 * above it is, so a copy or a comparison touches the few words of the window only. Its hash is kept up to
 * date with every change.
 */
export class WindowedBitset {
  readonly #words: Int32Array
  /** The first word that isn't full. */
  #low = 0
  /** One past the last word that isn't empty; never below `#low`. */
  #high = 0
  hash = 0

  constructor(size: number) {
    this.#words = new Int32Array((size >>> 5) + 1)
  }

  has(index: number): boolean {
    return ((this.#words[index >>> 5] as number) & (1 << (index & 31))) !== 0
  }

  add(index: number): void {
    const word = index >>> 5
    this.#words[word] = (this.#words[word] as number) | (1 << (index & 31))
    this.hash ^= mix(index + 1)
    while (this.#words[this.#low] === -1) this.#low++
    this.#high = Math.max(this.#high, word + 1, this.#low)
  }

  delete(index: number): void {
    const word = index >>> 5
    this.#words[word] = (this.#words[word] as number) & ~(1 << (index & 31))
    this.hash ^= mix(index + 1)
    if (word < this.#low) this.#low = word
    while (this.#high > this.#low && this.#words[this.#high - 1] === 0) this.#high--
  }

  /** The window as it stands, to compare with later. */
  snapshot(): WindowSnapshot {
    return { low: this.#low, words: this.#words.slice(this.#low, this.#high) }
  }

  matches(snapshot: WindowSnapshot): boolean {
    if (snapshot.low !== this.#low || snapshot.words.length !== this.#high - this.#low) return false
    for (let i = 0; i < snapshot.words.length; i++) {
      if (snapshot.words[i] !== this.#words[this.#low + i]) return false
    }
    return true
  }
}

export type WindowSnapshot = { readonly low: number; readonly words: Int32Array }

/** Spreads an integer over 32 bits; different integers give different results. */
export function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return x ^ (x >>> 16)
}
