/** Runs seeds and adds up what they reached. */
import { Violation } from './checker.ts'
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

export class Campaign {
  seeds = 0
  simulatedMs = 0
  readonly violations: RunResult[] = []
  readonly faults: Record<string, number> = {}
  readonly states: Record<string, number> = {}

  run(seed: number): RunResult {
    const result = runSeed(seed)
    this.seeds++
    this.simulatedMs += result.simulation.nowMs
    if (result.violation !== undefined) this.violations.push(result)
    for (const fault of result.simulation.faultsInjected) this.faults[fault] = (this.faults[fault] ?? 0) + 1
    for (const state of result.simulation.states) this.states[state] = (this.states[state] ?? 0) + 1
    return result
  }
}
