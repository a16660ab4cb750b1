/** Why `ft_interrupt` was called: bits of its argument (ABI.md, interrupt causes). */
export namespace Cause {
  export const NETWORK: i32 = 1
  export const TIMER: i32 = 2
  export const CONSOLE: i32 = 4
  export const DISK: i32 = 8
}

/** Negative results of ABI calls (ABI.md). */
export namespace Fault {
  export const MEMORY: i32 = -1
  export const INVALID: i32 = -2
  export const CONNECTION: i32 = -3
  export const BUSY: i32 = -4
  export const CLOSED: i32 = -5
}
