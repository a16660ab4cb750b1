/**
 * What travels between the network switch and a replica. Every input to the machine and every output of it
 * has a number of its own, counted from 1 over the whole life of the virtual machine, across terms: that is
 * what makes streams exactly-once across a failover (DESIGN §6).
 */
import type { SwitchInput } from '../../logging-channel/entries.ts'

export const SWITCH_VERSION = 2

/** A machine's effect on the outside. Connection ids: even ones come from the switch, odd ones from the guest. */
export type Output =
  | { readonly kind: 'listen'; readonly port: number }
  | { readonly kind: 'connect'; readonly conn: number; readonly host: string; readonly port: number }
  | { readonly kind: 'data'; readonly conn: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly conn: number }
  | { readonly kind: 'reset'; readonly conn: number }
  /** The guest has taken `bytes` more of what the peer sent: that much receive space is free again. */
  | { readonly kind: 'credit'; readonly conn: number; readonly bytes: number }
  | { readonly kind: 'console'; readonly bytes: Uint8Array }
  | { readonly kind: 'powerOff'; readonly code: number }

/** Replica → switch, first on every connection. A backup says hello too, and waits without a term. */
export type SwitchHello = {
  readonly type: 'hello'
  readonly version: number
  readonly vm: string
  readonly replica: string
}

/** Replica → switch: "I am live in this term; I have captured inputs up to this number." */
export type Attach = {
  readonly type: 'attach'
  readonly term: number
  readonly inputsCaptured: number
  /** Number of the first output that will follow. */
  readonly nextOutput: number
  /** What the machine holds as of `inputsCaptured`: needed, and looked at, only by a switch that was started anew. */
  readonly holds?: MachineHolds
}

/**
 * What a switch that was started anew can't know of a machine with a history. It opens the `ports`, sends a
 * `netReset` input (numbered like every other) for each of `conns`, and gives new connections ids above `evenMax`.
 */
export type MachineHolds = {
  readonly ports: readonly number[]
  /** Every connection that the guest may still use. */
  readonly conns: readonly number[]
  /** The highest even id that the machine has ever seen, 0 for none. */
  readonly evenMax: number
  /** The highest odd id that the guest has ever connected with, 0 for none. */
  readonly oddMax: number
}

/** Replica → switch: outputs, the first one numbered `first`, the rest consecutive. */
export type Outputs = {
  readonly type: 'outputs'
  readonly term: number
  readonly first: number
  readonly outputs: readonly Output[]
}

/** Replica → switch: the entries of inputs up to this number are acknowledged; forget them. */
export type InputAck = { readonly type: 'inputAck'; readonly term: number; readonly through: number }

/** Replica → switch: the machine has ended for good, and nobody will come after it. All its outputs are there. */
export type Farewell = { readonly type: 'farewell'; readonly term: number; readonly reason: string }

/**
 * Switch → replica, the answer to attach. `fresh`: this switch did not know the machine's connections (it
 * was started anew); it has opened the ports named in `attach.holds` and resets the connections named there.
 * Outputs up to `outputsDelivered` would be dropped as duplicates. `duplicateBytesDropped` counts the data bytes
 * dropped so over the life of this switch, up to this attach.
 */
export type Attached = {
  readonly type: 'attached'
  readonly term: number
  readonly fresh: boolean
  readonly outputsDelivered: number
  readonly duplicateBytesDropped: number
}

/** Switch → replica: a replica with a newer term is attached, or the hello can't be accepted. */
export type Refused = { readonly type: 'refused'; readonly term: number; readonly reason: string }

/** Switch → replica: inputs, the first one numbered `first`, the rest consecutive. */
export type Inputs = { readonly type: 'inputs'; readonly first: number; readonly inputs: readonly SwitchInput[] }

/** Switch → replica: outputs up to this number have been processed. */
export type OutputAck = { readonly type: 'outputAck'; readonly through: number }

export type ToSwitch = SwitchHello | Attach | Outputs | InputAck | Farewell
export type FromSwitch = Attached | Refused | Inputs | OutputAck
