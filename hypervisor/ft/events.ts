/** What happens to a replica, and what it wants done: the whole border of the protocol core (DESIGN §9). */
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import type { Verdict } from '../../shared-disk/arbiter.ts'
import type { Stop } from '../machine/engine.ts'
import type { FromSwitch, ToSwitch } from '../switch/messages.ts'
import type { FailoverRecord } from './black-box.ts'
import type { Divergence } from './divergence.ts'
import type { ExitCode } from './exit-codes.ts'

export type ReplicaEvent =
  /** Process start. */
  | { readonly kind: 'start' }
  /** Time has passed; to come several times in a heartbeat interval, and when `nextDeadlineUs` is reached. */
  | { readonly kind: 'time' }
  /** A logging channel is connected. `peer` is the host's number for it, in all that follows; 0 if not given. */
  | { readonly kind: 'peerOpen'; readonly peer?: number }
  | { readonly kind: 'peer'; readonly peer?: number; readonly message: ChannelMessage }
  /** Bytes have come, and the frame that they belong to is not complete: no message yet, but a sign of life. */
  | { readonly kind: 'peerPart'; readonly peer?: number }
  /** A logging channel is gone. `corrupt`: by us, because its bytes were damaged. */
  | { readonly kind: 'peerClosed'; readonly peer?: number; readonly reason: string; readonly corrupt: boolean }
  | { readonly kind: 'switchOpen' }
  | { readonly kind: 'switch'; readonly messages: readonly FromSwitch[] }
  | { readonly kind: 'switchClosed'; readonly reason: string }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'arbiterDown'; readonly reason: string }
  /** The run asked for came to rest. */
  | { readonly kind: 'stopped'; readonly stop: Stop }
  /** A guest's call met a log that does not say it: found inside the run, which is void. */
  | { readonly kind: 'diverged'; readonly divergence: Divergence }
  /** The operator wants the machine stopped, both replicas. */
  | { readonly kind: 'powerOff'; readonly reason: string }
  /** The operator wants the backup to take over: a planned failover. Nothing happens unless there is one that can. */
  | { readonly kind: 'stepDown' }
  /** The operator moves the backup: the next one that joins is to take the place of the one there is. */
  | { readonly kind: 'moveBackup' }

/** Commands are carried out in the order they are listed; there is no second way. */
export type Command =
  | { readonly do: 'peer'; readonly peer: number; readonly message: ChannelMessage }
  | { readonly do: 'closePeer'; readonly peer: number }
  /** Stop or resume reading the logging channel: the backup's buffer is full, or has room again (P3.2-1). */
  | { readonly do: 'readPeer'; readonly peer: number; readonly on: boolean }
  | { readonly do: 'switch'; readonly messages: readonly ToSwitch[] }
  | { readonly do: 'testAndSet'; readonly fromTerm: number }
  /** Run the machine and report `stopped`. `breathe`: the guest is in the midst of a long run, let other events in first. */
  | { readonly do: 'run'; readonly untilTick: number; readonly breathe: boolean }
  /** Keep the machine as it is now, at entry `seq`, for whoever looks for the cause of a divergence. */
  | { readonly do: 'keepSnapshot'; readonly seq: number }
  | { readonly do: 'report'; readonly report: Report }
  /** The end of this replica; nothing follows. */
  | { readonly do: 'halt'; readonly code: ExitCode; readonly reason: string }

/** A change of role or protection, for people and for drills. Times in milliseconds. */
export type Report =
  | { readonly event: 'waiting'; readonly term: number }
  /** `sinceMs`: since the new backup of a running machine joined. */
  | { readonly event: 'protected'; readonly term: number; readonly peer: string; readonly sinceMs?: number }
  /** A new backup of a running machine is there; a snapshot comes next. */
  | { readonly event: 'backup-joining'; readonly term: number; readonly peer: string }
  /** The guest runs without a pause between events: its machine can't be copied. */
  | { readonly event: 'no-boundary'; readonly term: number; readonly peer: string; readonly waitedMs: number }
  /** The machine is copied. `copyMs`: for so long it stood still. */
  | {
      readonly event: 'snapshot'
      readonly term: number
      readonly peer: string
      readonly seq: number
      readonly bytes: number
      readonly copyMs: number
    }
  /** How far the snapshot is; 0 of 0 bytes once it is over and only the log is to come. */
  | {
      readonly event: 'progress'
      readonly term: number
      readonly peer: string
      readonly bytes: number
      readonly totalBytes: number
      readonly entriesBehind: number
      readonly sinceMs: number
    }
  /** A new backup went before it protected anything. */
  | { readonly event: 'backup-lost'; readonly term: number; readonly peer: string; readonly reason: string }
  /** A backup has given its place up to another. */
  | { readonly event: 'backup-retired'; readonly term: number; readonly peer: string }
  | { readonly event: 'receiving'; readonly term: number; readonly peer: string }
  | { readonly event: 'stepping-down'; readonly term: number }
  /** The primary is slowed, or no longer: its backup was, or is not, too far behind. */
  | { readonly event: 'throttle'; readonly on: boolean; readonly lagMs: number }
  | { readonly event: 'failover'; readonly record: FailoverRecord }
  | { readonly event: 'suspect'; readonly term: number; readonly reason: string; readonly silenceMs: number }
  | { readonly event: 'test-and-set'; readonly won: boolean; readonly term: number; readonly holder: string; readonly tookMs: number }
  | { readonly event: 'arbiter-down'; readonly reason: string }
  | {
      readonly event: 'live'
      readonly term: number
      readonly entriesReplayed: number
      readonly outputsHeld: number
      readonly sinceSuspicionMs: number
    }
  | {
      readonly event: 'alone'
      readonly term: number
      readonly reason: string
      readonly outputsHeld: number
      readonly sinceSuspicionMs: number
    }
  | { readonly event: 'attached'; readonly term: number; readonly fresh: boolean; readonly outputsDelivered: number }
  | { readonly event: 'switch-lost'; readonly reason: string }
  | { readonly event: 'refused-peer'; readonly reason: string }
  | { readonly event: 'guest-ended'; readonly how: string; readonly tick: number }
  | {
      readonly event: 'divergence'
      readonly lastGoodSeq: number
      readonly firstBadSeq: number
      readonly tick: number
      readonly what: string
      /** The first memory page that differs; null if something else does. */
      readonly page: number | null
    }
  /** The backup's machine is not this one's any more; it has halted. */
  | {
      readonly event: 'backup-diverged'
      readonly term: number
      readonly peer: string
      readonly firstBadSeq: number
      readonly reason: string
    }
