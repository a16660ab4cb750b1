/** One round: a new pair, clients at work, one fault, more work, and the checks. */
import { seededRandom } from '../linearizability/simulated-history.ts'
import { checkRound, type CheckLimits, type Findings } from './checks.ts'
import { FAULTS, type Mode } from './faults/faults.ts'
import { Load } from './load.ts'
import { baselineMs, outageMs } from './outage-meter.ts'
import { entriesReplayedOf, isDivergence, isLive, testAndSetOf, type TestAndSet } from './pair-events.ts'
import type { PairHandle, StartPair } from './pair.ts'
import type { RespClient } from './resp-client.ts'
import { Workload, WORKLOAD } from './workload.ts'

export type RoundOptions = {
  readonly mode: Mode
  readonly clients: number
  readonly pipeline: number
  /** Calls per second of all clients together; 0: no limit. */
  readonly rateMax: number
  /** Replies per second that the clients must have had before the fault. */
  readonly rateMin: number
  /** How long clients work, about; the fault comes at a random moment of the first half. */
  readonly secondsPerRound: number
  readonly seed: number
  /** How long to wait for the rate to come up and for the last replies. Default 15,000. */
  readonly patienceMs?: number
  readonly limits?: CheckLimits
}

export type RoundResult = Findings & {
  readonly operations: number
  readonly brokenConnections: number
  readonly divergences: number
  /** Each client's longest silence around the fault; clients that stayed silent are broken connections instead. */
  readonly outagesMs: readonly number[]
  readonly baselinesMs: readonly number[]
  /** Replies per second in the last second before the fault. */
  readonly rate: number
  /** Null if no backup went live. */
  readonly entriesReplayed: number | null
  readonly testAndSets: readonly TestAndSet[]
  /** What the fault measured besides. */
  readonly figures: Readonly<Record<string, number>>
}

const PATIENCE_MS = 15_000
const RATE_WINDOW_MS = 200

export const sleep = (ms: number, signal: AbortSignal): Promise<void> => new Promise((resolve, reject) => {
  const stop = (): void => { clearTimeout(timer); reject(signal.reason as Error) }
  const timer = setTimeout(() => { signal.removeEventListener('abort', stop); resolve() }, ms)
  if (signal.aborted) return stop()
  signal.addEventListener('abort', stop, { once: true })
})

/** @throws Error if the pair can't be started or connected to, the signal's reason if aborted; the pair is gone then too */
export async function runRound(options: RoundOptions, startPair: StartPair, signal: AbortSignal): Promise<RoundResult> {
  const random = seededRandom(options.seed)
  const load = new Load(options, new Workload(WORKLOAD, random))
  const pair = await startPair()
  try {
    await load.start(pair.address)
    const work = await workThroughFault(options, pair, load, random, signal)
    await load.drain(options.patienceMs ?? PATIENCE_MS)
    const finals = await load.readAll(options.patienceMs ?? PATIENCE_MS)
    await load.close()
    await pair.stop()
    return collect(options, pair, load, work, finals)
  } finally {
    load.destroy()
    await pair.stop()
  }
}

type Work = Pick<RoundResult, 'rate' | 'complaints' | 'figures'> & { readonly faultAt: number }

async function workThroughFault(
  options: RoundOptions, pair: PairHandle, load: Load, random: () => number, signal: AbortSignal,
): Promise<Work> {
  const half = (options.secondsPerRound * 1000) / 2
  const isUp = await rampUp(load, options, signal)
  await sleep(RATE_WINDOW_MS + random() * half, signal)
  const { at, complaints, figures = {} } = await FAULTS[options.mode].bringAbout(pair, random, options.seed)
  await sleep(half, signal)
  // Not sooner: looking through all calls takes milliseconds that clients would see as an outage.
  const rate = rateBefore(load, at)
  const slow = `clients had ${Math.round(rate)} replies/s before the fault, ${options.rateMin} are demanded`
  return { faultAt: at, rate, figures, complaints: [...complaints, ...(isUp && rate >= options.rateMin ? [] : [slow])] }
}

/** Waits until the clients get the rate that they must have; false if that takes too long. */
export async function rampUp(
  load: Load, { rateMin, patienceMs }: Pick<RoundOptions, 'rateMin' | 'patienceMs'>, signal: AbortSignal,
): Promise<boolean> {
  for (let waited = 0; waited < (patienceMs ?? PATIENCE_MS); waited += RATE_WINDOW_MS) {
    const before = load.replies
    await sleep(RATE_WINDOW_MS, signal)
    if ((load.replies - before) / (RATE_WINDOW_MS / 1000) >= rateMin) return true
  }
  return false
}

/** Replies per second in the second before the fault, or since the first call if that is less. */
export function rateBefore(load: Load, faultAt: number): number {
  const from = Math.max(faultAt - 1000, load.history[0]?.invoke ?? faultAt)
  const answered = load.history.filter((call) => call.return > from && call.return <= faultAt).length
  return answered / ((faultAt - from) / 1000)
}

/** Why a client's connection counts as broken, or null. */
export function breakOf(client: RespClient, outage: number): string | null {
  if (client.broken !== null) return client.broken
  if (client.outstanding > 0) return `${client.outstanding} calls were never answered`
  return outage === Infinity ? 'no replies after the fault' : null
}

function collect(options: RoundOptions, pair: PairHandle, load: Load, work: Work, finals: boolean): RoundResult {
  const findings = checkRound(load.history, finals, options.limits)
  const { seen } = pair.events
  const outages = load.clients.map((client) => outageMs(client.arrivals, work.faultAt))
  const breaks = load.clients.map((client, i) => breakOf(client, outages[i] as number))
  const live = seen.find(isLive)
  return {
    ...findings,
    operations: load.replies,
    brokenConnections: breaks.filter((reason) => reason !== null).length,
    divergences: seen.filter(isDivergence).length,
    outagesMs: outages.filter(Number.isFinite),
    baselinesMs: load.clients.map((client) => baselineMs(client.arrivals, work.faultAt)),
    rate: work.rate,
    figures: work.figures,
    entriesReplayed: live === undefined ? null : entriesReplayedOf(live),
    testAndSets: seen.flatMap((event) => testAndSetOf(event) ?? []),
    complaints: [
      ...work.complaints,
      ...breaks.flatMap((reason, id) => (reason === null ? [] : [`client ${id}: ${reason}`])),
      ...(finals ? [] : ['final values could not be read']),
      ...seen.filter(isDivergence).map((event) => `divergence: ${JSON.stringify(event)}`),
      ...findings.complaints,
    ],
  }
}
