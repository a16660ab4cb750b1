/** Runs seeds and adds up what they reached. */
import { Violation } from './checker.ts'
import type { Counts } from './coverage.ts'
import type { Mutant } from './mutant.ts'
import { Simulation } from './simulation.ts'

export type RunResult = {
  readonly seed: number
  readonly violation: { readonly checker: string; readonly sentence: string } | undefined
  readonly simulation: Simulation
}

export function runSeed(seed: number, mutant: Mutant = {}, keepsTrace = false): RunResult {
  const simulation = new Simulation(seed, mutant, keepsTrace)
  try {
    simulation.run()
    return { seed, violation: undefined, simulation }
  } catch (error) {
    const { message, stack } = error as Error
    if (error instanceof Violation) return { seed, violation: { checker: error.checker, sentence: message }, simulation }
    return { seed, violation: { checker: 'Defect', sentence: stack ?? message }, simulation }
  }
}

/** What is left of a run that broke a promise. */
export type Failure = { readonly seed: number; readonly checker: string; readonly sentence: string; readonly options: object }

/** The sum of some runs; plain data, so that workers can send it. */
export type Tally = {
  seeds: number
  simulatedUs: number
  readonly violations: Failure[]
  /** In how many runs each was reached. */
  readonly faults: Counts
  readonly states: Counts
  readonly transitions: Counts
  /** Over the trace hashes of all runs; the order of runs changes nothing. */
  traceHash: number
}

export function newTally(): Tally {
  return { seeds: 0, simulatedUs: 0, violations: [], faults: {}, states: {}, transitions: {}, traceHash: 0 }
}

/** Runs `count` seeds from `from` on into a tally. */
export function runSeeds(from: number, count: number, tally: Tally, mutant: Mutant = {}): void {
  for (let seed = from; seed < from + count; seed++) addRun(tally, runSeed(seed, mutant))
}

function addRun(tally: Tally, { seed, violation, simulation }: RunResult): void {
  tally.seeds++
  tally.simulatedUs += Math.round(simulation.nowMs * 1000)
  tally.traceHash = (tally.traceHash + Number.parseInt(simulation.trace.hash, 16)) >>> 0
  if (violation !== undefined) tally.violations.push({ seed, ...violation, options: simulation.options })
  add(tally.faults, new Set(simulation.faultsInjected))
  add(tally.states, simulation.states)
  add(tally.transitions, simulation.transitions)
}

export function addTally(to: Tally, from: Tally): void {
  to.seeds += from.seeds
  to.simulatedUs += from.simulatedUs
  to.traceHash = (to.traceHash + from.traceHash) >>> 0
  to.violations.push(...from.violations)
  for (const kind of ['faults', 'states', 'transitions'] as const) {
    for (const [name, count] of Object.entries(from[kind])) to[kind][name] = (to[kind][name] ?? 0) + count
  }
}

function add(counts: Counts, reached: ReadonlySet<string>): void {
  for (const name of reached) counts[name] = (counts[name] ?? 0) + 1
}
