/** A live replica's dealings with the network switch: attach, outputs out, inputs in, acknowledgements both ways. */
import type { SwitchInput } from '../../logging-channel/entries.ts'
import type { Attached, MachineHolds, ToSwitch } from '../switch/messages.ts'
import type { HeldOutputs, OutputRange } from './held-outputs.ts'

export class SwitchSide {
  readonly #outputs: HeldOutputs
  /** A connection to the switch is there. */
  #open = false
  #attachedTerm = 0
  #ackedInputs = 0
  #queue: ToSwitch[] = []

  constructor(outputs: HeldOutputs) {
    this.#outputs = outputs
  }

  /** True when inputs are to be taken and outputs to be sent, under `term`. */
  attached(term: number): boolean {
    return this.#open && this.#attachedTerm === term
  }

  opened(): void {
    this.#open = true
  }

  closed(): void {
    this.#open = false
    this.#attachedTerm = 0
    this.#ackedInputs = 0
    this.#queue = []
  }

  /** Announces this replica as live (P2.3-3). Nothing else is sent until the switch has answered. */
  attach(term: number, inputsCaptured: number, holds: MachineHolds): void {
    if (!this.#open) return
    this.#attachedTerm = 0
    this.#queue = [{ type: 'attach', term, inputsCaptured, nextOutput: this.#outputs.firstUndelivered, holds }]
  }

  /** The switch has answered: it gets what it lacks of the outputs released so far. */
  answered(answer: Attached): void {
    this.#attachedTerm = answer.term
    this.#outputs.delivered(answer.outputsDelivered)
    const missing = this.#outputs.undelivered()
    if (missing !== undefined) this.send(answer.term, missing)
  }

  send(term: number, range: OutputRange): void {
    this.#queue.push({ type: 'outputs', term, first: range.first, outputs: range.outputs })
  }

  /** The entries of inputs up to `through` are safe: the switch may forget them. */
  acknowledge(term: number, through: number): void {
    if (through <= this.#ackedInputs || !this.attached(term)) return
    this.#ackedInputs = through
    this.#queue.push({ type: 'inputAck', term, through })
  }

  /**
   * Inputs of an attached switch, checked to be the very next ones.
   * @throws if one is missing or comes twice: the switch is not following the protocol
   */
  accept(first: number, inputs: readonly SwitchInput[], expected: number): readonly SwitchInput[] {
    if (first !== expected) throw new Error(`switch sent inputs from ${first} on, ${expected} must come next`)
    return inputs
  }

  take(): readonly ToSwitch[] {
    const queue = this.#queue
    if (queue.length > 0) this.#queue = []
    return queue
  }
}
