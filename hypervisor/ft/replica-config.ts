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
}

export function helloOf({ role, vm, replica, image, runtime }: ReplicaConfig, term: number): Hello {
  return { type: 'hello', version: CHANNEL_VERSION, role, vm, replica, image, runtime, term }
}
