/**
 * Inputs that have a number, kept until the log entry of each is acknowledged: a machine that goes live gets
 * again what it had not captured (P2.2-7, ours).
 */
import type { SwitchInput } from '../../logging-channel/entries.ts'

const COMPACT_AT = 1024

export class HeldInputs {
  #items: SwitchInput[] = []
  #head = 0
  #forgottenThrough = 0

  /** Inputs up to this number are gone for good. */
  get forgottenThrough(): number {
    return this.#forgottenThrough
  }

  /** Number of the newest input; 0 before the first. */
  get last(): number {
    return this.#forgottenThrough + this.#items.length - this.#head
  }

  /** Takes over the numbering of a machine with a history. Only before anything was numbered here. */
  continueFrom(last: number): void {
    if (this.last !== 0) throw new Error('inputs are numbered already')
    this.#forgottenThrough = last
  }

  push(input: SwitchInput): void {
    this.#items.push(input)
  }

  /** Inputs numbered above `number`. */
  after(number: number): SwitchInput[] {
    const forgotten = this.#forgottenThrough
    if (number < forgotten) throw new Error(`inputs above ${number} are wanted, those up to ${forgotten} are forgotten`)
    return this.#items.slice(this.#head + number - this.#forgottenThrough)
  }

  /** Drops the oldest input and returns it. */
  forgetOne(): SwitchInput {
    const input = this.#items[this.#head]
    this.#head += 1
    this.#forgottenThrough += 1
    if (this.#head === this.#items.length) this.#compact()
    else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) this.#compact()
    return input
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
