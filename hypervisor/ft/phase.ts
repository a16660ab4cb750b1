/** The phases of a replica's life, and what each allows. */
export type Role = 'primary' | 'backup'

/**
 * `claiming` a first term → `waiting` for a backup → `protected`. A backup is `joining` a primary → `replaying`, by way of
 * `receiving` a snapshot and `catching-up` if the primary ran already. Then `suspecting`; the winner goes on `alone` (a
 * backup by way of `draining` its log), the loser has `halted`. A primary alone takes a new backup: once its mark is sent it is
 * `marking`, once that is acknowledged `protected`. `stepping-down`: it hands over to its backup. When the primary ends in
 * good order, its backup is `leaving`: it replays the rest and halts.
 */
export type Phase =
  | 'claiming' | 'waiting' | 'marking' | 'protected' | 'joining' | 'receiving' | 'catching-up' | 'replaying' | 'suspecting'
  | 'draining' | 'alone' | 'stepping-down' | 'leaving' | 'halted'

/** The machine takes inputs. A primary that suspects its backup goes on; its outputs stay held (P2.2-3). */
export function isLive(phase: Phase, role: Role): boolean {
  if (phase === 'suspecting') return role === 'primary'
  return phase === 'marking' || phase === 'protected' || phase === 'alone' || phase === 'stepping-down'
}

/** The machine follows the received log. */
export function isReplaying(phase: Phase, role: Role): boolean {
  if (phase === 'suspecting') return role === 'backup'
  return phase === 'catching-up' || phase === 'replaying' || phase === 'draining' || phase === 'leaving'
}

/** A backup that hears its primary. */
export function isFollowing(phase: Phase): boolean {
  return phase === 'receiving' || phase === 'catching-up' || phase === 'replaying'
}
