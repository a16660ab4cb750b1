/** What a parser found. */
export namespace Found {
  /** A request (perhaps without arguments: nothing to do). */
  export const REQUEST = 1
  /** The beginning of one at most. */
  export const NOTHING = 0
  /** A violation of the protocol; it has been answered. */
  export const VIOLATION = -1
}

/** Headers and inline requests may be this long. */
export const LINE_MAX: usize = 65536
