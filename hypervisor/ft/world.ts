/** Where a live replica's nondeterminism comes from. The host gives the real one, the simulator its own. */
export interface World {
  /** Microseconds since 1970; may jump. */
  wallUs(): number
  /** Microseconds since any fixed moment; never steps back. */
  monotonicUs(): number
  entropy(length: number): Uint8Array
}
