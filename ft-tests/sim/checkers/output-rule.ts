/**
 * The output rule (§2.2, P2.2-2) from what crossed the links: an output leaves only when the frame with its mark, and
 * everything before it, has been read by the backup, or when its sender holds a later term.
 */
import { Kind } from '../../../logging-channel/entries.ts'
import type { LogFrame } from '../../../logging-channel/messages.ts'
import type { Output, Outputs } from '../../../hypervisor/switch/messages.ts'
import { Checker } from '../checker.ts'
import type { SimReplica } from '../sim-replica.ts'

export class OutputRule extends Checker {
  readonly name = 'OutputRule'
  /** Outputs up to `through` are covered by entries up to `seq`. */
  readonly #marks: { readonly seq: number; readonly through: number }[] = []
  #marked = 0
  #receivedSeq = 0
  readonly #holders = new Map<number, string>()

  override onFrameSent(_replica: SimReplica, frame: LogFrame): void {
    frame.entries.forEach((entry, i) => {
      if (entry.kind !== Kind.outputMark) return
      this.#marked += entry.count
      this.#marks.push({ seq: frame.seq + i, through: this.#marked })
    })
  }

  override onFrameReceived(_replica: SimReplica, frame: LogFrame): void {
    if (frame.seq !== this.#receivedSeq + 1) {
      this.fail(`the backup got a frame from seq ${frame.seq} on after seq ${this.#receivedSeq}`)
    }
    this.#receivedSeq += frame.entries.length
  }

  override onDecided(term: number, holder: string): void {
    this.#holders.set(term, holder)
  }

  override onOutputsSent(replica: SimReplica, message: Outputs): void {
    this.#check(replica, message.term, message.first + message.outputs.length - 1)
  }

  override onOutputsAccepted(replica: SimReplica, term: number, first: number, outputs: readonly Output[]): void {
    this.#check(replica, term, first + outputs.length - 1)
  }

  #check(replica: SimReplica, term: number, last: number): void {
    if (term > 1 && this.#holders.get(term) === replica.name) return
    const covering = this.#marks.find((mark) => mark.through >= last)
    if (covering === undefined) {
      this.fail(`${replica.name} sent output ${last} in term ${term} without ever logging it to the backup`)
    }
    if (covering.seq <= this.#receivedSeq) return
    const needs = `output ${last} needs seq ${covering.seq}, the backup has read up to ${this.#receivedSeq}`
    this.fail(`${replica.name} let an output out too early in term ${term}: ${needs}`)
  }
}
