/**
 * The network switch without its sockets: `step(event)` gives the commands to perform, in order. Events of a
 * loop turn are stepped as they come; the `turn` event then numbers and sends what they made due.
 */
import { freshProblem, helloProblem, historyProblem, isFresh } from './attach.ts'
import type { SwitchClient } from './client.ts'
import { ClientTable } from './client-table.ts'
import type { SwitchCommand, SwitchReport } from './commands.ts'
import type { SwitchEvent } from './events.ts'
import { Inbound } from './inbound.ts'
import { URGENT_OUTPUTS, WINDOW_REPORT_BYTES } from './limits.ts'
import type { SwitchLink } from './link.ts'
import { SwitchLinkError } from './link-error.ts'
import type { Attach, Farewell, FromSwitch, InputAck, MachineHolds, Outputs, SwitchHello, ToSwitch } from './messages.ts'
import { Outbound } from './outbound.ts'
import { ReadFlow } from './read-flow.ts'

const REASON_LENGTH_MAX = 300
const NOTHING: readonly SwitchCommand[] = []

export class SwitchCore {
  readonly outbound: Outbound
  readonly inbound: Inbound
  readonly #vm: string
  readonly #table = new ClientTable()
  readonly #flow: ReadFlow
  #attached: SwitchLink | null = null
  /** Newest term seen; anything older is refused. */
  #term = 0
  /** The replica that first attached under it: only that one may come back under the same term. */
  #holder = ''
  /** Duplicates already reported. */
  #reportedBytes = 0
  #reportedOutputs = 0
  #commands: SwitchCommand[] = []

  /** @param vm name of the one virtual machine this switch serves */
  constructor(vm: string) {
    this.#vm = vm
    const command = (c: SwitchCommand): void => void this.#commands.push(c)
    this.#flow = new ReadFlow(this.#table.all, command)
    this.inbound = new Inbound(this.#table, this.#flow)
    this.outbound = new Outbound(this.#table, this.inbound, command)
  }

  /** The term attached now, or 0. */
  get attachedTerm(): number {
    return this.#attached === null ? 0 : this.#attached.term
  }

  get clientCount(): number {
    return this.#table.all.size
  }

  /** Client and console bytes held for the machine, with what their numbers cost. */
  get heldBytes(): number {
    return this.#flow.heldBytes
  }

  /** A `turn` event would have something to do. */
  get wantsTurn(): boolean {
    return this.wantsPromptTurn || (this.#attached?.outputAckDue ?? false)
  }

  /** As `wantsTurn`, but for a lone output ack, which can wait a little: it only lets replicas forget. */
  get wantsPromptTurn(): boolean {
    if (this.outbound.isDue) return true
    const link = this.#attached
    if (link === null) return false
    return this.inbound.isDue || this.#isAckUrgent(link) || link.answers.length > 0 || link.sentThrough < this.inbound.held.last
  }

  step(event: SwitchEvent): readonly SwitchCommand[] {
    this.#on(event)
    if (this.#commands.length === 0) return NOTHING
    const commands = this.#commands
    this.#commands = []
    return commands
  }

  #on(event: SwitchEvent): void {
    switch (event.kind) {
      case 'clientData':
        if (!event.client.gone) this.inbound.onData(event.client, event.bytes)
        break
      case 'clientDrained':
        if (!event.client.gone) this.#onDrained(event.client, event.bytes)
        break
      case 'linkMessages':
        this.#onMessages(event.link, event.messages)
        break
      case 'turn':
        this.#onTurn(event.keepAck ?? false)
        break
      case 'clientOpened':
        this.inbound.onOpened(event.client)
        break
      case 'consoleInput':
        this.inbound.onConsole(event.bytes)
        break
      case 'linkClosed':
        this.#onLinkClosed(event.link, event.reason)
        break
      default:
        if (!event.client.gone) this.#onClientState(event.kind, event.client)
    }
  }

  #onClientState(kind: 'clientConnected' | 'clientEnded' | 'clientReset' | 'clientClosed', client: SwitchClient): void {
    const over = client.peerEnded && client.guestEnded
    if (kind === 'clientReset' || (kind === 'clientClosed' && !over)) return this.#onReset(client)
    if (kind === 'clientConnected') client.connectedDue = true
    else if (kind === 'clientEnded') client.peerEnded = true
    else if (client.endNumbered) return this.inbound.drop(client)
    else client.closed = true
    this.inbound.markDue(client)
  }

  #onReset(client: SwitchClient): void {
    // The machine hears of it unless it never knew the client, or knows both directions to be over.
    client.resetDue = client.conn !== 0 && !(client.endNumbered && client.guestEnded)
    this.inbound.drop(client)
    if (client.resetDue) this.inbound.markDue(client)
  }

  #onDrained(client: SwitchClient, bytes: number): void {
    client.drainedBytes += bytes
    if (client.drainedBytes >= WINDOW_REPORT_BYTES && !client.guestEnded) this.inbound.markDue(client)
  }

  #onTurn(keepAck: boolean): void {
    const link = this.#attached
    if (link !== null) this.inbound.number()
    // Inputs go before the replies, so that the machine works while those are written; mere acks go after.
    const hasInputs = link !== null && link.sentThrough < this.inbound.held.last
    if (hasInputs) this.#sendTurn(link)
    this.outbound.flush()
    if (link !== null && !hasInputs && (!keepAck || this.#isAckUrgent(link) || link.answers.length > 0)) this.#sendTurn(link)
  }

  /** One send for all of a turn: answers, the output ack, and inputs not yet sent on this link. */
  #sendTurn(link: SwitchLink): void {
    const messages: FromSwitch[] = link.answers
    link.answers = []
    if (link.outputAckDue) messages.push({ type: 'outputAck', through: this.outbound.processed })
    link.outputAckDue = false
    link.outputsAcked = this.outbound.processed
    const last = this.inbound.held.last
    if (link.sentThrough < last) {
      messages.push({ type: 'inputs', first: link.sentThrough + 1, inputs: this.inbound.held.after(link.sentThrough) })
      link.sentThrough = last
    }
    if (messages.length > 0) this.#commands.push({ kind: 'send', link, messages })
  }

  #isAckUrgent(link: SwitchLink): boolean {
    return link.outputAckDue && this.outbound.processed - link.outputsAcked >= URGENT_OUTPUTS
  }

  #onMessages(link: SwitchLink, messages: readonly ToSwitch[]): void {
    try {
      for (const message of messages) if (!link.closed) this.#onMessage(link, message)
    } catch (error) {
      if (!(error instanceof SwitchLinkError)) throw error
      this.#report({ kind: 'linkError', replica: link.replica, reason: error.message })
      this.#close(link, error.message)
    }
  }

  #onMessage(link: SwitchLink, message: ToSwitch): void {
    if (message.type === 'hello') return this.#onHello(link, message)
    if (!link.greeted) throw new SwitchLinkError(`${message.type} before hello`)
    if (message.type === 'attach') return this.#onAttach(link, message)
    if (link !== this.#attached) throw new SwitchLinkError(`${message.type} before attach`)
    const { type, term } = message
    if (term !== link.term) throw new SwitchLinkError(`${type} of term ${term} on a link of term ${link.term}`)
    if (message.type === 'outputs') this.#onOutputs(link, message)
    else if (message.type === 'inputAck') this.#onInputAck(link, message)
    else this.#onFarewell(message)
  }

  #onHello(link: SwitchLink, hello: SwitchHello): void {
    if (link.greeted) throw new SwitchLinkError('a second hello')
    link.greeted = true
    link.replica = hello.replica
    const problem = helloProblem(hello, this.#vm)
    if (problem !== null) this.#refuse(link, this.#term, problem)
  }

  #onOutputs(link: SwitchLink, outputs: Outputs): void {
    link.outputAckDue = true
    const repeated = outputs.first <= this.outbound.processed
    this.outbound.onOutputs(outputs)
    // All that this machine repeats has passed once it says something new, or has come to the last old one.
    const last = outputs.first + outputs.outputs.length - 1
    if (repeated && last >= this.outbound.processed) this.#reportDuplicates(link)
  }

  #reportDuplicates(link: SwitchLink): void {
    const { duplicateOutputs, duplicateBytes } = this.outbound
    const outputs = duplicateOutputs - this.#reportedOutputs
    this.#report({ kind: 'duplicatesDropped', term: link.term, outputs, bytes: duplicateBytes - this.#reportedBytes })
    this.#reportedOutputs = duplicateOutputs
    this.#reportedBytes = duplicateBytes
  }

  #onInputAck(link: SwitchLink, ack: InputAck): void {
    const { sentThrough } = link
    if (ack.through > sentThrough) throw new SwitchLinkError(`an ack of input ${ack.through}, but only ${sentThrough} were sent`)
    this.inbound.forget(ack.through)
  }

  #onFarewell({ reason }: Farewell): void {
    this.outbound.flush()
    this.#commands.push({ kind: 'farewell', reason: reason.slice(0, REASON_LENGTH_MAX) })
  }

  #onAttach(link: SwitchLink, attach: Attach): void {
    const isBack = attach.term === this.#term && link.replica === this.#holder
    if (attach.term <= this.#term && !isBack) {
      return this.#refuse(link, attach.term, `term ${attach.term} is over: this switch has seen term ${this.#term}`)
    }
    this.#term = attach.term
    this.#holder = link.replica
    const old = this.#attached
    if (old !== null && old !== link) this.#refuse(old, old.term, `${link.name} attached under term ${attach.term}`)
    const { held } = this.inbound
    const history = { forgottenThrough: held.forgottenThrough, lastInput: held.last, outputsProcessed: this.outbound.processed }
    const fresh = isFresh(attach, history)
    const problem = fresh ? freshProblem(attach) : historyProblem(attach, history)
    if (problem !== null) return this.#refuse(link, attach.term, problem)
    if (fresh) this.#continueFrom(attach, attach.holds!)
    this.#attach(link, attach, fresh)
  }

  #attach(link: SwitchLink, attach: Attach, fresh: boolean): void {
    const { held } = this.inbound
    this.#attached = link
    link.term = attach.term
    link.outputsAcked = this.outbound.processed
    // On a link that was attached before, inputs already sent are still on their way.
    link.sentThrough = Math.max(link.sentThrough, attach.inputsCaptured)
    link.answers.push({
      type: 'attached',
      term: attach.term,
      fresh,
      outputsDelivered: this.outbound.processed,
      duplicateBytesDropped: this.outbound.duplicateBytes
    })
    const inputsResent = held.last - link.sentThrough
    this.#report({ kind: 'attached', term: attach.term, replica: link.replica, fresh, inputsResent })
  }

  /** This switch was started anew: it takes over the machine's numbers and ends what it can't know. */
  #continueFrom(attach: Attach, holds: MachineHolds): void {
    this.#table.continueFrom(holds)
    this.inbound.held.continueFrom(attach.inputsCaptured)
    this.outbound.processed = attach.nextOutput - 1
    for (const conn of holds.conns) this.inbound.pushReset(conn)
    for (const port of holds.ports) this.outbound.listen(port)
  }

  #refuse(link: SwitchLink, term: number, problem: string): void {
    // It may quote a name of the replica's choosing.
    const reason = problem.slice(0, REASON_LENGTH_MAX)
    this.#report({ kind: 'refused', term, replica: link.replica, reason })
    this.#commands.push({ kind: 'send', link, messages: [{ type: 'refused', term: this.#term, reason }] })
    this.#close(link, reason)
  }

  #close(link: SwitchLink, reason: string): void {
    if (link.closed) return
    this.#onLinkClosed(link, reason)
    this.#commands.push({ kind: 'closeLink', link })
  }

  #onLinkClosed(link: SwitchLink, reason: string): void {
    if (link.closed) return
    link.closed = true
    if (link !== this.#attached) return
    this.#attached = null
    this.#report({ kind: 'detached', term: link.term, replica: link.replica, reason })
  }

  #report(report: SwitchReport): void {
    this.#commands.push({ kind: 'report', report })
  }
}
