/** Where the core and the TypeScript side leave things for each other: addresses in the core's memory. */
export const HEADER = {
  /** Address of the instruction at hand, and of its frame's register 0. */
  pc: 1024, fp: 1028,
  /** Ticks to count until the core stops. */
  left: 1032,
  /** Descriptor of the memory that running code uses. */
  memory: 1036,
  /** Which trap, of `TRAPS`. */
  trap: 1040,
  /** Register instructions since the last tick; steps to go; whether the first one passes breakpoints and watches. */
  step: 1044, stepsLeft: 1048, passing: 1052,
  /** Watched ranges: how many, the guest address that was met, and the ranges, `WATCH_BYTES` each. */
  watchCount: 1056, watchMet: 1060, watches: 1064,
} as const

/** A watched range: memory descriptor, from, to (exclusive, both u64), kinds (`READ` | `WRITE`). */
export const WATCH = { memory: 0, kinds: 4, from: 8, to: 16 } as const
export const WATCH_BYTES = 24
export const WATCHES_MAX = 64
export const READ = 1
export const WRITE = 2

/** The first address free for code and state. */
export const HEAP_START = 65536

/** Why the core came back. */
export const STATUS = {
  /** A tick was the last of those to count; it is counted, and the code after it has not run. */
  tick: 1,
  /** The instruction at `pc` is the TypeScript side's to do. */
  outside: 2,
  trap: 3,
  /** The debugging core ran the steps asked for. */
  stepped: 4,
  /** The debugging core is in front of a breakpoint. */
  breakpoint: 5,
  /** The debugging core is in front of an access of a watched range. */
  watch: 6,
} as const

/** Set in an opcode, it makes the debugging core stop in front of the instruction. */
export const BREAK_BIT = 0x8000

/** A memory's descriptor: address of its first byte, its bytes (u64), its maximum in pages. */
export const MEMORY = { base: 0, bytes: 8, pagesMax: 16 } as const
export const MEMORY_BYTES = 24

/** A table's descriptor: address of its entries, their number, their maximum, entries there is room for. */
export const TABLE = { entries: 0, size: 4, max: 8, room: 12 } as const
export const TABLE_BYTES = 16

/** A function's descriptor, which is also what a reference to it is: address of its code, key of its type in its instance. */
export const FUNCTION = { code: 0, key: 4 } as const
export const FUNCTION_BYTES = 8

export const GLOBAL_BYTES = 16
