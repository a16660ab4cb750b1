/** The send space, and the receive space, of a connection (ABI.md). */
export const SPACE = 262144
const E_CLOSED = -5

/** What a connection needs of the machine it belongs to. */
export interface ConnectionHost {
  run(): void
  /** Queues an event: kind, connection, detail. */
  raise(kind: number, conn: number, detail: number): void
  forget(id: number): void
}

/** One connection of the guest, seen from the far end, whose TCP buffers are as big as asked for. */
export class TestConnection {
  readonly id: number
  /** Bytes the far end still accepts; the guest's send space is on top. `Infinity`: it reads everything at once. */
  readable = Infinity
  /** The guest ended its sending side, closed or reset the connection. */
  guestEnded = false
  guestReset = false
  readonly #machine: ConnectionHost
  #toGuest: Buffer[] = []
  #waiting = 0
  #unsent: Buffer[] = []
  #sendSpaceUsed = 0
  #outgoing: Buffer[] = []
  #wantsWritable = false
  #received: Buffer[] = []
  #ended = false
  alive = true

  constructor(machine: ConnectionHost, id: number) {
    this.#machine = machine
    this.id = id
  }

  /** Sends bytes to the guest, as fast as its receive space allows, and lets it run. */
  send(bytes: Uint8Array | string): this {
    this.#unsent.push(Buffer.from(bytes))
    this.#machine.run()
    return this
  }

  /** Queues bytes without running the guest: they arrive with the next `run`. */
  queue(bytes: Uint8Array | string): this {
    this.#unsent.push(Buffer.from(bytes))
    return this
  }

  /** Ends the far end's sending side. */
  end(): void {
    this.#ended = true
    this.#machine.run()
  }

  /** Resets the connection from the far end. */
  reset(): void {
    this.alive = false
    this.#machine.raise(4, this.id, 0)
    this.#machine.forget(this.id)
    this.#machine.run()
  }

  /** Whether something has arrived that the guest has not received. */
  get hasUnread(): boolean {
    return this.#waiting > 0
  }

  /** What the guest has sent and the far end has read since the last call. */
  take(): Buffer {
    const all = Buffer.concat(this.#received)
    this.#received = []
    return all
  }

  /** The far end reads so many bytes more. */
  read(bytes: number): void {
    this.readable += bytes
    this.#machine.run()
  }

  /** Moves bytes between the far end and the guest's buffers; true if that made an event. */
  pump(): boolean {
    if (!this.alive) return false
    const moved = this.#deliver()
    return this.#drainSent() || moved
  }


  #deliver(): boolean {
    let arrived = 0
    while (this.#unsent.length > 0 && this.#waiting < SPACE) {
      const bytes = this.#unsent.shift()!
      const part = bytes.subarray(0, SPACE - this.#waiting)
      if (part.length < bytes.length) this.#unsent.unshift(bytes.subarray(part.length))
      this.#toGuest.push(part)
      this.#waiting += part.length
      arrived += part.length
    }
    if (arrived > 0) this.#machine.raise(2, this.id, this.#waiting)
    if (this.#ended && this.#unsent.length === 0) {
      this.#ended = false
      this.#machine.raise(3, this.id, 0)
      return true
    }
    return arrived > 0
  }

  #drainSent(): boolean {
    let drained = 0
    while (this.#outgoing.length > 0 && this.readable > 0) {
      const bytes = this.#outgoing.shift()!
      const part = bytes.subarray(0, Math.min(bytes.length, this.readable))
      if (part.length < bytes.length) this.#outgoing.unshift(bytes.subarray(part.length))
      this.#received.push(part)
      this.readable -= part.length
      drained += part.length
    }
    this.#sendSpaceUsed -= drained
    if (drained === 0 || !this.#wantsWritable) return false
    this.#wantsWritable = false
    this.#machine.raise(5, this.id, SPACE - this.#sendSpaceUsed)
    return true
  }

  /** The guest receives. */
  guestReceive(into: Uint8Array): number {
    let copied = 0
    while (this.#toGuest.length > 0 && copied < into.length) {
      const bytes = this.#toGuest[0]
      const part = bytes.subarray(0, into.length - copied)
      into.set(part, copied)
      copied += part.length
      if (part.length === bytes.length) this.#toGuest.shift()
      else this.#toGuest[0] = bytes.subarray(part.length)
    }
    this.#waiting -= copied
    return copied
  }

  /** The guest sends. */
  guestSend(bytes: Uint8Array): number {
    if (this.guestEnded) return E_CLOSED
    const taken = Math.min(bytes.length, SPACE - this.#sendSpaceUsed)
    if (taken > 0) this.#outgoing.push(Buffer.from(bytes.subarray(0, taken)))
    this.#sendSpaceUsed += taken
    if (taken < bytes.length) this.#wantsWritable = true
    return taken
  }
}
