import type { EngineState } from './engine-state.ts'

/**
 * What a machine needs of the thing that executes guest code. Two engines implement it (V8 now, the
 * interpreter later) and must agree on results, traps, ticks and state hashes, bit for bit.
 */

/** A host call: integers and floats in, at most one number out. i64 never crosses this border. */
export type HostCall = (...args: number[]) => number | void

/** Host calls by import name, for the one import module `ft`. */
export type HostCalls = Readonly<Record<string, HostCall>>

export interface EngineLimits {
  /** Cap on linear memory in 64 KiB pages; `memory.grow` past it fails, in every replica alike. */
  readonly memoryPagesMax: number
}

/** Why a run came back. */
export type Stop =
  /** The entry call (and everything nested in it) returned: no guest frame is left. */
  | { readonly kind: 'idle' }
  /** Exactly the tick asked for has been counted; the code after it has not run. */
  | { readonly kind: 'tick' }
  /** The guest trapped; it can't go on. Same text for the same trap in both engines. */
  | { readonly kind: 'trap'; readonly message: string }
  /** A host call threw `GuestExit`; it can't go on. */
  | { readonly kind: 'exit'; readonly code: number }

/** Thrown by a host call to end the guest (power off). Engines turn it into an `exit` stop. */
export class GuestExit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`guest powered off with code ${code}`)
    this.code = code
  }
}

/** The host could not do what the machine promises its guest: this replica must halt (DESIGN §2). */
export class EngineHalt extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'EngineHalt'
  }
}

export type GuestEntry = 'ft_start' | 'ft_interrupt'

/** A place in the guest's module. */
export interface CodePlace {
  readonly functionIndex: number
  /** Byte offset of the instruction. */
  readonly offset: number
}

export interface Engine {
  /** Ticks counted since boot (virtual time); an integer below 2^53. Exact whenever no guest code is running. */
  readonly ticks: number
  /** Guest entries on the stack: 0 when idle, 1 in ordinary code, 2 in a handler that interrupted it. Exact between runs. */
  readonly nesting: number
  /**
   * Prepares a call of a guest export; `run` then executes it. Allowed when idle, or when stopped at a
   * tick: the call then nests on top of the interrupted code, which goes on when it returns.
   */
  enter(entry: GuestEntry, argument: number): void
  /**
   * Runs until idle, trap, exit, or until `ticks === untilTick` (which must be greater than `ticks`),
   * then calls `onStop` once: in the same turn (a microtask later at most) unless the engine suspended.
   */
  run(untilTick: number, onStop: (stop: Stop) => void): void
  /** Where the guest trapped last; undefined if it has not, or in no function of its own. */
  readonly trapPlace?: CodePlace | undefined
  /** The guest's memory as it is now; any guest code may detach it, so take it anew for every use. */
  memory(): Uint8Array
  /** Every mutable global's raw bits, for hashing; words as in `EngineState.globals`. */
  globals(): Uint32Array
  /**
   * For hashing: of every table that the module's code can change (`mutable-state.ts`), its length and then its entries as in
   * `EngineState.tables`. Empty for most guests, which so pay nothing.
   */
  tables(): Uint32Array
  /**
   * The whole state, copied: it stays as it is while the guest goes on. Throws where the engine can't take it: in running code,
   * after a trap or exit and, on V8, while a guest frame is left.
   * @param room takes the copy of memory if it is long enough. A copy into bytes written before is many times faster than into
   * new ones, which the operating system has yet to supply.
   */
  snapshot(room?: Uint8Array): EngineState
  /**
   * Zeroes where memory of `bytes` bytes can be put together for `restore`, which then need not copy it, if the engine can offer
   * that. It ends what this engine held: only `restore` may follow. Throws for a size that the image can't have.
   */
  restoreRoom(bytes: number): Uint8Array
  /**
   * Goes on from `state`, which this or another engine took of the same image. Allowed while no guest frame is left, after a
   * trap or exit too. Throws, with the engine as it was, if the state is not one of this image under these limits.
   */
  restore(state: EngineState): void
}
