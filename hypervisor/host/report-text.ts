/** Reports as sentences: what a person reads when a replica changes its role. */
import type { FailoverRecord } from '../ft/black-box.ts'
import type { Report } from '../ft/events.ts'

export function sentenceOf(report: Report): string {
  switch (report.event) {
    case 'waiting': return `holds term ${report.term}, waiting for its backup`
    case 'protected': return `protected: paired with ${report.peer} in term ${report.term}${after(report.sinceMs)}`
    case 'backup-joining': return `${report.peer} joins; a snapshot comes next`
    case 'no-boundary':
      return `the guest runs without a pause for ${ms(report.waitedMs)}: its machine can't be copied, still UNPROTECTED`
    case 'snapshot':
      return `snapshot of ${mib(report.bytes)} at entry ${report.seq} for ${report.peer}; the guest stood still for ${ms(report.copyMs)}`
    case 'progress': return progressOf(report)
    case 'backup-lost': return `lost ${report.peer} before it protected anything: ${report.reason}; still UNPROTECTED`
    case 'backup-retired': return `${report.peer} has given its place up`
    case 'receiving': return `receives the machine of ${report.peer}; it can't take over yet`
    case 'stepping-down': return 'hands over to its backup'
    case 'throttle':
      return `its backup is ${ms(report.lagMs)} behind: ${report.on ? 'slowed' : 'at full speed again'}`
    case 'failover': return failoverOf(report.record)
    case 'suspect': return `suspects its peer: ${report.reason}`
    case 'test-and-set':
      return `${report.won ? 'won' : 'lost'} the test-and-set for term ${report.term} in ${ms(report.tookMs)} (holder ${report.holder})`
    case 'arbiter-down': return `arbiter can't be reached, nobody goes live: ${report.reason}; trying again`
    case 'live':
      return `live in term ${report.term}, ${ms(report.sinceSuspicionMs)} after the suspicion, ` +
        `${report.entriesReplayed} entries replayed; the service is UNPROTECTED from here on`
    case 'alone': return `goes on alone in term ${report.term} (${report.reason}); the service is UNPROTECTED`
    case 'attached':
      return `attached to the switch in term ${report.term}${report.fresh ? ' (a new switch: client connections were reset)' : ''}`
    case 'switch-lost': return `lost the switch: ${report.reason}; connecting again`
    case 'refused-peer': return `refused a peer: ${report.reason}`
    case 'guest-ended': return `guest ended at tick ${report.tick}: ${report.how}`
    case 'backup-diverged': return `${report.peer} is not the same machine any more: ${report.reason}`
    case 'divergence': return `DIVERGENCE, this replica halts: ${report.what}; last equal entry ${report.lastGoodSeq}`
  }
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

function after(sinceMs: number | undefined): string {
  return sinceMs === undefined ? '' : `, ${ms(sinceMs)} after it joined`
}

function progressOf({ peer, bytes, totalBytes, entriesBehind, sinceMs }: Extract<Report, { event: 'progress' }>): string {
  const state = totalBytes === 0 ? 'has the whole snapshot' : `has ${mib(bytes)} of ${mib(totalBytes)}`
  return `${peer} ${state}, is ${entriesBehind} entries behind, ${ms(sinceMs)} after it joined`
}

function failoverOf(record: FailoverRecord): string {
  const { planned, suspicion, detectionMs, arbiter, lagMs, entriesReplayed, outputsReleased, firstOutputMs } = record
  const first = firstOutputMs === null ? 'no output since' : `first output after ${ms(firstOutputMs)}`
  return `${planned ? 'planned failover' : 'failover'} (${suspicion}; silent for ${ms(detectionMs)}): arbiter ${ms(arbiter.tookMs)}, ` +
    `lag ${ms(lagMs)}, ${entriesReplayed} entries replayed, ${outputsReleased} held outputs released, ${first}`
}
