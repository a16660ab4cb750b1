import * as ft from './ft'
import { Cause } from './causes'

/** Arms a timer (0–63) to expire once after `delayUs` microseconds; arming again replaces. Returns 0 or `Fault.INVALID`. */
export function set(timer: i32, delayUs: i64): i32 {
  return ft.timer_set(timer, <f64>delayUs)
}

/** Disarms a timer; true if it was armed, or had expired and not been pulled. */
export function cancel(timer: i32): bool {
  return ft.timer_cancel(timer) == 1
}

/** Pulls the next expired timer, or -1. */
export function next(): i32 {
  return ft.timer_next()
}

/** Lets timers interrupt running code (true) or only come between events (false, as at boot). Returns what held before. */
export function preemptive(on: bool): bool {
  return (ft.preempt(on ? Cause.TIMER : 0) & Cause.TIMER) != 0
}
