/**
 * The output rule as a data structure (§2.2, P2.2-2). Every output of the machine waits here under the seq of the
 * output mark that covers it; `release` is the only way out. Both replicas keep the same queue: the primary
 * releases from it, the backup holds it until it knows that the switch has each output, or goes live and releases.
 */
import type { Checksum } from '../../logging-channel/crc32.ts'
import type { Output } from '../switch/messages.ts'

/** Consecutive outputs, the first one numbered `first` (counted from 1 over the machine's life). */
export type OutputRange = { readonly first: number; readonly outputs: readonly Output[] }

/** What an output mark says of the outputs since the mark before it. */
export type MarkSummary = { readonly count: number; readonly bytes: number; readonly checksum: number }

export class HeldOutputs {
  readonly #checksum: Checksum
  /** Every output not yet delivered, oldest first; `#first` is the number of the oldest. */
  #items: Output[] = []
  #first = 1
  readonly #marks: { seq: number; through: number }[] = []
  #marked = 0
  #released = 0
  #heldBytes = 0
  #summary = { count: 0, bytes: 0, checksum: 0 }

  constructor(checksum: Checksum) {
    this.#checksum = checksum
  }

  /** Number of the last output emitted. */
  get emitted(): number {
    return this.#first + this.#items.length - 1
  }

  /** Number of the first output that the switch is not known to have. */
  get firstUndelivered(): number {
    return this.#first
  }

  /** Bytes of data in outputs not yet delivered. */
  get bytes(): number {
    return this.#heldBytes
  }

  /** Outputs emitted but not released. */
  get held(): number {
    return this.emitted - this.#released
  }

  emit(output: Output): void {
    const summary = this.#summary
    this.#items.push(output)
    summary.count++
    if (output.kind !== 'data' && output.kind !== 'console') return
    summary.bytes += output.bytes.length
    summary.checksum = this.#checksum(output.bytes, summary.checksum)
    this.#heldBytes += output.bytes.length
  }

  /** The outputs that no mark covers yet. */
  get unmarked(): MarkSummary {
    return this.#summary
  }

  /** Puts every output since the last mark under `seq`, the seq of their output mark entry. */
  mark(seq: number): void {
    const last = this.#marks.at(-1)
    if (last !== undefined && seq <= last.seq) throw new Error(`output mark ${seq} after ${last.seq}`)
    if (this.#summary.count === 0) throw new Error('output mark without outputs')
    this.#marked += this.#summary.count
    if (this.#marked > this.#released) this.#marks.push({ seq, through: this.#marked })
    this.#summary = { count: 0, bytes: 0, checksum: 0 }
    if (this.#marked !== this.emitted) throw new Error(`marked ${this.#marked} outputs of ${this.emitted}`)
  }

  /** Outputs whose mark is acknowledged, given that every entry up to `ackedSeq` is; each is returned once. */
  release(ackedSeq: number): OutputRange | undefined {
    let through = this.#released
    while (this.#marks.length > 0 && this.#marks[0]!.seq <= ackedSeq) through = this.#marks.shift()!.through
    if (through === this.#released) return undefined
    const first = this.#released + 1
    this.#released = through
    return this.#range(first, through)
  }

  /** Everything released and not delivered: what a newly attached switch connection must be sent again. */
  undelivered(): OutputRange | undefined {
    return this.#released < this.#first ? undefined : this.#range(this.#first, this.#released)
  }

  /**
   * The switch has outputs up to `through`: forget them. An old or repeated number changes nothing. It may have them from
   * this replica's predecessor, or (to a backup) from its primary: then they are as good as released.
   */
  delivered(through: number): void {
    if (through > this.emitted) throw new Error(`output ${through} is said to be delivered, but only ${this.emitted} exist`)
    const count = through - this.#first + 1
    if (count <= 0) return
    for (const output of this.#items.splice(0, count)) {
      if (output.kind === 'data' || output.kind === 'console') this.#heldBytes -= output.bytes.length
    }
    this.#first = through + 1
    this.#released = Math.max(this.#released, through)
    let known = 0
    while (known < this.#marks.length && this.#marks[known]!.through <= through) known++
    if (known > 0) this.#marks.splice(0, known)
  }

  /** Every output that the switch is not known to have, for a snapshot. @throws if one is not under a mark yet */
  save(): OutputRange {
    if (this.#summary.count > 0) throw new Error(`${this.#summary.count} outputs without a mark in a snapshot`)
    return this.#range(this.#first, this.emitted)
  }

  /**
   * Takes over another replica's outputs. All count as released: whoever holds the log beyond the snapshot may send them.
   * @throws if this machine has made outputs of its own
   */
  restore({ first, outputs }: OutputRange): void {
    if (this.#first !== 1 || this.#items.length > 0) throw new Error('this machine has made outputs already')
    this.#first = first
    this.#items = [...outputs]
    this.#marked = this.#released = this.emitted
    for (const output of outputs) if (output.kind === 'data' || output.kind === 'console') this.#heldBytes += output.bytes.length
  }

  #range(first: number, through: number): OutputRange {
    return { first, outputs: this.#items.slice(first - this.#first, through - this.#first + 1) }
  }
}
