/** A queue of bytes kept as the chunks they came in; reading copies, nothing else does. */
export class ByteQueue {
  #chunks: Uint8Array[] = []
  #first = 0
  #offset = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#length += bytes.length
  }

  /** Moves as many bytes as there are and fit into `target`; returns how many. */
  read(target: Uint8Array): number {
    let done = 0
    while (done < target.length && this.#length > 0) {
      const chunk = this.#chunks[this.#first]!
      const count = Math.min(target.length - done, chunk.length - this.#offset)
      target.set(chunk.subarray(this.#offset, this.#offset + count), done)
      done += count
      this.#offset += count
      this.#length -= count
      if (this.#offset === chunk.length) this.#dropFirst()
    }
    return done
  }

  /** All that is in the queue, copied; it stays in. */
  peek(): Uint8Array {
    const all = new Uint8Array(this.#length)
    let done = 0
    for (let i = this.#first; i < this.#chunks.length; i++) {
      const chunk = i === this.#first ? this.#chunks[i]!.subarray(this.#offset) : this.#chunks[i]!
      all.set(chunk, done)
      done += chunk.length
    }
    return all
  }

  clear(): void {
    this.#chunks = []
    this.#first = this.#offset = this.#length = 0
  }

  #dropFirst(): void {
    this.#first++
    this.#offset = 0
    // Amortised: the array is cut only once half of it is spent.
    if (this.#first * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first)
      this.#first = 0
    }
  }
}
