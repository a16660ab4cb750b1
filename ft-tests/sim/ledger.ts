/**
 * What the checkers know of each replica, from what crossed the links and what its machine did, never from the core's own
 * books: how many outputs its log covers, whether it may take over and in which term, how far its primary is known to have run.
 */
import { Kind } from '../../logging-channel/entries.ts'
import type { LogFrame } from '../../logging-channel/messages.ts'
import type { Report } from '../../hypervisor/ft/events.ts'
import type { Phase } from '../../hypervisor/ft/phase.ts'
import { Checker } from './checker.ts'
import type { SimReplica } from './sim-replica.ts'

/** What a machine was when it was copied. */
export type Copied = { readonly rests: number; readonly ticks: number; readonly emitted: number }

export class Facts {
  /** Outputs that the state it has and the log it has received cover. */
  covered = 0
  /** Progress entries received, and where the last one ends. */
  progress = 0
  reachedTick = 0
  receivedSeq = 0
  /** It has the whole state: by booting with its primary, or by a snapshot. */
  hasState = false
  /** The term in which it may take over; 0 for none. */
  eligibleTerm = 0
  /** The machine that its state was copied from. */
  copied: Copied | undefined
}

export class Ledger extends Checker {
  readonly name = 'Ledger'
  readonly #facts = new Map<string, Facts>()
  readonly #copies = new Map<string, { readonly seq: number; readonly copied: Copied }>()

  of(replica: SimReplica): Facts {
    let facts = this.#facts.get(replica.name)
    if (facts === undefined) this.#facts.set(replica.name, (facts = new Facts()))
    return facts
  }

  override onFrameReceived(replica: SimReplica, { seq, entries }: LogFrame): void {
    const facts = this.of(replica)
    if (facts.receivedSeq === 0) facts.receivedSeq = this.#copies.get(replica.name)?.seq ?? 0
    if (seq !== facts.receivedSeq + 1) this.fail(`${replica.name} got a frame from seq ${seq} on after seq ${facts.receivedSeq}`)
    facts.receivedSeq += entries.length
    for (const entry of entries) {
      if (entry.kind === Kind.outputMark) facts.covered += entry.count
      else if (entry.kind === Kind.protectedMark && entry.replica === replica.name && facts.hasState) facts.eligibleTerm = entry.term
      else if (entry.kind === Kind.progress) {
        facts.progress++
        facts.reachedTick = entry.tick
      }
    }
  }

  override onReport(replica: SimReplica, report: Report): void {
    // A stray connection under the same name may be given another copy later: the replica has the first.
    if (report.event !== 'snapshot' || this.#copies.has(report.peer)) return
    this.#copies.set(report.peer, { seq: report.seq, copied: replica.copied! })
  }

  override onPhase(replica: SimReplica, was: Phase, phase: Phase): void {
    const facts = this.of(replica)
    if (was === 'joining' && phase === 'replaying') {
      facts.hasState = true
      facts.eligibleTerm = replica.core.term
    } else if (was === 'receiving' && (phase === 'catching-up' || phase === 'replaying')) this.#restored(replica, facts)
  }

  #restored(replica: SimReplica, facts: Facts): void {
    const { copied } = this.#copies.get(replica.name)!
    facts.hasState = true
    facts.copied = copied
    facts.covered += copied.emitted
    facts.reachedTick = Math.max(facts.reachedTick, copied.ticks)
    replica.rests = copied.rests
    replica.emitted += copied.emitted
  }
}
