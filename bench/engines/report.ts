/** The figures of `bench:engines` as JSON and as a table. */
import { summary } from './figures.ts'
import type { KernelFigures, Slowdown, Summary } from './figures.ts'
import { TICKS_ONLY } from './our-engines.ts'

export interface About {
  readonly node: string
  readonly processor: string
  readonly rounds: number
  /** The system's load average over the minute before. */
  readonly loadBefore: number
  readonly contenders: Readonly<Record<string, { readonly description: string, readonly version: string }>>
}

/** Summaries stand under the contenders' names: slowdowns against plain V8. */
export interface EnginesReport {
  readonly about: About
  readonly v8?: Summary & {
    /** Ticks and depth alone, and everything, by kind of kernel. */
    readonly ticksDepth: ByKind
    readonly full: ByKind
  }
  readonly kernels: Readonly<Record<string, KernelFigures>>
  readonly [contender: string]: unknown
}

type ByKind = { readonly integer?: Summary, readonly float?: Summary }

export function enginesReport(about: About, kernels: Readonly<Record<string, KernelFigures>>): EnginesReport {
  const summaries: Record<string, unknown> = {}
  for (const name of Object.keys(about.contenders)) {
    const own = summary(kernels, name)
    if (own === undefined || name === TICKS_ONLY) continue
    summaries[name] = name === 'v8' ? { ...own, ticksDepth: byKind(kernels, TICKS_ONLY), full: byKind(kernels, name) } : own
  }
  return { ...summaries, about, kernels }
}

function byKind(kernels: Readonly<Record<string, KernelFigures>>, name: string): ByKind {
  const [integer, float] = [summary(kernels, name, 'integer'), summary(kernels, name, 'float')]
  return { ...(integer && { integer }), ...(float && { float }) }
}

export function enginesTable({ about, kernels }: EnginesReport): string {
  const names = Object.keys(about.contenders)
  const rows = Object.entries(kernels).map(([kernel, { plainMs, slowdowns, failures }]) =>
    [kernel, plainMs.large.toFixed(1), ...names.map((name) => cell(slowdowns[name], failures[name]))])
  const total = (title: string, pick: (of: Summary) => string, kind?: 'integer' | 'float'): string[] => {
    const summaries = names.map((name) => summary(kernels, name, kind))
    return [title, '', ...summaries.map((own) => (own === undefined ? '' : pick(own)))]
  }
  const table = [
    ['', 'V8 ms', ...names], ...rows, [],
    total('geomean', ({ geomean }) => digits(geomean)),
    total('  integer', ({ geomean }) => digits(geomean), 'integer'),
    total('  float', ({ geomean }) => digits(geomean), 'float'),
    total('worst', ({ worst }) => digits(worst)),
    total('  on', ({ worstKernel }) => worstKernel),
  ]
  return `${aligned(table)}\n\n${legend(about, kernels)}\n`
}

function cell(slowdown: Slowdown | undefined, failure: string | undefined): string {
  if (slowdown === undefined) return failure === undefined ? '' : '–'
  const { median, low, high } = slowdown
  return `${digits(median)} ±${Math.round((high - low) / median * 50)}%`
}

const digits = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)

function aligned(table: readonly (readonly string[])[]): string {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const pad = (text: string, column: number): string => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]))
  return table.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

function legend({ node, processor, rounds, loadBefore, contenders }: About, kernels: EnginesReport['kernels']): string {
  const failures = Object.entries(kernels).flatMap(([kernel, figures]) =>
    Object.entries(figures.failures).map(([name, reason]) => `${name} did not run ${kernel}: ${reason}`))
  return [
    'Slowdowns against plain V8 at the same work: medians over the rounds of each round\'s own, and half the distance of their',
    `quartiles. Processor time, ${rounds} rounds. Node ${node} on ${processor}, load of the machine before: ${loadBefore}.`,
    ...Object.entries(contenders).map(([name, { description, version }]) => `${name} (${version}): ${description}`),
    ...failures,
  ].join('\n')
}
