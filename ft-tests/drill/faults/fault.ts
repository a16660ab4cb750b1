/** What every fault of the drill is. */
import { isChangeOfRoles } from '../pair-events.ts'
import type { PairHandle, StartPair } from '../pair.ts'

export type FaultOutcome = {
  /** When it began, in milliseconds of `performance.now()`. */
  readonly at: number
  readonly complaints: readonly string[]
  /** What else was measured; named with its unit. */
  readonly figures?: Readonly<Record<string, number>>
}

export type Fault = {
  readonly description: string
  /** @param ftRun program and first arguments that run ft-run; @param flags for its replicas */
  readonly startPair: (ftRun: readonly string[], flags: readonly string[]) => StartPair
  /** Breaks the pair. Resolves when the pair has dealt with it, or has failed to in time. */
  readonly bringAbout: (pair: PairHandle, random: () => number, seed: number) => Promise<FaultOutcome>
}

/** Such a round has tested something, but not what it was for; on a busy machine heartbeats may have been late. */
export const NOT_THE_FAULT = 'the pair had changed roles by itself before the fault'
/** How long a pair may take to do what it must. */
export const REACTION_MS_MAX = 15_000

export function earlyComplaints(pair: PairHandle): string[] {
  return pair.events.seen.some(isChangeOfRoles) ? [NOT_THE_FAULT] : []
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
