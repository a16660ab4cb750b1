/** The faults that a drill brings about, and what the pair must say when it has dealt with them. */
import { exitCodeOf, isAlone, isChangeOfRoles, isExitOf, isLive, LOST_EXIT_CODE } from './pair-events.ts'
import { signalIfAlive, type PairHandle } from './pair.ts'

export const MODES = ['kill-primary', 'kill-backup', 'pause-primary'] as const
export type Mode = (typeof MODES)[number]

export type FaultOutcome = {
  /** When the signal was sent, in milliseconds of `performance.now()`. */
  readonly at: number
  readonly complaints: readonly string[]
}

/** Such a round has tested something, but not what it was for; on a busy machine heartbeats may have been late. */
const NOT_THE_FAULT = 'the pair had changed roles by itself before the fault'
const REACTION_MS_MAX = 15_000
const PAUSE_LONGER_MS_MAX = 300

/** Resolves when the pair has said that the fault is over, or has failed to in time. */
export async function bringAbout(mode: Mode, pair: PairHandle, random: () => number): Promise<FaultOutcome> {
  const complaints: string[] = []
  const victim = mode === 'kill-backup' ? pair.backup.pid : pair.primary.pid
  const isEarly = pair.events.seen.some(isChangeOfRoles)
  const at = performance.now()
  const isThere = signalIfAlive(victim, mode === 'pause-primary' ? 'SIGSTOP' : 'SIGKILL')
  if (isEarly || !isThere) complaints.push(NOT_THE_FAULT)
  const [wanted, hope] = mode === 'kill-backup' ? [isAlone, 'primary went on alone'] : [isLive, 'backup went live']
  const reaction = await pair.events.find(wanted, REACTION_MS_MAX)
  if (reaction === null) complaints.push(`no ${hope} in ${REACTION_MS_MAX} ms`)
  complaints.push(...(mode === 'pause-primary' ? await resume(pair, random) : await confirmKill(victim, pair)))
  return { at, complaints }
}

/** A replica that ended by itself just before the signal reached it was not killed by the drill. */
async function confirmKill(victim: number, pair: PairHandle): Promise<string[]> {
  const exit = await pair.events.find(isExitOf(victim), REACTION_MS_MAX)
  if (exit === null) return [`the end of process ${victim} was not reported in ${REACTION_MS_MAX} ms`]
  return exitCodeOf(exit) === 'SIGKILL' ? [] : [`process ${victim} ended with ${exitCodeOf(exit)} before it could be killed`]
}

/** Lets the stopped primary run again: all it may do is lose the test-and-set and halt. */
async function resume(pair: PairHandle, random: () => number): Promise<string[]> {
  await new Promise((resolve) => setTimeout(resolve, random() * PAUSE_LONGER_MS_MAX))
  if (!signalIfAlive(pair.primary.pid, 'SIGCONT')) return ['the stopped primary was gone before it was continued']
  const exit = await pair.events.find(isExitOf(pair.primary.pid), REACTION_MS_MAX)
  if (exit === null) return [`the continued primary did not halt in ${REACTION_MS_MAX} ms`]
  if (exitCodeOf(exit) === LOST_EXIT_CODE) return []
  return [`the continued primary ended with ${exitCodeOf(exit)} instead of exit code ${LOST_EXIT_CODE}`]
}
