/** A live replica's dealings with the network switch: attach, outputs out, inputs in, acknowledgements both ways. */
import type { SwitchInput } from '../../logging-channel/entries.ts'
import type { Attached, FromSwitch, ToSwitch } from '../switch/messages.ts'
import type { BlackBox, FailoverRecord } from './black-box.ts'
import type { Core } from './core.ts'
import type { OutputRange } from './held-outputs.ts'
import type { Lockstep } from './lockstep.ts'

export class SwitchSide {
  /** The record of a failover, until it is complete. */
  blackBox: BlackBox | undefined
  readonly #core: Core
  readonly #lockstep: Lockstep
  /** A connection to the switch is there. */
  #open = false
  #attachedTerm = 0
  #ackedInputs = 0
  #queue: ToSwitch[] = []

  constructor(core: Core, lockstep: Lockstep) {
    this.#core = core
    this.#lockstep = lockstep
  }

  /** True when inputs are to be taken and outputs to be sent, under `term`. */
  attached(term: number): boolean {
    return this.#open && this.#attachedTerm === term
  }

  opened(): void {
    this.#open = true
  }

  /** Inputs not yet captured are forgotten: the switch sends them again after an attach. */
  onClosed(reason: string, isLive: boolean): void {
    this.#open = false
    this.#attachedTerm = 0
    this.#ackedInputs = 0
    this.#queue = []
    this.#lockstep.forgetInputs()
    if (isLive) this.#core.report({ event: 'switch-lost', reason })
  }

  /** @throws if the switch does not follow the protocol */
  onMessage(message: Exclude<FromSwitch, { type: 'refused' }>): void {
    if (message.type === 'attached') return this.#onAttached(message)
    if (message.type === 'inputs') return this.#lockstep.offer(this.#accept(message.first, message.inputs))
    this.#lockstep.outputs.delivered(message.through)
    this.#tellFailover(this.blackBox?.delivered(message.through, this.#core.nowMs))
  }

  onTime(): void {
    this.#tellFailover(this.blackBox?.overdue(this.#core.nowMs))
  }

  /** Announces this replica as live (P2.3-3). Nothing else is sent until the switch has answered. */
  attach(): void {
    if (!this.#open) return
    const { machine, outputs } = this.#lockstep
    const { inputsInjected: inputsCaptured } = machine
    const holds = machine.network.holds()
    this.#attachedTerm = 0
    this.#queue = [{ type: 'attach', term: this.#core.term, inputsCaptured, nextOutput: outputs.firstUndelivered, holds }]
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

  /** The machine has ended: its clients need not be held for anybody. */
  farewell(term: number, reason: string): void {
    if (this.attached(term)) this.#queue.push({ type: 'farewell', term, reason })
  }

  /** The switch has answered: it gets what it lacks of the outputs released so far. */
  #onAttached({ term, fresh, outputsDelivered }: Attached): void {
    if (term !== this.#core.term) return
    const { outputs } = this.#lockstep
    this.#core.report({ event: 'attached', term, fresh, outputsDelivered })
    this.blackBox?.attached(outputsDelivered, outputs.firstUndelivered)
    this.#attachedTerm = term
    outputs.delivered(outputsDelivered)
    const missing = outputs.undelivered()
    if (missing !== undefined) this.send(term, missing)
  }

  #tellFailover(record: FailoverRecord | undefined): void {
    if (record === undefined) return
    this.blackBox = undefined
    this.#core.report({ event: 'failover', record })
  }

  /**
   * Inputs of an attached switch, checked to be the very next ones.
   * @throws if one is missing or comes twice: the switch is not following the protocol
   */
  #accept(first: number, inputs: readonly SwitchInput[]): readonly SwitchInput[] {
    const expected = this.#lockstep.nextInput
    if (first !== expected) throw new Error(`switch sent inputs from ${first} on, ${expected} must come next`)
    return inputs
  }

  /** Sends what is due. */
  flush(): void {
    if (this.#queue.length === 0) return
    this.#core.do({ do: 'switch', messages: this.#queue })
    this.#queue = []
  }
}
