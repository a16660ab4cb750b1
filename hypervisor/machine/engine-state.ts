/**
 * What a guest's execution state is made of, the same for every engine: a snapshot taken on one goes on in the other.
 * Device state is not in it (see the devices' own save and restore).
 */
export interface EngineState {
  /** Ticks counted since boot (virtual time). */
  readonly ticks: number
  /** Raw bits of every mutable global in index order, in 32-bit words, low first; a reference is one word, as in `tables`. */
  readonly globals: Uint32Array
  /** Entries of every table: 0 for null, else the function's index + 1 (an externref of a guest is always null). */
  readonly tables: readonly Uint32Array[]
  /** By segment index: 1 once dropped, as active and declarative segments are from the start. */
  readonly droppedData: Uint8Array
  readonly droppedElements: Uint8Array
  /** Linear memory; its length is the memory's size. */
  readonly memory: Uint8Array
  /**
   * Guest frames on the stack, in the interpreter's own form; absent between events, where no frame is left. Only the interpreter
   * can take or restore a state that has it.
   */
  readonly frames?: Uint8Array
}
