/** What travels between primary and backup. One version constant; a reader refuses other versions by name. */
import type { LogEntry } from './entries.ts'

export const CHANNEL_VERSION = 3

/** First message on a new connection, from each side. Both must agree on everything but `role` and `replica`. */
export type Hello = {
  readonly type: 'hello'
  readonly version: number
  readonly role: 'primary' | 'backup'
  /** Names the virtual machine (arbiter record, switch). */
  readonly vm: string
  /** Identity of this replica process, unique per start. */
  readonly replica: string
  /** SHA-256 of image, arguments and limits, in hex: what makes two machines identical. */
  readonly image: string
  /** Runtime version (`process.version`): replay determinism pins V8. */
  readonly runtime: string
  readonly term: number
  /**
   * How the backup comes to its state: both boot together, or the primary runs already and a snapshot follows. A backup's own
   * hello says `boot`, which means nothing.
   */
  readonly begins: 'boot' | 'snapshot'
}

/** A batch of log entries, primary → backup. Entry i has seq `seq + i`. */
export type LogFrame = {
  readonly type: 'log'
  readonly term: number
  readonly seq: number
  /** Outputs numbered up to this one are known to have reached the switch: the backup may forget them. */
  readonly outputsDelivered: number
  readonly entries: readonly LogEntry[]
}

/** Backup → primary: everything up to `ackedSeq` is received, up to `replayedSeq` executed. */
export type Ack = { readonly type: 'ack'; readonly term: number; readonly ackedSeq: number; readonly replayedSeq: number }

/** Either way, every heartbeat interval. */
export type Heartbeat = { readonly type: 'heartbeat'; readonly term: number; readonly outputsDelivered: number }

/** Last message before closing in good order; `reason` is for a person. */
export type Goodbye = { readonly type: 'goodbye'; readonly reason: string }

/** A piece of a snapshot, primary → backup; pieces come in order, beside the running log. */
export type SnapshotPiece = {
  readonly type: 'snapshot'
  readonly term: number
  /** Position of the snapshot: the last entry whose effect is in it. The log goes on behind it. */
  readonly seq: number
  /** Bytes of the snapshot before this piece. */
  readonly offset: number
  /** Bytes of state covered up to the end of this piece, of so many in all: more than are sent, as zeroes are left out. */
  readonly done: number
  readonly total: number
  readonly last: boolean
  readonly bytes: Uint8Array
}

/** Backup → primary: so many bytes of the snapshot are there. After the last piece: the backup has its state, and follows the log. */
export type SnapshotAck = { readonly type: 'snapshotAck'; readonly term: number; readonly seq: number; readonly received: number }

/** Primary → backup: another one has taken this one's place. It answers with goodbye, and takes over no more. */
export type Retire = { readonly type: 'retire'; readonly term: number; readonly reason: string }

/** Backup → primary, its last word: its machine is not the primary's any more. `seq`: the first entry found unequal. */
export type Diverged = { readonly type: 'diverged'; readonly term: number; readonly seq: number; readonly reason: string }

/**
 * Primary → backup: it is about to copy its guest's memory, and may be silent for so much longer than usual; 0: no longer. The
 * receiver bounds what it grants.
 */
export type Pause = { readonly type: 'pause'; readonly term: number; readonly forMs: number }

export type ChannelMessage =
  | Hello | LogFrame | Ack | Heartbeat | Goodbye | SnapshotPiece | SnapshotAck | Retire | Diverged | Pause
