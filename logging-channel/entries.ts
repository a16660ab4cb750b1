/**
 * The log's vocabulary (DESIGN §5): everything nondeterministic that the guest can see, and nothing else.
 * Numbers of 64 bits (ticks, microseconds) are JavaScript integers below 2^53.
 *
 * Entries apply in order. `progress` says how far the primary ran; *events* after it happen at that point;
 * *operations* (clock, entropy) are consumed by the guest's own calls on its way to the next `progress`.
 */
export const Kind = {
  clock: 1,
  entropy: 2,
  timer: 3,
  netOpen: 4,
  netData: 5,
  netEnd: 6,
  netReset: 7,
  netWindow: 8,
  netConnected: 9,
  console: 10,
  control: 11,
  interrupt: 12,
  outputMark: 13,
  progress: 14,
  stateHash: 15,
  protectedMark: 16
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** Which clock a `clock` entry answered. */
export const Clock = { wall: 0, monotonic: 1 } as const
export type Clock = (typeof Clock)[keyof typeof Clock]

/** `powerOff`: the operator stops the machine, both replicas. `stepDown`: the primary hands over to its backup, a planned failover. */
export const ControlOperation = { powerOff: 1, stepDown: 2 } as const
export type ControlOperation = (typeof ControlOperation)[keyof typeof ControlOperation]

/** The guest read a clock: microseconds since the epoch (wall) or since boot (monotonic). Required. */
export type ClockEntry = { readonly kind: typeof Kind.clock; readonly clock: Clock; readonly us: number }
/** The guest drew random bytes. Required. */
export type EntropyEntry = { readonly kind: typeof Kind.entropy; readonly bytes: Uint8Array }
/** A guest timer expired. Required. */
export type TimerEntry = { readonly kind: typeof Kind.timer; readonly timer: number }
/** A client connected to a guest port; `peer` is "address:port". Required. */
export type NetOpenEntry = { readonly kind: typeof Kind.netOpen; readonly conn: number; readonly port: number; readonly peer: string }
/** Bytes arrived on a connection. Required. */
export type NetDataEntry = { readonly kind: typeof Kind.netData; readonly conn: number; readonly bytes: Uint8Array }
/** The peer closed its sending side. Required. */
export type NetEndEntry = { readonly kind: typeof Kind.netEnd; readonly conn: number }
/** The connection is gone (reset by peer, or a failed connect). Required. */
export type NetResetEntry = { readonly kind: typeof Kind.netReset; readonly conn: number }
/** The peer has taken `bytes` more of what the guest sent: that much send space is free again. Required. */
export type NetWindowEntry = { readonly kind: typeof Kind.netWindow; readonly conn: number; readonly bytes: number }
/** An outgoing connect succeeded. Required. */
export type NetConnectedEntry = { readonly kind: typeof Kind.netConnected; readonly conn: number }
/** Bytes typed at the console. Required. */
export type ConsoleEntry = { readonly kind: typeof Kind.console; readonly bytes: Uint8Array }
/** An operation on the pair (§3.3): takes effect at the same point on both. Required. */
export type ControlEntry = { readonly kind: typeof Kind.control; readonly operation: ControlOperation }
/** The guest's interrupt entry is called with `causes`, at `tick`. Required. */
export type InterruptEntry = { readonly kind: typeof Kind.interrupt; readonly causes: number; readonly tick: number }
/**
 * The run since the last progress emitted `count` outputs of `bytes` bytes in all, with this CRC-32. Validation; outputs
 * are held under its seq.
 */
export type OutputMarkEntry = {
  readonly kind: typeof Kind.outputMark
  readonly count: number
  readonly bytes: number
  readonly checksum: number
}
/** Where a run of the guest came to rest: stopped in its code at a tick, returned from its entry, or trapped / powered off. */
export const Reached = { tick: 0, idle: 1, ended: 2 } as const
export type Reached = (typeof Reached)[keyof typeof Reached]

/** The primary's guest has run to `tick` and came to rest there as `reached` says. Required: it licenses the backup to run that far. */
export type ProgressEntry = { readonly kind: typeof Kind.progress; readonly tick: number; readonly reached: Reached }
/** Hash over globals, tables, devices and ticks, and one over each of the memory pages from `firstPage` on. Validation. */
export type StateHashEntry = {
  readonly kind: typeof Kind.stateHash
  readonly tick: number
  readonly firstPage: number
  readonly hash: number
  /** A `u32`, little-endian, for every page: so a difference names its page. */
  readonly pageHashes: Uint8Array
}

/**
 * From here on `replica` may take over in `term`: it holds a snapshot, and every entry from there to this one. Outputs after
 * it wait for that replica's acknowledgement (P3.1). Required: by it a backup knows that it is one.
 */
export type ProtectedMarkEntry = { readonly kind: typeof Kind.protectedMark; readonly term: number; readonly replica: string }

/** What comes in from the network switch; captured as it is. */
export type SwitchInput =
  | NetOpenEntry
  | NetDataEntry
  | NetEndEntry
  | NetResetEntry
  | NetWindowEntry
  | NetConnectedEntry
  | ConsoleEntry

export type LogEntry =
  | SwitchInput
  | ClockEntry
  | EntropyEntry
  | TimerEntry
  | ControlEntry
  | InterruptEntry
  | OutputMarkEntry
  | ProgressEntry
  | StateHashEntry
  | ProtectedMarkEntry
