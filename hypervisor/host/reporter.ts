/** Log records: what a replica has to tell. Where they go is in `logger.ts`, or the supervisor's business. */
import type { Report } from '../ft/events.ts'
import type { KeptSnapshot } from './replica-process.ts'
import type { EngineMade } from './engine-maker.ts'
import { sentenceOf } from './report-text.ts'

export type LogRecord = {
  readonly level: 'info' | 'warn' | 'error'
  readonly msg: string
  readonly fields: Readonly<Record<string, unknown>>
}

export type Reporter = (record: LogRecord) => void

/** A role change as a log record: a sentence for people, fields for programs. */
export function recordOf(role: string, report: Report): LogRecord {
  const level = report.event === 'divergence' ? 'error' : warnings.has(report.event) ? 'warn' : 'info'
  return { level, msg: `${role}: ${sentenceOf(report)}`, fields: { role, pid: process.pid, ...rounded(report) } }
}

/** What a replica runs its guest on, and what getting ready took. */
export function engineRecord(role: string, made: EngineMade): LogRecord {
  const { engine, prepareMs, startMs, codeBytes, cache } = made
  const kept = cache === 'hit' ? ' (kept)' : cache === 'unusable' ? ' (the code cache can\'t be used)' : ''
  const took = `code prepared${kept} in ${prepareMs.toFixed(0)} ms, started in ${startMs.toFixed(0)} ms`
  const msg = `${role}: ${engine} ready: ${took}, ${Math.ceil(codeBytes / 1024)} KiB`
  const level = cache === 'unusable' || cache === 'damaged' ? 'warn' : 'info'
  const fields = { role, pid: process.pid, event: 'engine', ...rounded(made), rssBytes: process.memoryUsage.rss() }
  return { level, msg, fields }
}

/** A machine that was kept after a divergence, or could not be. */
export function keptRecord({ role, path, seq, error }: KeptSnapshot): LogRecord {
  const fields = { role, pid: process.pid, event: 'snapshot-kept', seq, ...(error === undefined ? { path } : { error }) }
  const msg = error === undefined ? `kept its machine at entry ${seq} in ${path}` : `can't keep its machine: ${error}`
  return { level: 'warn', msg: `${role}: ${msg}`, fields }
}

/** Another part of the machine is not there yet. */
export function waitingRecord(role: string, what: string, reason: string): LogRecord {
  const fields = { role, pid: process.pid, event: 'waiting-for', what, reason }
  return { level: 'warn', msg: `${role}: waiting for ${what}: ${reason}`, fields }
}

/** Someone connected to `role` who could not prove to be part of this machine. */
export function refusedRecord(role: string, address: string, reason: string): LogRecord {
  const fields = { role, event: 'refused-stranger', address, reason }
  return { level: 'warn', msg: `${role}: refused a stranger at ${address}: ${reason}`, fields }
}

/** A signal that this replica does not end on, since the `ft-run` that started it (its parent) went on. */
export function ignoredSignalRecord(role: string, signal: string): LogRecord {
  const msg = `${role}: not ended by ${signal}: ft-run, process ${process.ppid}, decides when its machine ends. ` +
    `To end the machine, ft-ctl stop or ${signal} to that process; to hand over, ft-ctl failover; to end this replica alone, SIGKILL`
  return { level: 'warn', msg, fields: { role, pid: process.pid, event: 'signal-ignored', signal } }
}

/** Times to a hundredth of a millisecond: more digits would say nothing. */
function rounded(report: object): Record<string, unknown> {
  const round = (value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 100) / 100 : value)
  return Object.fromEntries(Object.entries(report).map(([key, value]) => [key, round(value)]))
}

const warnings = new Set<Report['event']>(['suspect', 'alone', 'live', 'arbiter-down', 'switch-lost', 'refused-peer', 'guest-ended'])
