/** Room for the copy of a guest's memory, made ready before the pause: see `Engine.snapshot`. */

/** Bytes made ready in one slice: some 3 ms where the operating system has to supply them. */
const sliceBytes = 4 * 1024 * 1024
/** The smallest page that systems hand out; a write to each makes all of it present. */
const presentBytes = 4096

export class SnapshotRoom {
  #bytes = new Uint8Array(0)
  #readyBytes = 0

  /** What is ready, for `snapshot`. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /**
   * Does one slice of the work for a memory of `length` bytes. A memory that has outgrown the room starts it anew, an eighth larger.
   * @returns true once `bytes` has room for that much
   */
  prepare(length: number): boolean {
    if (this.#bytes.length < length) {
      this.#bytes = new Uint8Array(length + Math.ceil(length / 8))
      this.#readyBytes = 0
    }
    const end = Math.min(length, this.#readyBytes + sliceBytes)
    for (; this.#readyBytes < end; this.#readyBytes += presentBytes) this.#bytes[this.#readyBytes] = 1
    return this.#readyBytes >= length
  }
}
