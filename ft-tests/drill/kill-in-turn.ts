/**
 * Kill both in turn: one pair, one set of client connections; whoever is primary is killed as soon as the service is
 * protected again, over and over. What the clients saw is checked as one history.
 */
import { seededRandom } from '../linearizability/simulated-history.ts'
import { checkRound } from './checks.ts'
import type { DrillOptions } from './drill.ts'
import { DrillTally } from './drill-report.ts'
import { NOT_THE_FAULT, REACTION_MS_MAX } from './faults/fault.ts'
import { pairStarter, type PairHandle, signalIfAlive, type StartPair } from './pair.ts'
import { Load } from './load.ts'
import { baselineMs, outageMs } from './outage-meter.ts'
import { entriesReplayedOf, isChangeOfRoles, isDivergence, type PairEvent, pidOf } from './pair-events.ts'
import { breakOf, rampUp, rateBefore, type RoundResult, sleep } from './round.ts'
import { Workload, WORKLOAD } from './workload.ts'

export const KILL_IN_TURN = 'kill-both-in-turn'
export const killInTurnDescription = 'SIGKILL whoever is primary, wait for a new backup that protects, and again, with the same clients'

export const startInTurn = (ftRun: readonly string[], flags: readonly string[]): StartPair =>
  pairStarter([...ftRun, '--json', '--port', '0', ...flags, 'kv'])

export type InTurnOptions = Omit<DrillOptions, 'mode'>

/** How long a new backup may take until it protects. */
const PROTECT_MS_MAX = 60_000
const PATIENCE_MS = 30_000

type Pids = { readonly primary: number; readonly backup: number }
type Failed = { readonly at: number; readonly live?: PairEvent; readonly complaint: string }
type Survived = { readonly at: number; readonly live: PairEvent; readonly next: Pids; readonly protectedMs: number }

/** A round is a failover here. Ends early, with a complaint, when the service is not protected again in time. @throws as `runRound` */
export async function runInTurn(options: InTurnOptions, startPair: StartPair): Promise<DrillTally> {
  const { signal, seed } = options
  const random = seededRandom(seed)
  const tally = new DrillTally()
  const load = new Load(options, new Workload(WORKLOAD, random))
  const pair = await startPair()
  try {
    await load.start(pair.address)
    const isUp = await rampUp(load, options, signal)
    let pids: Pids | null = { primary: pair.primary.pid, backup: pair.backup.pid }
    for (let round = 1; round <= options.rounds && pids !== null; round++) {
      const before = load.replies
      await sleep((0.5 + random()) * options.secondsPerRound * 500, signal)
      const fault = await strike(pair, pids)
      pids = 'next' in fault ? fault.next : null
      await sleep(options.secondsPerRound * 500, signal)
      const isLast = round === options.rounds || pids === null
      const result = roundOf(options, load, fault, load.replies - before, isUp)
      const whole = isLast ? await finish(options, pair, load, result) : result
      tally.add(whole)
      options.onRound(round, whole)
    }
    return tally
  } finally {
    load.destroy()
    await pair.stop()
  }
}

/** Kills the primary. Resolves when there is a new backup that protects, none has come in time, or there was no pair any more. */
async function strike(pair: PairHandle, { primary, backup }: Pids): Promise<Failed | Survived> {
  const at = performance.now()
  const sincePair = pair.events.seen.slice(pair.events.seen.findLastIndex(({ event }) => event === 'pair') + 1)
  const isOurs = ({ pid }: PairEvent): boolean => pid === primary || pid === backup
  if (sincePair.some((event) => isChangeOfRoles(event) && isOurs(event))) return { at, complaint: NOT_THE_FAULT }
  signalIfAlive(primary, 'SIGKILL')
  const live = await pair.events.find((event) => event.event === 'live' && event.pid === backup, REACTION_MS_MAX)
  const isPair = (event: PairEvent): boolean => event.event === 'pair' && pidOf(event.primary) === backup
  if (live === null) return { at, complaint: `no backup went live in ${REACTION_MS_MAX} ms` }
  const news = await pair.events.find(isPair, PROTECT_MS_MAX)
  if (news === null) return { at, live, complaint: `not protected again in ${PROTECT_MS_MAX} ms` }
  return { at, live, next: { primary: backup, backup: pidOf(news.backup) }, protectedMs: performance.now() - at }
}

function roundOf({ rateMin }: InTurnOptions, load: Load, fault: Failed | Survived, operations: number, isUp: boolean): RoundResult {
  const rate = rateBefore(load, fault.at)
  const outages = load.clients.map((client) => outageMs(client.arrivals, fault.at))
  const slow = `clients had ${Math.round(rate)} replies/s before the fault, ${rateMin} are demanded`
  return {
    lostAcknowledged: 0, duplicated: 0, nonLinearizable: 0, brokenConnections: 0, divergences: 0, operations, rate,
    outagesMs: outages.filter(Number.isFinite), baselinesMs: load.clients.map((client) => baselineMs(client.arrivals, fault.at)),
    entriesReplayed: fault.live === undefined ? null : entriesReplayedOf(fault.live), testAndSets: [],
    figures: 'next' in fault ? { protectedAgainMs: Math.round(fault.protectedMs) } : {},
    complaints: [
      ...(isUp && rate >= rateMin ? [] : [slow]),
      ...('complaint' in fault ? [fault.complaint] : [])
    ]
  }
}

/** The last round, with all that is found in the whole history. */
async function finish(options: InTurnOptions, pair: PairHandle, load: Load, last: RoundResult): Promise<RoundResult> {
  await load.drain(options.patienceMs ?? PATIENCE_MS)
  const finals = await load.readAll(options.patienceMs ?? PATIENCE_MS)
  await load.close()
  await pair.stop()
  const findings = checkRound(load.history, finals, options.limits)
  const breaks = load.clients.map((client) => breakOf(client, 0))
  const divergences = pair.events.seen.filter(isDivergence)
  return {
    ...last, ...findings, divergences: divergences.length, brokenConnections: breaks.filter((reason) => reason !== null).length,
    complaints: [
      ...last.complaints, ...findings.complaints, ...breaks.flatMap((reason, id) => (reason === null ? [] : [`client ${id}: ${reason}`])),
      ...(finals ? [] : ['final values could not be read']), ...divergences.map((event) => `divergence: ${JSON.stringify(event)}`)
    ]
  }
}
