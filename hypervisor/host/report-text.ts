/** Reports as sentences: what a person reads when a replica changes its role. */
import type { Report } from '../ft/events.ts'

export function sentenceOf(report: Report): string {
  switch (report.event) {
    case 'waiting': return `holds term ${report.term}, waiting for its backup`
    case 'protected': return `protected: paired with ${report.peer} in term ${report.term}`
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
    case 'divergence': return `DIVERGENCE, this replica halts: ${report.what}; last equal entry ${report.lastGoodSeq}`
  }
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
