/** What a replica process and the `ft-run` that started it say to each other over the process channel. */
import type { Report } from '../ft/events.ts'
import type { ReplicaStatus } from '../ft/replica.ts'
import type { LogRecord } from './reporter.ts'
import type { Address } from './switch/switch-port.ts'

export type FromReplica =
  | { readonly type: 'log'; readonly record: LogRecord; readonly report?: Report }
  /** It takes backups at this address. */
  | { readonly type: 'listening'; readonly address: Address }
  | { readonly type: 'guestListen'; readonly port: number }
  | { readonly type: 'console'; readonly text: string }
  | { readonly type: 'halted'; readonly code: number; readonly reason: string }
  | { readonly type: 'status'; readonly status: ReplicaStatus }

export type ToReplica =
  | { readonly type: 'powerOff'; readonly reason: string }
  | { readonly type: 'console'; readonly text: string }
  | { readonly type: 'status' }
  | { readonly type: 'stepDown' }
  | { readonly type: 'moveBackup' }
