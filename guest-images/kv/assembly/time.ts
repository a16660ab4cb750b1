import { clock } from '../../lib'

let current: i64 = -1

/** Milliseconds since 1970. The clock is read at most once an interrupt, and only if somebody asks. */
export function nowMs(): i64 {
  if (current < 0) current = clock.wallUs() / 1000
  return current
}

/** A new interrupt begins: the next `nowMs` reads the clock. */
export function forgetNow(): void {
  current = -1
}

let bootMs: i64 = 0

/** The machine boots: INFO counts its uptime from here. */
export function startClock(): void {
  bootMs = nowMs()
}

/** Milliseconds since boot. */
export function uptimeMs(): i64 {
  return nowMs() - bootMs
}
