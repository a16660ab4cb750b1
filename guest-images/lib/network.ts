import * as ft from './ft'
import { writeText } from './text'

/** What happened on a connection (ABI.md, event kinds). */
export namespace Kind {
  export const OPEN: i32 = 1
  export const DATA: i32 = 2
  export const END: i32 = 3
  export const RESET: i32 = 4
  export const WRITABLE: i32 = 5
  export const CONNECTED: i32 = 6
}

/** Bytes of send space, and of receive space, that a connection has. */
export const CONNECTION_SPACE: i32 = 262144

const EVENT_BYTES = 16
const BATCH = 256
const batch = memory.data(EVENT_BYTES * BATCH, 8)
let taken = 0
let filled = 0

/** The event that `next` pulled last: what happened, */
export let kind: i32 = 0
/** on which connection, */
export let conn: i32 = 0
/** and its number: guest port (OPEN), bytes to receive (DATA), send space (WRITABLE). */
export let detail: i32 = 0

/** Pulls the next event into `kind`, `conn` and `detail`; false when none is left. */
export function next(): bool {
  if (taken == filled) {
    filled = ft.net_events(batch, BATCH)
    taken = 0
    if (filled <= 0) {
      filled = 0
      return false
    }
  }
  const event = batch + taken++ * EVENT_BYTES
  kind = load<i32>(event)
  conn = load<i32>(event, 4)
  detail = load<i32>(event, 8)
  return true
}

/** Accepts connections on this guest port from now on. Returns 0, `Fault.INVALID` or `Fault.BUSY`. */
export function listen(port: i32): i32 {
  return ft.net_listen(port)
}

const HOST_MAX = 255
const hostName = memory.data(HOST_MAX * 3)

/** Connects out to a literal host name (at most 255 characters); CONNECTED or RESET follows. Returns the id or an error. */
export function connect(host: string, port: i32): i32 {
  if (host.length > HOST_MAX) return -2
  return ft.net_connect(hostName, writeText(hostName, host), port)
}

/** Connects out to a host name in memory. Returns the id or an error. */
export function connectBytes(hostPtr: usize, hostLen: i32, port: i32): i32 {
  return ft.net_connect(hostPtr, hostLen, port)
}

/** Receives up to `cap` bytes; 0 when there is nothing now. */
// @ts-ignore: decorator
@inline
export function receive(conn: i32, ptr: usize, cap: i32): i32 {
  return ft.net_recv(conn, ptr, cap)
}

/** Offers bytes; returns how many were taken. After fewer than offered, WRITABLE will come. */
// @ts-ignore: decorator
@inline
export function send(conn: i32, ptr: usize, len: i32): i32 {
  return ft.net_send(conn, ptr, len)
}

/** Ends our sending side once everything taken has been sent; receiving goes on. */
export function end(conn: i32): i32 {
  return ft.net_end(conn)
}

/** Gives the connection up: what was taken is still sent, what is unread is dropped. */
export function close(conn: i32): i32 {
  return ft.net_close(conn)
}

/** Resets the connection. */
export function reset(conn: i32): i32 {
  return ft.net_reset(conn)
}

/** The peer's `address:port`: its length, and its text at `ptr` if it fits in `cap`. */
export function peer(conn: i32, ptr: usize, cap: i32): i32 {
  return ft.net_peer(conn, ptr, cap)
}
