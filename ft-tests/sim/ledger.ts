/**
 * What the checkers know of each replica, from what crossed the links and what its machine did, never from the core's own
 * books: how many outputs its log covers, whether it may take over and in which term, how far its primary is known to have run.
 */
import { Kind, Reached, type ProgressEntry } from '../../logging-channel/entries.ts'
import type { Stop } from '../../hypervisor/machine/engine.ts'
import type { LogFrame } from '../../logging-channel/messages.ts'
import type { Report } from '../../hypervisor/ft/events.ts'
import type { Phase } from '../../hypervisor/ft/phase.ts'
import { Checker } from './checker.ts'
import type { SimReplica } from './sim-replica.ts'
import type { Simulation } from './simulation.ts'

/** What a machine was when it was copied. */
export type Copied = { readonly ticks: number; readonly emitted: number }

export class Facts {
  /** Outputs that the state it has and the log it has received cover. */
  covered = 0
  /** Progress entries received that its machine has not come to, oldest first, and the tick of the last one received. */
  readonly ahead: ProgressEntry[] = []
  reachedTick = 0
  /** Runs that its machine has ended, or its state stands for. A slice of a run that it replays is none. */
  runs = 0
  /** Its machine has stopped inside a run of the log. */
  isBetweenSlices = false
  /** The run that has just ended is history of its own: no progress entry received stands for it. */
  isOwnRun = false
  /** Its `runs` when it was copied last. */
  runsCopied: number | undefined
  receivedSeq = 0
  /** It has the whole state: by booting with its primary, or by a snapshot. */
  hasState = false
  /** The term in which it may take over; 0 for none. */
  eligibleTerm = 0
}

export class Ledger extends Checker {
  readonly name = 'Ledger'
  readonly #sim: Simulation
  readonly #facts = new Map<string, Facts>()
  readonly #copies = new Map<string, { readonly seq: number; readonly runs: number; readonly copied: Copied }>()

  constructor(sim: Simulation) {
    super()
    this.#sim = sim
  }

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
        facts.ahead.push(entry)
        facts.reachedTick = entry.tick
      }
    }
  }

  override onRest(replica: SimReplica, stop: Stop): void {
    const facts = this.of(replica)
    const target = replica.core.role === 'backup' ? facts.ahead[0] : undefined
    facts.isBetweenSlices = target !== undefined && stop.kind === 'tick' && replica.machine.ticks < limitOf(target)
    if (facts.isBetweenSlices) return this.#sim.reached(`${replica.core.phase} between slices`)
    facts.isOwnRun = target === undefined
    if (target !== undefined) facts.ahead.shift()
    facts.runs++
  }

  override onReport(replica: SimReplica, report: Report): void {
    if (report.event !== 'snapshot') return
    const facts = this.of(replica)
    facts.runsCopied = facts.runs
    // A stray connection under the same name may be given another copy later: the replica has the first.
    if (this.#copies.has(report.peer)) return
    this.#copies.set(report.peer, { seq: report.seq, runs: facts.runs, copied: replica.copied! })
  }

  override onPhase(replica: SimReplica, was: Phase, phase: Phase): void {
    const facts = this.of(replica)
    if (was === 'joining' && phase === 'replaying') {
      facts.hasState = true
      facts.eligibleTerm = replica.core.term
    } else if (was === 'receiving' && (phase === 'catching-up' || phase === 'replaying')) this.#restored(replica, facts)
  }

  #restored(replica: SimReplica, facts: Facts): void {
    const { copied, runs } = this.#copies.get(replica.name)!
    facts.hasState = true
    facts.runs = runs
    facts.covered += copied.emitted
    facts.reachedTick = Math.max(facts.reachedTick, copied.ticks)
    replica.emitted += copied.emitted
  }
}

/** Where a run must have come to rest: one that ended by itself does so before the next tick. */
function limitOf({ reached, tick }: ProgressEntry): number {
  return reached === Reached.tick ? tick : tick + 1
}
