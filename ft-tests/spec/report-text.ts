import type { Count, Failure, SpecReport } from './tally.ts'

const COLUMN = 44
const number = (value: number): string => value.toLocaleString('en')

export function tellFile(name: string, { passed, failed }: Count): string {
  return `${name.padEnd(COLUMN)} ${number(passed).padStart(7)} passed${failed === 0 ? '' : `, ${number(failed)} FAILED`}\n`
}

export function tellFailure({ file, line, command, expected, found }: Failure): string {
  return `  ${file}:${line} ${command}\n    expected ${expected}\n    found    ${found}\n`
}

export function tellSummary(report: SpecReport): string {
  const { engine, commands, skipped } = report
  const group = (name: string, count: Count): string =>
    (count.files === 0 ? '' : tellFile(`${name} (${number(count.files)} files)`, count))
  const kinds = Object.entries(commands).sort(([a], [b]) => a.localeCompare(b)).map(([kind, count]) => `${number(count)} ${kind}`)
  return [
    '\n', group('core', report.core), group('simd', report.simd), group('tail-call', report.tailCall),
    group('extended-const', report.extendedConst), group(`all on ${engine}`, report),
    `commands: ${kinds.join(', ')}\n`,
    ...skipped.map(({ file, line, reason }) => `skipped ${file}:${line}: ${reason}\n`),
  ].join('')
}
