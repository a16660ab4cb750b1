/** What makes a replica this one, and how it introduces itself. */
import { CHANNEL_VERSION, type Hello } from '../../logging-channel/messages.ts'
import type { LockstepLimits } from './lockstep.ts'
import type { Role } from './phase.ts'

export type ReplicaConfig = LockstepLimits & {
  readonly role: Role
  readonly vm: string
  /** Unique to this process. */
  readonly replica: string
  readonly image: string
  readonly runtime: string
  /** Run without a backup from the start: outputs are not held. */
  readonly unprotected: boolean
  readonly heartbeatIntervalMs: number
  /** Silence of this many intervals is suspicious. */
  readonly heartbeatsMissedMax: number
  /** What copying guest memory may take on this host, in milliseconds a MiB. Default 2: three times what an idle one takes. */
  readonly copyMsPerMiB?: number
  /** Execution lag above which the primary is slowed, in milliseconds (P3.2-4). Default 200. */
  readonly lagMsMax?: number
}

/** @param role now: a backup that went live is a primary */
export function helloOf({ vm, replica, image, runtime }: ReplicaConfig, role: Role, term: number, begins: Hello['begins']): Hello {
  return { type: 'hello', version: CHANNEL_VERSION, role, vm, replica, image, runtime, term, begins }
}
