/** Slowdowns against plain V8: a ratio a round, their median, and how far they scatter. */
import type { Kernel } from '../kernels/catalogue.ts'
import { geomean, median } from '../medians.ts'
import type { Contender, Span } from './contender.ts'
import type { KernelSamples, PlainSample } from './rounds.ts'

/** Quartiles of the rounds' slowdowns. */
export interface Slowdown {
  readonly median: number
  readonly low: number
  readonly high: number
}

export interface Summary {
  readonly geomean: number
  readonly worst: number
  readonly worstKernel: string
  /** Kernels that it ran. */
  readonly kernels: number
}

/** Slowdowns of one kernel by contender. */
export interface KernelFigures {
  readonly kind: Kernel['kind']
  /** Medians for plain V8, in milliseconds of processor time. */
  readonly plainMs: { readonly large: number, readonly small: number }
  readonly slowdowns: Readonly<Record<string, Slowdown>>
  readonly failures: Readonly<Record<string, string>>
}

export function kernelFigures(kernel: Kernel, contenders: readonly Contender[], samples: KernelSamples): KernelFigures {
  const slowdowns: Record<string, Slowdown> = {}
  for (const { name, span } of contenders) {
    const mine = samples.contenders.get(name)
    if (mine !== undefined) slowdowns[name] = slowdown(mine.map((ms, round) => ms / plainMs(samples.plain[round], span)))
  }
  const { plain, failures } = samples
  const medianOf = (span: 'large' | 'small'): number => rounded(median(plain.map((sample) => sample[span])))
  const medians = { large: medianOf('large'), small: medianOf('small') }
  return { kind: kernel.kind, plainMs: medians, slowdowns, failures: Object.fromEntries(failures) }
}

function plainMs({ large, small }: PlainSample, span: Span): number {
  return span === 'difference' ? large - small : span === 'large' ? large : small
}

function slowdown(ratios: readonly number[]): Slowdown {
  const ordered = ratios.toSorted((a, b) => a - b)
  const quarter = Math.floor((ordered.length - 1) / 4)
  const [low, high] = [ordered[quarter], ordered[ordered.length - 1 - quarter]]
  return { median: rounded(median(ordered)), low: rounded(low), high: rounded(high) }
}

/** Over the kernels that a contender ran, of one kind or of all; undefined if it ran none. */
export function summary(
  kernels: Readonly<Record<string, KernelFigures>>, contender: string, kind?: Kernel['kind'],
): Summary | undefined {
  const ran = Object.entries(kernels).flatMap(([name, figures]) => {
    const value = figures.slowdowns[contender]?.median
    return value === undefined || (kind !== undefined && figures.kind !== kind) ? [] : [{ name, value }]
  })
  if (ran.length === 0) return undefined
  const worst = ran.reduce((a, b) => (b.value > a.value ? b : a))
  const mean = geomean(ran.map(({ value }) => value))
  return { geomean: rounded(mean), worst: worst.value, worstKernel: worst.name, kernels: ran.length }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000
