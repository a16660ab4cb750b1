/**
 * The machine's side of the switch link, as an echo server that can fail over: everything it does is a function
 * of the inputs it captured, so that a copy which captured fewer repeats exactly what the first one sent.
 */
import { Kind } from '../../logging-channel/entries.ts'
import type { SwitchInput } from '../../logging-channel/entries.ts'
import type { FromSwitch, Output, ToSwitch } from '../../hypervisor/switch/messages.ts'

export const ECHO_PORT = 7
const SEND_SPACE_BYTES = 256 * 1024

/** An echoed stream: input waits while the peer's window is full. */
type Stream = { queue: Uint8Array[]; space: number; peerEnded: boolean; ended: boolean }

export class EchoMachine {
  /** All inputs ever captured, in order. */
  readonly captured: SwitchInput[] = []
  /** All outputs ever made, in order: output i has number i + 1. */
  readonly outputs: Output[] = [{ kind: 'listen', port: ECHO_PORT }]
  readonly #streams = new Map<number, Stream>()

  /** A machine that captured the same up to `count` inputs. */
  copy(count: number): EchoMachine {
    const other = new EchoMachine()
    for (const input of this.captured.slice(0, count)) other.capture(input)
    return other
  }

  capture(input: SwitchInput): void {
    this.captured.push(input)
    if (input.kind === Kind.console) return
    if (input.kind === Kind.netOpen) return this.#open(input.conn)
    const stream = this.#streams.get(input.conn)
    if (stream === undefined) return
    if (input.kind === Kind.netReset) return void this.#streams.delete(input.conn)
    if (input.kind === Kind.netData) stream.queue.push(input.bytes)
    else if (input.kind === Kind.netWindow) stream.space += input.bytes
    else if (input.kind === Kind.netEnd) stream.peerEnded = true
    this.#run(input.conn, stream)
  }

  #open(conn: number): void {
    if (this.#streams.has(conn)) throw new Error(`connection ${conn} was opened twice`)
    this.#streams.set(conn, { queue: [], space: SEND_SPACE_BYTES, peerEnded: false, ended: false })
  }

  #run(conn: number, stream: Stream): void {
    while (stream.queue.length > 0 && stream.space > 0) {
      const head = stream.queue[0]
      const bytes = head.subarray(0, stream.space)
      stream.space -= bytes.length
      if (bytes.length === head.length) stream.queue.shift()
      else stream.queue[0] = head.subarray(bytes.length)
      this.outputs.push({ kind: 'data', conn, bytes }, { kind: 'credit', conn, bytes: bytes.length })
    }
    if (!stream.peerEnded || stream.ended || stream.queue.length > 0) return
    stream.ended = true
    this.outputs.push({ kind: 'end', conn })
  }
}

/** A replica that drives an `EchoMachine` over a link: attaches, captures, sends outputs, acknowledges. */
export class EchoReplica {
  readonly machine: EchoMachine
  readonly term: number
  /** Outputs up to this number were sent by this replica (or need not be). */
  sentOutputs: number
  attached = false
  refused: string | null = null

  /** @param sentOutputs outputs up to this number are taken as sent: those after it are sent (again) */
  constructor(machine: EchoMachine, term: number, sentOutputs: number) {
    this.machine = machine
    this.term = term
    this.sentOutputs = sentOutputs
  }

  attach(): ToSwitch {
    return { type: 'attach', term: this.term, inputsCaptured: this.machine.captured.length, nextOutput: this.sentOutputs + 1 }
  }

  on(messages: readonly FromSwitch[]): void {
    for (const message of messages) {
      if (message.type === 'attached') this.attached = true
      else if (message.type === 'refused') this.refused = message.reason
      else if (message.type === 'inputs') this.#capture(message.first, message.inputs)
    }
  }

  /** Outputs not sent yet, at most `max`, as a message; null if there are none. */
  takeOutputs(max = Infinity): ToSwitch | null {
    const first = this.sentOutputs + 1
    const outputs = this.machine.outputs.slice(this.sentOutputs, this.sentOutputs + max)
    if (outputs.length === 0) return null
    this.sentOutputs += outputs.length
    return { type: 'outputs', term: this.term, first, outputs }
  }

  ack(through: number): ToSwitch {
    return { type: 'inputAck', term: this.term, through }
  }

  #capture(first: number, inputs: readonly SwitchInput[]): void {
    if (first !== this.machine.captured.length + 1) {
      throw new Error(`inputs from ${first} on came after ${this.machine.captured.length}`)
    }
    for (const input of inputs) this.machine.capture(input)
  }
}
