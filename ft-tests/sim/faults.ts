/**
 * What goes wrong and when. A plan destroys at most one replica of the two that could still serve, so that it must end
 * with all clients served; what it does besides only delays. A reckless plan takes the second one too: then nobody may
 * be served, but nothing may be served wrongly.
 */
import type { Rng } from './rng.ts'

export const faultKinds = [
  'killPrimary', 'killBackup', 'killBetweenFrames', 'killLoser', 'killLive', 'restartPrimary', 'restartBackup', 'pausePrimary',
  'pauseBackup', 'pauseLive', 'slowPrimary', 'slowBackup', 'cutToBackup', 'cutToPrimary', 'cutBoth', 'cutClose',
  'stallToBackup', 'stallToPrimary', 'stallBoth', 'corruptToBackup', 'corruptToPrimary', 'duplicateChannel', 'duplicateSwitchLink',
  'arbiterDown', 'arbiterReplyLost', 'arbiterSlow', 'cutSwitchOfLive', 'stallSwitchOfLive', 'stallClients', 'wallJump',
  'wallJumpBackup', 'flipMemory'
] as const
export type FaultKind = (typeof faultKinds)[number]

export type Fault = {
  readonly kind: FaultKind
  readonly atMs: number
  /** How long it lasts; 0 for what is for good or over at once. */
  readonly forMs: number
  /** A kill hits in the middle of the commands of a step; a cut loses what is under way too, or is not seen by the switch. */
  readonly midStep: boolean
  /** How far a clock jumps. */
  readonly jumpUs: number
}

const destructive: readonly FaultKind[] = [
  'killPrimary', 'killPrimary', 'killBackup', 'killBackup', 'killBetweenFrames', 'pausePrimary', 'pausePrimary',
  'pauseBackup', 'slowPrimary', 'slowBackup', 'cutToBackup', 'cutToPrimary', 'cutBoth', 'cutClose', 'stallToBackup', 'stallToPrimary',
  'stallBoth', 'corruptToBackup', 'corruptToPrimary'
]
const arbiterTrouble: readonly FaultKind[] = ['arbiterDown', 'arbiterReplyLost', 'arbiterSlow']
const harmless: readonly FaultKind[] = [
  'cutSwitchOfLive', 'stallSwitchOfLive', 'stallClients', 'wallJump', 'wallJumpBackup', 'duplicateChannel', 'duplicateSwitchLink'
]
const afterwards: readonly FaultKind[] = ['killLoser', 'pauseLive', ...harmless]
const restarts: readonly FaultKind[] = ['restartPrimary', 'restartBackup']

export function planFaults(rng: Rng, activeMs: number, heartbeatMs: number): readonly Fault[] {
  const faults: Fault[] = []
  const add = (kind: FaultKind, atMs: number): void => {
    const forMs = durationOf(kind, rng, heartbeatMs)
    faults.push({ kind, atMs, forMs, midStep: rng.chance(0.3), jumpUs: rng.pick([-3.6e9, -5e6, -1000, 1000, 5e6, 3.6e9]) })
  }
  if (rng.chance(0.25)) add(rng.pick(harmless), rng.number(0, activeMs))
  // A backup whose memory has changed must find that out by itself, so nothing else happens in such a run.
  if (faults.length === 0 && rng.chance(0.06)) add('flipMemory', rng.number(0, activeMs / 2))
  else if (rng.chance(0.95)) {
    const atMs = rng.chance(0.1) ? rng.number(0, 2) : rng.number(0, activeMs)
    add(rng.pick(destructive), atMs)
    if (rng.chance(0.3)) add(rng.pick(arbiterTrouble), Math.max(0, atMs - rng.number(0, heartbeatMs)))
    if (rng.chance(0.35)) add(rng.pick(afterwards), atMs + rng.number(0, heartbeatMs * 12))
    if (rng.chance(0.15)) add('killLoser', atMs + rng.number(heartbeatMs * 2, heartbeatMs * 20))
    if (rng.chance(0.15)) add(rng.pick(afterwards), atMs + rng.number(0, heartbeatMs * 30))
    if (rng.chance(0.2)) add(rng.pick(restarts), atMs + rng.number(0, heartbeatMs * 20))
    if (rng.chance(0.06)) add('killLive', atMs + rng.number(0, heartbeatMs * 10))
  }
  return faults.sort((a, b) => a.atMs - b.atMs)
}

function durationOf(kind: FaultKind, rng: Rng, heartbeatMs: number): number {
  if (kind.startsWith('pause') || kind.startsWith('stall') || kind.startsWith('slow')) return heartbeatMs * rng.pick([0.5, 2, 4, 10, 30])
  if (kind === 'arbiterDown' || kind === 'arbiterSlow') return rng.number(10, 600)
  return kind === 'flipMemory' ? heartbeatMs * 10 : 0
}
