import type { Contender } from './contender.ts'
import { moving } from './engine-kinds.ts'
import type { FuzzCase } from './guests.ts'
import { digest, firstDifference } from './outcome.ts'
import type { Difference, Outcome } from './outcome.ts'
import { ENGINE_FAILED, runScenario } from './scenario.ts'
import type { MakeEngine, Scenario } from './scenario.ts'

/** Who is compared in a campaign. */
export interface Field {
  readonly contenders: readonly Contender[]
  readonly naive: MakeEngine
}

/** Two runs that must show the same. */
interface Comparison {
  readonly name: string
  readonly expected: (bytes: Uint8Array) => Promise<Outcome>
  readonly found: (bytes: Uint8Array) => Promise<Outcome>
}

export interface Mismatch {
  /** What was compared, in words. */
  readonly comparison: string
  readonly difference: Difference
}

export interface CaseResult {
  readonly mismatch: Mismatch | undefined
  readonly ticks: number
  readonly runs: number
  /** Of everything that the first contender showed. */
  readonly digest: string
}

type Run = (make: MakeEngine, stops: Scenario['stops'], bytes: Uint8Array) => Promise<Outcome>

/** Every comparison of a case, the plainest first: without stops against each other and the naive engine, with stops, moved. */
function comparisonsOf({ scenario, seed }: FuzzCase, { contenders, naive }: Field, run: Run): Comparison[] {
  const [first, ...others] = contenders
  const list: Comparison[] = []
  const compare = (name: string, one: MakeEngine, other: MakeEngine, stops: Scenario['stops'], against = stops): void => {
    list.push({ name, expected: bytes => run(one, against, bytes), found: bytes => run(other, stops, bytes) })
  }
  const told = stopsOf(scenario)
  const voices = [...others, { name: 'the naive engine', make: naive }]
  for (const { name, make } of voices) compare(`${name} differs from ${first.name}`, first.make, make, 'none')
  for (const { name, make } of contenders) compare(`${name} differs when stopped on the way`, first.make, make, 'silent', 'none')
  for (const { name, make } of voices) compare(`${name} differs from ${first.name} at stops`, first.make, make, told)
  for (const { name, make, anywhere, otherwise = {} } of contenders) {
    for (const [how, other] of Object.entries(otherwise)) compare(`${name} differs when ${how}`, first.make, other, 'none')
    if (!anywhere) continue
    const moved = moving([make], seed, true)
    // Handlers that interrupted code are in the snapshots of some, one entry in those of the others.
    if (scenario.seed % 8 < 4) compare(`${name} differs when snapshot and restored on the way`, first.make, moved, told)
    else compare(`${name} differs when snapshot and restored on the way`, first.make, moved, 'silent', 'none')
  }
  const moved = moving(contenders.map(({ make }) => make), seed, false)
  if (contenders.length > 1) compare('a guest that moves between engines differs', first.make, moved, 'none')
  return list
}

/** Most cases are interrupted on the way; some are only looked at. */
const stopsOf = (scenario: Scenario): Scenario['stops'] => (scenario.seed % 4 === 0 ? 'told' : 'interrupts')

/** Runs a case on all contenders. */
export async function checkCase(fuzzCase: FuzzCase, field: Field): Promise<CaseResult> {
  const known = new Map<MakeEngine, Map<Scenario['stops'], Outcome>>()
  let ticks = 0
  let runs = 0
  const run: Run = async (make, stops, bytes) => {
    const byStops = known.get(make) ?? new Map<Scenario['stops'], Outcome>()
    known.set(make, byStops)
    const before = byStops.get(stops)
    if (before !== undefined) return before
    const result = await runScenario(make, bytes, { ...fuzzCase.scenario, stops })
    byStops.set(stops, result.outcome)
    ticks += result.ticks
    runs++
    return result.outcome
  }
  const shown: string[] = []
  for (const comparison of comparisonsOf(fuzzCase, field, run)) {
    const expected = await comparison.expected(fuzzCase.bytes)
    const difference = differs(expected, await comparison.found(fuzzCase.bytes))
    shown.push(digest(expected))
    if (difference === undefined) continue
    return { mismatch: { comparison: comparison.name, difference }, ticks, runs, digest: digest(shown) }
  }
  return { mismatch: undefined, ticks, runs, digest: digest(shown) }
}

/** Does the comparison fail for these bytes? For the reducer, which runs it on ever smaller modules. */
export async function differenceOf(
  bytes: Uint8Array, fuzzCase: FuzzCase, field: Field, name: string,
): Promise<Difference | undefined> {
  const run: Run = async (make, stops, these) => (await runScenario(make, these, { ...fuzzCase.scenario, stops })).outcome
  const list = comparisonsOf(fuzzCase, field, run)
  const comparison = list.find(one => one.name === name)
  if (comparison === undefined) throw new Error(`no comparison "${name}"`)
  return differs(await comparison.expected(bytes), await comparison.found(bytes))
}

/** An engine that fails is wrong even where the other one fails alike. */
function differs(expected: Outcome, found: Outcome): Difference | undefined {
  const different = firstDifference(expected, found)
  if (different !== undefined) return different
  const at = found.findIndex(line => line.startsWith(ENGINE_FAILED))
  return at < 0 ? undefined : { at, expected: 'an engine that works', found: found[at] }
}
