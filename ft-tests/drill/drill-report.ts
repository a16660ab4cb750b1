/** Rounds added up: the JSON that programs read and the table that people read. */
import { build, type Histogram } from 'hdr-histogram-js'
import type { TestAndSet } from './pair-events.ts'
import type { RoundResult } from './round.ts'

export type Spread = { readonly min: number; readonly p50: number; readonly p99: number; readonly max: number }

/** In the order printed. Times in milliseconds, the rate in replies per second. */
export type DrillReport = {
  readonly rounds: number
  readonly lostAcknowledged: number
  readonly duplicated: number
  readonly brokenConnections: number
  readonly nonLinearizable: number
  readonly divergences: number
  /** Over all clients of all rounds; null if no client came through a fault. */
  readonly outageMs: Spread | null
  readonly operations: number
  /** The lowest of all rounds, just before the fault. */
  readonly minimumRate: number
  /** Over the rounds in which a backup went live; null if none did. */
  readonly entriesReplayed: Spread | null
  /** What the arbiter answered, and in how many rounds. */
  readonly arbiter: readonly (TestAndSet & { readonly rounds: number })[]
  /** What the mode measures besides, over the rounds that had it. */
  readonly figures: Readonly<Record<string, Figure>>
}

export type Figure = { readonly rounds: number; readonly min: number; readonly max: number; readonly sum: number }

export class DrillTally {
  readonly #rounds: RoundResult[] = []
  readonly #outages = build({ numberOfSignificantValueDigits: 3 })
  readonly #baselines = build({ numberOfSignificantValueDigits: 3 })

  add(round: RoundResult): void {
    this.#rounds.push(round)
    for (const ms of round.outagesMs) this.#outages.recordValue(Math.round(ms * 1000))
    for (const ms of round.baselinesMs) this.#baselines.recordValue(Math.round(ms * 1000))
  }

  /** True if there were rounds and none had anything to complain of. */
  get passed(): boolean {
    return this.#rounds.length > 0 && this.#rounds.every((round) => round.complaints.length === 0)
  }

  report(): DrillReport {
    const sum = (of: (round: RoundResult) => number): number => this.#rounds.reduce((total, round) => total + of(round), 0)
    return {
      rounds: this.#rounds.length,
      lostAcknowledged: sum((round) => round.lostAcknowledged),
      duplicated: sum((round) => round.duplicated),
      brokenConnections: sum((round) => round.brokenConnections),
      nonLinearizable: sum((round) => round.nonLinearizable),
      divergences: sum((round) => round.divergences),
      outageMs: spread(this.#outages, 1000),
      operations: sum((round) => round.operations),
      minimumRate: Math.floor(Math.min(...this.#rounds.map((round) => round.rate))),
      entriesReplayed: this.#entriesReplayed(),
      arbiter: this.#arbiter(),
      figures: this.#figures(),
    }
  }

  /** The same for people, several lines. */
  table(): string {
    const report = this.report()
    const baseline = spread(this.#baselines, 1000)
    const rows: [string, string | number][] = [
      ['rounds', report.rounds],
      ['calls answered', report.operations],
      ['least rate before the fault', `${report.minimumRate}/s`],
      ['acknowledged effects lost', report.lostAcknowledged],
      ['effects duplicated', report.duplicated],
      ['connections broken', report.brokenConnections],
      ['keys not linearizable', report.nonLinearizable],
      ['divergences', report.divergences],
      ['outage at a client', describe(report.outageMs, ' ms')],
      ['longest silence in the second before', describe(baseline, ' ms')],
      ['entries replayed', describe(report.entriesReplayed, '')],
      ...report.arbiter.map(({ term, holder, won, rounds }): [string, string] =>
        [`arbiter, term ${term}`, `${won ? 'won' : 'lost'}, holder ${holder}: ${rounds} rounds`]),
      ...Object.entries(report.figures).map(([name, { rounds, min, max, sum }]): [string, string] =>
        [name, `min ${min}, max ${max}, sum ${sum} in ${rounds} rounds`]),
      ['verdict', this.passed ? 'PASSED' : 'FAILED'],
    ]
    const width = Math.max(...rows.map(([name]) => name.length))
    return `${rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')}\n`
  }

  #figures(): DrillReport['figures'] {
    const figures: Record<string, Figure> = {}
    for (const round of this.#rounds) {
      for (const [name, value] of Object.entries(round.figures)) {
        const { rounds, min, max, sum } = figures[name] ?? { rounds: 0, min: value, max: value, sum: 0 }
        figures[name] = { rounds: rounds + 1, min: Math.min(min, value), max: Math.max(max, value), sum: sum + value }
      }
    }
    return figures
  }

  #entriesReplayed(): Spread | null {
    const histogram = build({ numberOfSignificantValueDigits: 3 })
    for (const { entriesReplayed } of this.#rounds) if (entriesReplayed !== null) histogram.recordValue(entriesReplayed)
    return spread(histogram, 1)
  }

  #arbiter(): DrillReport['arbiter'] {
    const rounds = new Map<string, number>()
    for (const round of this.#rounds) {
      const answers = new Set(round.testAndSets.map((answer) => JSON.stringify(answer)))
      for (const answer of answers) rounds.set(answer, (rounds.get(answer) ?? 0) + 1)
    }
    const answers = [...rounds].map(([answer, count]) => ({ ...(JSON.parse(answer) as TestAndSet), rounds: count }))
    return answers.sort((a, b) => a.term - b.term || Number(b.won) - Number(a.won))
  }
}

function spread(histogram: Histogram, perUnit: number): Spread | null {
  if (histogram.totalCount === 0) return null
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / perUnit
  return { min: at(0), p50: at(50), p99: at(99), max: at(100) }
}

function describe(values: Spread | null, unit: string): string {
  if (values === null) return 'none'
  return (['min', 'p50', 'p99', 'max'] as const).map((name) => `${name} ${values[name]}${unit}`).join(', ')
}
