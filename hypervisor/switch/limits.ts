/** The switch's bounds, in one place. The first two are part of the guest's ABI (ABI.md, Network). */

/** Bytes of a client that may be on their way to the guest without having been taken by it, per connection. */
export const RECEIVE_SPACE_BYTES = 256 * 1024
/** Bytes the guest may have sent that the client's kernel has not taken yet, per connection. */
export const SEND_SPACE_BYTES = 256 * 1024

/** A client is read again once this much receive space is free: one socket read always fits. */
export const RESUME_SPACE_BYTES = 64 * 1024

/** Longest data input; what waits longer is cut. */
export const INPUT_BYTES_MAX = 64 * 1024

/**
 * A `netWindow` input is sent for every this many bytes drained toward a client, and for nothing less. It can't
 * deadlock: a guest that waits for space has `SEND_SPACE_BYTES` unreported, all of which drain in the end.
 */
export const WINDOW_REPORT_BYTES = 64 * 1024

/** Client and console bytes held for the machine, over all connections; above it nothing more is read. */
export const HELD_BYTES_MAX = 64 * 1024 * 1024
/** What a numbered input costs besides its bytes, so that a flood of tiny ones is bounded too. */
export const INPUT_OVERHEAD_BYTES = 64
/** Unacknowledged console input above which the console is not read. */
export const CONSOLE_BYTES_MAX = 256 * 1024
/** Waiting pieces of one connection above which they are joined into one. */
export const WAITING_CHUNKS_MAX = 64

/** Longest frame a reader accepts; a longer one is an attack or another protocol. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024
/** A writer starts another frame above this. */
export const FRAME_BYTES_TARGET = 1024 * 1024
/** Longest string on a link: host names, peer addresses, replica names. */
export const STRING_BYTES_MAX = 1024
/** Connection ids are u32. */
export const CONN_MAX = 0xffff_ffff

/** So many outputs without an ack are acknowledged at once; fewer wait for company. */
export const URGENT_OUTPUTS = 64
