/**
 * Execution lag (§3.2, P3.2-4): the time between an entry's acknowledgement and its replay. It is what a failover would
 * have to make up for. Measured by acks, which carry both positions; milliseconds of any monotonic clock.
 */
const sampleMs = 1
const samplesMax = 4096

export class ExecutionLag {
  /** Positions acknowledged and not yet replayed, oldest first, with the time of the first entry that each stands for. */
  #samples: { seq: number; readonly ms: number }[] = []
  #replayedSeq = 0

  /** Entries up to `ackedSeq` are with the backup, and it has executed those up to `replayedSeq`. */
  heard(ackedSeq: number, replayedSeq: number, nowMs: number): void {
    const last = this.#samples.at(-1)
    const known = last?.seq ?? this.#replayedSeq
    if (ackedSeq > known) this.#add(ackedSeq, nowMs, last)
    this.#replayedSeq = Math.max(this.#replayedSeq, replayedSeq)
    const behind = this.#samples.findIndex(({ seq }) => seq > replayedSeq)
    if (behind !== 0) this.#samples = behind < 0 ? [] : this.#samples.slice(behind)
  }

  /** How long the oldest entry that is not replayed has been there; 0 if all are. */
  lagMs(nowMs: number): number {
    const oldest = this.#samples[0]
    return oldest === undefined ? 0 : nowMs - oldest.ms
  }

  /** Entries of one millisecond share a sample; so do all that come when there are too many. */
  #add(seq: number, nowMs: number, last: { seq: number; readonly ms: number } | undefined): void {
    if (last !== undefined && (nowMs - last.ms < sampleMs || this.#samples.length >= samplesMax)) last.seq = seq
    else this.#samples.push({ seq, ms: nowMs })
  }
}
