/** The output rule's figures as JSON and as a table. A mode that did not run has a reason and no figures. */
import { figuresOf, median, medianFigures, medianRatios } from './medians.ts'
import type { Command, Figures, Sample, Samples } from './medians.ts'
import { MODES, MODE_TEXTS, type Mode } from './servers.ts'

export type OutputRuleReport = {
  readonly node: string
  readonly generator: string
  readonly rounds: number
  readonly secondsPerMeasurement: number
  /** The system's load average over the minute before. */
  readonly loadBefore: number
  readonly connections: number
  readonly modes: Partial<Record<Mode, Partial<Record<Command, CommandReport>>>>
  readonly notRun: Partial<Record<Mode, string>>
}

export type CommandReport = Figures & {
  /** Share of a processor that the generator was busy with many connections; null if unknown. */
  readonly generatorBusy: number | null
  /** This mode's figures divided by another's. */
  readonly against: Partial<Record<'unprotected' | 'redis' | 'redis-wait', Figures>>
}

const COMMANDS: readonly Command[] = ['set', 'get']
const YARDSTICKS = ['unprotected', 'redis', 'redis-wait'] as const

export function modeReports(samples: Samples): OutputRuleReport['modes'] {
  const modes: OutputRuleReport['modes'] = {}
  for (const mode of MODES) {
    for (const command of COMMANDS) {
      const mine = samples[mode]?.[command]
      if (mine === undefined || mine.length === 0) continue
      modes[mode] = { ...modes[mode], [command]: commandReport(mode, command, mine, samples) }
    }
  }
  return modes
}

function commandReport(mode: Mode, command: Command, mine: readonly Sample[], samples: Samples): CommandReport {
  const against: { -readonly [K in keyof CommandReport['against']]: Figures } = {}
  for (const yardstick of YARDSTICKS) {
    const its = samples[yardstick]?.[command]
    if (yardstick !== mode && its !== undefined) against[yardstick] = round(medianRatios(mine, its), 1000)
  }
  const busy = mine.map((sample) => sample.many.generatorBusy)
  const generatorBusy = busy.includes(null) ? null : Math.round(median(busy as number[]) * 100) / 100
  return { ...round(medianFigures(mine.map(figuresOf)), 1), generatorBusy, against }
}

const HEADER = [
  '', 'p50 µs', 'p99 µs', 'requests/s', 'generator',
  'p50: × unprotected', '× Redis WAIT', 'req/s: × unprotected', '× Redis WAIT',
]

export function outputRuleTable(report: OutputRuleReport): string {
  const rows = COMMANDS.flatMap((command) => MODES.flatMap((mode) => {
    const figures = report.modes[mode]?.[command]
    return figures === undefined ? [] : [row(`${command.toUpperCase()} ${mode}`, figures)]
  }))
  const widths = HEADER.map((_, column) => Math.max(...[HEADER, ...rows].map((cells) => (cells[column] as string).length)))
  const pad = (cell: string, column: number): string => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))
  const lines = [HEADER, ...rows].map((cells) => cells.map(pad).join('  '))
  const missing = Object.entries(report.notRun).map(([mode, reason]) => `${mode} did not run: ${reason}`)
  const legend = MODES.filter((mode) => report.modes[mode] !== undefined).map((mode) => `${mode}: ${MODE_TEXTS[mode]}`)
  return `${[...lines, '', about(report), ...legend, ...missing].join('\n')}\n`
}

function about({ rounds, secondsPerMeasurement, connections, generator, node, loadBefore }: OutputRuleReport): string {
  return [
    `Latency with 1 connection, throughput with ${connections}, one request under way on each; medians of ${rounds} interleaved`,
    `rounds of ${secondsPerMeasurement} s (ratios: medians of the rounds' own). Generator ${generator}, Node ${node}.`,
    `Load of the machine before: ${loadBefore} (these are figures of an idle machine only if that is near 0).`,
  ].join('\n')
}

function row(name: string, { p50, p99, perSecond, generatorBusy, against }: CommandReport): string[] {
  const ratio = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(2))
  const [bare, wait] = [against.unprotected, against['redis-wait']]
  const busy = generatorBusy === null ? '' : `${Math.round(generatorBusy * 100)} % busy`
  const ratios = [bare?.p50, wait?.p50, bare?.perSecond, wait?.perSecond].map(ratio)
  return [name, `${p50}`, `${p99}`, `${perSecond}`, busy, ...ratios]
}

function round(figures: Figures, per: number): Figures {
  const to = (value: number): number => Math.round(value * per) / per
  return { p50: to(figures.p50), p99: to(figures.p99), perSecond: to(figures.perSecond) }
}
