/** The drill: rounds one after the other, each with a pair and a fault of its own, added up. */
import { DrillTally } from './drill-report.ts'
import type { StartPair } from './pair.ts'
import { runRound, type RoundOptions, type RoundResult } from './round.ts'

export type DrillOptions = RoundOptions & {
  readonly rounds: number
  /** Ends the drill before its next step; the pair that runs is stopped first. */
  readonly signal: AbortSignal
  readonly onRound: (round: number, result: RoundResult) => void
}

/**
 * Runs all rounds, also after one that failed: the report says how many did. Round k has seed + k.
 * @throws as `runRound`
 */
export async function runDrill(options: DrillOptions, startPair: StartPair): Promise<DrillTally> {
  const tally = new DrillTally()
  for (let round = 1; round <= options.rounds; round++) {
    options.signal.throwIfAborted()
    const result = await runRound({ ...options, seed: options.seed + round }, startPair, options.signal)
    tally.add(result)
    options.onRound(round, result)
  }
  return tally
}
