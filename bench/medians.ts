/** Medians of interleaved rounds, and ratios taken within each round, where the machine was in one mood. */
import type { Measurement } from './load-generator.ts'
import type { Mode } from './servers.ts'

export type Command = 'set' | 'get'

/** One command in one mode: latency over one connection, throughput over many. Times in microseconds. */
export type Figures = {
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
}

/** What one round measured of a command: with one connection, and with many. */
export type Sample = { readonly one: Measurement; readonly many: Measurement }

/** By mode and command, a sample a round; rounds stand at the same place in every list. */
export type Samples = Partial<Record<Mode, Partial<Record<Command, Sample[]>>>>

export const figuresOf = ({ one, many }: Sample): Figures => ({ p50: one.p50, p99: one.p99, perSecond: many.requestsPerSecond })

export function medianFigures(samples: readonly Figures[]): Figures {
  return {
    p50: median(samples.map((figures) => figures.p50)),
    p99: median(samples.map((figures) => figures.p99)),
    perSecond: median(samples.map((figures) => figures.perSecond)),
  }
}

/** Each figure divided by the other mode's of the same round; then the medians. */
export function medianRatios(samples: readonly Sample[], others: readonly Sample[]): Figures {
  return medianFigures(samples.map((sample, round) => {
    const [mine, its] = [figuresOf(sample), figuresOf(others[round] as Sample)]
    return { p50: mine.p50 / its.p50, p99: mine.p99 / its.p99, perSecond: mine.perSecond / its.perSecond }
  }))
}

/** The upper one of the two middle values for an even count. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

export function geomean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}
