/**
 * What goes wrong and when: at a time, or at a moment of re-protection. Most plans leave somebody who can serve at any time, and
 * so must end with all clients served; what they do besides only delays. A reckless one takes the last one too: then
 * nobody may be served, but nothing may be served wrongly.
 */
import type { Rng } from './rng.ts'

export const faultKinds = [
  'killPrimary', 'killBackup', 'killCandidate', 'killBetweenFrames', 'killLoser', 'killLive', 'restartPrimary', 'restartBackup',
  'pausePrimary', 'pauseBackup', 'pauseCandidate', 'pauseLive', 'slowPrimary', 'slowBackup', 'slowCandidate', 'cutToBackup',
  'cutToPrimary', 'cutBoth', 'cutClose', 'stallToBackup', 'stallToPrimary', 'stallBoth', 'corruptToBackup', 'corruptToPrimary',
  'duplicateChannel', 'duplicateSwitchLink', 'arbiterDown', 'arbiterReplyLost', 'arbiterSlow', 'cutSwitchOfLive',
  'stallSwitchOfLive', 'stallClients', 'wallJump', 'wallJumpBackup', 'flipMemory', 'moveBackup', 'stepDown'
] as const
export type FaultKind = (typeof faultKinds)[number]

/** What a plan can wait for: a phase that a replica enters, or what it reports. */
export const moments = [
  'backup-joining', 'snapshot', 'receiving', 'catching-up', 'marking', 'protected', 'alone', 'backup-retired', 'stepping-down'
] as const
export type Moment = (typeof moments)[number]

export type Fault = {
  readonly kind: FaultKind
  /** The clock starts here: when there is a pair, or at the `nth` such moment. */
  readonly from: 'start' | Moment
  readonly nth: number
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
const channelTrouble: readonly FaultKind[] = [
  'cutToBackup', 'cutToPrimary', 'cutBoth', 'cutClose', 'stallToBackup', 'stallToPrimary', 'stallBoth', 'corruptToBackup',
  'corruptToPrimary'
]
const arbiterTrouble: readonly FaultKind[] = ['arbiterDown', 'arbiterReplyLost', 'arbiterSlow']
const harmless: readonly FaultKind[] = [
  'cutSwitchOfLive', 'stallSwitchOfLive', 'stallClients', 'wallJump', 'wallJumpBackup', 'duplicateChannel', 'duplicateSwitchLink'
]
const afterwards: readonly FaultKind[] = ['killLoser', 'pauseLive', ...harmless]
const restarts: readonly FaultKind[] = ['restartPrimary', 'restartBackup']
const onNewcomers: readonly FaultKind[] = ['killCandidate', 'pauseCandidate', 'slowCandidate', 'pauseLive', ...channelTrouble]
/** Once protected again: everything that the first pair may suffer, and the operator's wishes. */
const onNewPair: readonly FaultKind[] = [...destructive, 'killPrimary', 'killPrimary', 'moveBackup', 'moveBackup', 'stepDown', 'stepDown']

export function planFaults(rng: Rng, activeMs: number, heartbeatMs: number, reprotects: boolean): readonly Fault[] {
  const faults: Fault[] = []
  const add = (kind: FaultKind, atMs: number, from: Fault['from'] = 'start', nth = 1): void => {
    const forMs = durationOf(kind, rng, heartbeatMs)
    const jumpUs = rng.pick([-3.6e9, -5e6, -1000, 1000, 5e6, 3.6e9])
    faults.push({ kind, from, nth, atMs, forMs, midStep: rng.chance(0.3), jumpUs })
  }
  if (rng.chance(0.25)) add(rng.pick(harmless), rng.number(0, activeMs))
  // A backup whose memory has changed must find that out by itself, so nothing else happens in such a run.
  if (faults.length === 0 && rng.chance(0.06)) {
    add('flipMemory', rng.number(0, activeMs / 2))
    return faults
  }
  if (!rng.chance(0.95)) return faults
  const atMs = rng.chance(0.1) ? rng.number(0, 2) : rng.number(0, reprotects ? activeMs / 3 : activeMs)
  add(reprotects && rng.chance(0.25) ? rng.pick(['moveBackup', 'stepDown'] as const) : rng.pick(destructive), atMs)
  if (rng.chance(0.3)) add(rng.pick(arbiterTrouble), Math.max(0, atMs - rng.number(0, heartbeatMs)))
  if (rng.chance(0.35)) add(rng.pick(afterwards), atMs + rng.number(0, heartbeatMs * 12))
  if (rng.chance(0.15)) add('killLoser', atMs + rng.number(heartbeatMs * 2, heartbeatMs * 20))
  if (rng.chance(0.15)) add(rng.pick(afterwards), atMs + rng.number(0, heartbeatMs * 30))
  if (rng.chance(0.2)) add(rng.pick(restarts), atMs + rng.number(0, heartbeatMs * 20))
  if (rng.chance(0.06)) add('killLive', atMs + rng.number(0, heartbeatMs * 10))
  if (reprotects) planReprotection(rng, heartbeatMs, add)
  return faults.sort((a, b) => a.atMs - b.atMs)
}

/** For a pair that does not exist yet: the waiting primary does not hear its backup, and another one comes. */
export function planRival(rng: Rng, heartbeatMs: number): readonly Fault[] {
  const common = { from: 'start', nth: 1, midStep: rng.chance(0.3), jumpUs: 0 } as const
  const deaf = rng.pick(['cutToPrimary', 'stallToPrimary', 'stallBoth'] as const)
  return [
    { ...common, kind: deaf, atMs: rng.number(0, 1), forMs: durationOf(deaf, rng, heartbeatMs) },
    { ...common, kind: 'restartBackup', atMs: rng.number(0, heartbeatMs * 2), forMs: 0 }
  ]
}

type Add = (kind: FaultKind, atMs: number, from: Moment, nth: number) => void

function planReprotection(rng: Rng, heartbeatMs: number, add: Add): void {
  // Soon after a moment mostly, so that the next steps of the protocol are hit; sometimes later.
  const soonMs = (): number => rng.chance(0.7) ? rng.number(0, 1) : rng.number(0, heartbeatMs * 2)
  const joining: readonly Moment[] = ['backup-joining', 'snapshot', 'receiving', 'catching-up', 'marking']
  if (rng.chance(0.5)) add(rng.pick(onNewcomers), soonMs(), rng.pick(joining), rng.integer(1, 2))
  if (rng.chance(0.15)) add(rng.pick(arbiterTrouble), soonMs(), rng.pick(joining), 1)
  if (rng.chance(0.15)) add('killLive', soonMs(), rng.pick(joining), rng.integer(1, 2))
  // The first pair reports `protected` twice, one for each side.
  for (let nth = 3; nth < 9 && rng.chance(0.7); nth += 2) add(rng.pick(onNewPair), soonMs(), 'protected', nth)
  if (rng.chance(0.2)) add(rng.pick(destructive), soonMs(), rng.pick(['backup-retired', 'stepping-down', 'alone'] as const), 1)
}

function durationOf(kind: FaultKind, rng: Rng, heartbeatMs: number): number {
  if (kind.startsWith('pause') || kind.startsWith('stall') || kind.startsWith('slow')) return heartbeatMs * rng.pick([0.5, 2, 4, 10, 30])
  if (kind === 'arbiterDown' || kind === 'arbiterSlow') return rng.number(10, 600)
  return kind === 'flipMemory' ? heartbeatMs * 10 : 0
}
