/** The switch's reports as log records. */
import type { SwitchReport } from '../switch/commands.ts'
import type { LogRecord } from './reporter.ts'

export function switchRecord(report: SwitchReport): LogRecord {
  const { kind, ...details } = report
  const level = kind === 'refused' || kind === 'detached' || kind === 'linkError' ? 'warn' : 'info'
  return { level, msg: `switch: ${sentenceOf(report)}`, fields: { role: 'switch', event: `switch-${kind}`, ...details } }
}

function sentenceOf(report: SwitchReport): string {
  switch (report.kind) {
    case 'attached': {
      const resent = report.inputsResent > 0 ? `, ${report.inputsResent} inputs sent again` : ''
      return `${report.replica} is live in term ${report.term}${resent}`
    }
    case 'duplicatesDropped': return `dropped ${report.outputs} repeated outputs, ${report.bytes} bytes that clients had already`
    case 'refused': return `refused ${report.replica} (term ${report.term}): ${report.reason}`
    case 'detached': return `lost ${report.replica} (term ${report.term}): ${report.reason}; client connections are held`
    case 'linkError': return `closed the link of ${report.replica}: ${report.reason}`
  }
}
