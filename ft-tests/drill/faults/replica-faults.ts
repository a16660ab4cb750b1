/** Faults of the replicas themselves: killed, or stopped and continued. */
import { exitCodeOf, isAlone, isExitOf, isLive, LOST_EXIT_CODE, type PairEvent } from '../pair-events.ts'
import { pairStarter, signalIfAlive, type PairHandle } from '../pair.ts'
import { earlyComplaints, type Fault, type FaultOutcome, NOT_THE_FAULT, pause, REACTION_MS_MAX } from './fault.ts'

const PAUSE_LONGER_MS_MAX = 300

const startPair: Fault['startPair'] = (ftRun, flags) => pairStarter([...ftRun, '--json', '--port', '0', ...flags, 'kv'])

export const killPrimary: Fault = {
  description: 'SIGKILL the primary: the backup must go live', startPair,
  bringAbout: async (pair) =>
    await strike(pair, pair.primary.pid, 'SIGKILL', isLive, 'backup went live', () => confirmKill(pair.primary.pid, pair))
}

export const killBackup: Fault = {
  description: 'SIGKILL the backup: the primary must go on alone', startPair,
  bringAbout: async (pair) =>
    await strike(pair, pair.backup.pid, 'SIGKILL', isAlone, 'primary went on alone', () => confirmKill(pair.backup.pid, pair))
}

export const pausePrimary: Fault = {
  description: 'SIGSTOP the primary until the backup is live, then SIGCONT: it must halt and let nothing out', startPair,
  bringAbout: async (pair, random) =>
    await strike(pair, pair.primary.pid, 'SIGSTOP', isLive, 'backup went live', () => resume(pair, random))
}

async function strike(
  pair: PairHandle, victim: number, signal: NodeJS.Signals, wanted: (event: PairEvent) => boolean, hope: string,
  afterwards: () => Promise<string[]>,
): Promise<FaultOutcome> {
  const complaints = earlyComplaints(pair)
  const at = performance.now()
  if (!signalIfAlive(victim, signal) && complaints.length === 0) complaints.push(NOT_THE_FAULT)
  if ((await pair.events.find(wanted, REACTION_MS_MAX)) === null) complaints.push(`no ${hope} in ${REACTION_MS_MAX} ms`)
  return { at, complaints: [...complaints, ...(await afterwards())] }
}

/** A replica that ended by itself just before the signal reached it was not killed by the drill. */
async function confirmKill(victim: number, pair: PairHandle): Promise<string[]> {
  const exit = await pair.events.find(isExitOf(victim), REACTION_MS_MAX)
  if (exit === null) return [`the end of process ${victim} was not reported in ${REACTION_MS_MAX} ms`]
  return exitCodeOf(exit) === 'SIGKILL' ? [] : [`process ${victim} ended with ${exitCodeOf(exit)} before it could be killed`]
}

/** Lets the stopped primary run again: all it may do is lose the test-and-set and halt. */
async function resume(pair: PairHandle, random: () => number): Promise<string[]> {
  await pause(random() * PAUSE_LONGER_MS_MAX)
  if (!signalIfAlive(pair.primary.pid, 'SIGCONT')) return ['the stopped primary was gone before it was continued']
  const exit = await pair.events.find(isExitOf(pair.primary.pid), REACTION_MS_MAX)
  if (exit === null) return [`the continued primary did not halt in ${REACTION_MS_MAX} ms`]
  if (exitCodeOf(exit) === LOST_EXIT_CODE) return []
  return [`the continued primary ended with ${exitCodeOf(exit)} instead of exit code ${LOST_EXIT_CODE}`]
}
