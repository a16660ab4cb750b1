import * as ft from './ft'

/** Microseconds since 1970, whole. Every read is an entry in the log: read it rarely. */
export function wallUs(): i64 {
  return <i64>ft.clock_wall()
}

/** Microseconds since boot, whole; never steps back. Every read is an entry in the log. */
export function monotonicUs(): i64 {
  return <i64>ft.clock_monotonic()
}
