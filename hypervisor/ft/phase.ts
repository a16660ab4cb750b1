/** The phases of a replica's life, and what each allows. */
export type Role = 'primary' | 'backup'

/**
 * `claiming` a first term → `waiting` for a backup → `protected`; or `joining` a primary → `replaying`.
 * Then `suspecting`; the winner goes on `alone` (a backup by way of `draining` its log), the loser has `halted`. When
 * the primary ends in good order, its backup is `leaving`: it replays the rest and halts.
 */
export type Phase =
  | 'claiming' | 'waiting' | 'protected' | 'joining' | 'replaying' | 'suspecting' | 'draining' | 'alone' | 'leaving' | 'halted'

/** The machine takes inputs. A primary that suspects its backup goes on; its outputs stay held (P2.2-3). */
export function isLive(phase: Phase, role: Role): boolean {
  return phase === 'protected' || phase === 'alone' || (phase === 'suspecting' && role === 'primary')
}

/** The machine follows the received log. */
export function isReplaying(phase: Phase, role: Role): boolean {
  if (phase === 'suspecting') return role === 'backup'
  return phase === 'replaying' || phase === 'draining' || phase === 'leaving'
}

/** There is a peer that is not suspected. */
export function isPaired(phase: Phase): boolean {
  return phase === 'protected' || phase === 'replaying'
}

/** A hello is welcome. */
export function takesPeer(phase: Phase): boolean {
  return phase === 'waiting' || phase === 'joining'
}
