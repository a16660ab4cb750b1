/** A client on one TCP connection for its whole life: sends requests, and knows every byte of what must come back. */
import type { SwitchClient } from '../../hypervisor/switch/client.ts'
import { Ask, mix, mixBytes, requestBytes, requestWords } from './guest-protocol.ts'
import { ReplyReader } from './reply-reader.ts'
import type { Rng } from './rng.ts'
import type { Simulation } from './simulation.ts'

/** How a client leaves: once it has all its replies, once it has asked for all of them, or in the middle of everything. */
type Leaving = 'end' | 'endEarly' | 'reset' | 'abort'

export class SimClient {
  readonly name: string
  readonly reader: ReplyReader
  readonly requests: number
  sent = 0
  isDone = false
  /** It must wait that long at most for its next reply. */
  waitingSinceMs = 0
  readonly #sim: Simulation
  readonly #rng: Rng
  readonly #leaving: Leaving
  readonly #drainMs: number
  #socket: SwitchClient | undefined
  #hash = 0
  #timersOut = 0
  #isHeld = false
  #held: Uint8Array[] = []
  #isEnding = false
  #endHeld = false
  #undrained = 0
  #lastArrivalMs = 0

  constructor(sim: Simulation, index: number) {
    this.#sim = sim
    this.#rng = sim.rng.fork()
    this.name = `client ${index}`
    this.requests = sim.options.requestsPerClient
    this.#leaving = this.#rng.pick(['end', 'end', 'end', 'endEarly', 'endEarly', 'reset', 'abort'])
    this.#drainMs = this.#rng.chance(0.3) ? this.#rng.number(1, 10) : 0
    this.reader = new ReplyReader(this.name, sim.history, {
      onReply: () => this.#onReply(),
      onTimer: () => this.#timersOut--
    })
    sim.scheduler.at(this.#rng.number(0, 30), () => this.#connect())
  }

  #connect(): void {
    this.#socket = this.#sim.switch.open(this, this.name)
    for (let i = 0; i < this.#sim.options.pipeline; i++) this.#sendNext()
  }

  #sendNext(): void {
    if (this.sent >= this.requests || this.isDone) return
    const id = ++this.sent
    const flags = this.#flags()
    const payloadBytes = this.#rng.chance(0.3) ? this.#rng.integer(1, 900) : 0
    const payload = Uint8Array.from({ length: payloadBytes }, (_, i) => (id * 7 + i) & 0xff)
    const isBig = this.#sim.options.bigReplies && this.#rng.chance(0.15)
    const body = isBig ? this.#rng.integer(20_000, 150_000) : this.#rng.integer(0, 300)
    const header = [id, flags, body, this.#rng.integer(0, this.#sim.options.workMax), payload.length]
    const bytes = new Uint8Array(requestBytes + payload.length)
    new Uint32Array(bytes.buffer, 0, requestWords).set(header)
    bytes.set(payload, requestBytes)
    for (const word of header) this.#hash = mix(this.#hash, word)
    this.#hash = mixBytes(this.#hash, payload)
    this.reader.expect({ id, hash: this.#hash, body, timer: (flags & Ask.timer) !== 0 })
    this.waitingSinceMs = this.#sim.nowMs
    this.#write(bytes)
    if (this.#leaving === 'endEarly' && id === this.requests) this.#leave()
    if (this.#leaving === 'abort' && this.#rng.chance(0.04)) this.#leave()
  }

  #flags(): number {
    let flags = this.#rng.word() & this.#sim.options.askMask & 0x3f
    if (this.#rng.chance(this.#sim.options.muchEntropyChance)) flags |= Ask.muchEntropy
    if (this.#rng.chance(0.7)) flags &= ~Ask.grow
    if ((flags & Ask.timer) !== 0 && this.#timersOut >= 6) flags &= ~Ask.timer
    if ((flags & Ask.timer) !== 0) this.#timersOut++
    return flags
  }

  #write(bytes: Uint8Array): void {
    if (this.#isHeld) return void this.#held.push(bytes)
    const cut = this.#rng.chance(0.2) ? this.#rng.integer(1, bytes.length) : bytes.length
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (piece.length === 0) continue
      this.#arriveAtSwitch(() => this.#sim.switch.take({ kind: 'clientData', client: this.#socket!, bytes: piece }))
    }
  }

  #arriveAtSwitch(run: () => void): void {
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#sim.nowMs + this.#rng.number(0, this.#sim.options.clientDelayMs))
    this.#sim.scheduler.at(this.#lastArrivalMs, run)
  }

  #onReply(): void {
    this.waitingSinceMs = this.#sim.nowMs
    this.#sim.scheduler.after(this.#rng.number(0, this.#sim.options.thinkMs * 2), () => this.#sendNext())
  }

  // What the switch does to its socket

  receive(chunks: readonly Uint8Array[]): void {
    if (this.isDone) return
    if (this.#isEnding && this.reader.isComplete) this.#fail('got bytes after everything it had asked for')
    for (const chunk of chunks) {
      this.reader.read(chunk)
      this.#undrained += chunk.length
    }
    this.#drainLater()
    if (this.sent === this.requests && this.reader.isComplete) this.#leave()
  }

  #drainLater(): void {
    const stallMs = this.#sim.clientsReadFromMs - this.#sim.nowMs
    if (stallMs > 0) this.#sim.reached('client stopped reading')
    this.#sim.scheduler.after(Math.max(this.#drainMs, stallMs), () => {
      const bytes = this.#undrained
      this.#undrained = 0
      if (bytes > 0 && !this.isDone) this.#sim.switch.take({ kind: 'clientDrained', client: this.#socket!, bytes })
    })
  }

  #leave(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    if (this.#leaving === 'end' || this.#leaving === 'endEarly') return this.#end()
    this.isDone = true
    this.#arriveAtSwitch(() => this.#sim.switch.take({ kind: 'clientReset', client: this.#socket! }))
  }

  /** After what is held back, if the switch does not read just now. */
  #end(): void {
    if (this.#isHeld) return void (this.#endHeld = true)
    this.#arriveAtSwitch(() => this.#sim.switch.take({ kind: 'clientEnded', client: this.#socket! }))
  }

  receiveEnd(): void {
    if (!this.#isEnding || !this.reader.isComplete) {
      this.#fail(`was ended after ${this.reader.replies} of ${this.requests} replies`)
    }
    this.isDone = true
    this.#sim.switch.take({ kind: 'clientClosed', client: this.#socket! })
  }

  receiveReset(): void {
    if (!this.isDone) this.#fail(`was reset after ${this.reader.replies} of ${this.requests} replies`)
  }

  #fail(what: string): never {
    return this.#sim.fail('ClientStream', `${this.name} ${what}`)
  }

  hold(on: boolean): void {
    this.#isHeld = on
    if (on) return
    const held = this.#held
    this.#held = []
    for (const bytes of held) this.#write(bytes)
    if (this.#endHeld) this.#end()
    this.#endHeld = false
  }
}
