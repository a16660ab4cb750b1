/** From the clients to the machine: what they did waits here, merged, until a live machine is there to number it for. */
import { Kind } from '../../logging-channel/entries.ts'
import type { SwitchInput } from '../../logging-channel/entries.ts'
import type { SwitchClient } from './client.ts'
import type { ClientTable } from './client-table.ts'
import { HeldInputs } from './held-inputs.ts'
import { INPUT_BYTES_MAX, INPUT_OVERHEAD_BYTES, RECEIVE_SPACE_BYTES, WAITING_CHUNKS_MAX, WINDOW_REPORT_BYTES } from './limits.ts'
import type { ReadFlow } from './read-flow.ts'

export class Inbound {
  readonly held = new HeldInputs()
  readonly #table: ClientTable
  readonly #flow: ReadFlow
  #due: SwitchClient[] = []
  #console: Uint8Array[] = []

  constructor(table: ClientTable, flow: ReadFlow) {
    this.#table = table
    this.#flow = flow
  }

  /** Something waits for a number. */
  get isDue(): boolean {
    return this.#due.length > 0 || this.#console.length > 0
  }

  markDue(client: SwitchClient): void {
    if (client.due || (client.conn === 0 && !this.#table.listening.has(client.port))) return
    client.due = true
    this.#due.push(client)
  }

  onOpened(client: SwitchClient): void {
    this.#table.all.add(client)
    this.#flow.settle(client)
    this.markDue(client)
  }

  onData(client: SwitchClient, bytes: Uint8Array): void {
    client.waiting.push(bytes)
    client.waitingBytes += bytes.length
    if (client.waiting.length > WAITING_CHUNKS_MAX) client.waiting = [join(client.waiting, client.waitingBytes)]
    this.#flow.hold(bytes.length)
    this.#flow.settle(client)
    this.markDue(client)
  }

  onConsole(bytes: Uint8Array): void {
    this.#console.push(bytes)
    this.#flow.holdConsole(bytes.length)
  }

  /** The guest has taken `bytes` more. False if it can't have: it was not given so many. */
  onCredit(client: SwitchClient, bytes: number): boolean {
    if (bytes > client.inFlightBytes) return false
    client.inFlightBytes -= bytes
    this.#flow.settle(client)
    if (client.waitingBytes > 0) this.markDue(client)
    return true
  }

  /** The connection is dead for the clients' side: what waits is dropped. */
  drop(client: SwitchClient): void {
    this.#flow.release(client.waitingBytes)
    client.waiting = []
    client.waitingBytes = 0
    this.#table.forget(client)
  }

  /** The machine's entries up to `through` are acknowledged. */
  forget(through: number): void {
    while (this.held.forgottenThrough < through) this.#flow.releaseInput(this.held.forgetOne())
  }

  /** A connection of before this switch's time: the machine must see it end. */
  pushReset(conn: number): void {
    this.#push({ kind: Kind.netReset, conn })
  }

  /** Gives everything that waits, as far as the receive spaces allow, its number. */
  number(): void {
    const due = this.#due
    this.#due = []
    for (const client of due) {
      client.due = false
      this.#numberClient(client)
    }
    for (const bytes of this.#console) this.#numberConsole(bytes)
    if (this.#console.length > 0) this.#console = []
  }

  #push(input: SwitchInput): void {
    this.held.push(input)
    this.#flow.hold(INPUT_OVERHEAD_BYTES)
  }

  #numberClient(client: SwitchClient): void {
    if (client.gone) {
      if (client.resetDue) this.#push({ kind: Kind.netReset, conn: client.conn })
      return
    }
    if (client.conn === 0) {
      this.#table.name(client)
      this.#push({ kind: Kind.netOpen, conn: client.conn, port: client.port, peer: client.peer })
    }
    if (client.connectedDue) {
      client.connectedDue = false
      this.#push({ kind: Kind.netConnected, conn: client.conn })
    }
    if (client.waitingBytes > 0) this.#numberData(client)
    if (client.peerEnded && !client.endNumbered && client.waitingBytes === 0) this.#numberEnd(client)
    if (client.drainedBytes >= WINDOW_REPORT_BYTES && !client.guestEnded) this.#numberWindow(client)
  }

  #numberData(client: SwitchClient): void {
    let space = RECEIVE_SPACE_BYTES - client.inFlightBytes
    while (client.waitingBytes > 0 && space > 0) {
      const bytes = takeWaiting(client, Math.min(space, INPUT_BYTES_MAX))
      client.inFlightBytes += bytes.length
      space -= bytes.length
      this.#push({ kind: Kind.netData, conn: client.conn, bytes })
    }
  }

  #numberEnd(client: SwitchClient): void {
    client.endNumbered = true
    this.#push({ kind: Kind.netEnd, conn: client.conn })
    if (client.closed) this.#table.forget(client)
  }

  #numberWindow(client: SwitchClient): void {
    this.#push({ kind: Kind.netWindow, conn: client.conn, bytes: client.drainedBytes })
    client.unreportedBytes -= client.drainedBytes
    client.drainedBytes = 0
  }

  #numberConsole(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += INPUT_BYTES_MAX) {
      this.#push({ kind: Kind.console, bytes: bytes.subarray(at, at + INPUT_BYTES_MAX) })
    }
  }
}

/** The next bytes of a client, at most `max`: its first chunk as it is if that fits alone, else pieces joined. */
function takeWaiting(client: SwitchClient, max: number): Uint8Array {
  const waiting = client.waiting
  const first = waiting[0]
  if (waiting.length === 1 && first.length <= max) {
    waiting.length = 0
    client.waitingBytes = 0
    return first
  }
  const size = Math.min(max, client.waitingBytes)
  const all = waiting.length === 1 ? first : join(waiting, client.waitingBytes)
  client.waitingBytes -= size
  client.waiting = client.waitingBytes === 0 ? [] : [all.subarray(size)]
  return all.subarray(0, size)
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const joined = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    joined.set(chunk, at)
    at += chunk.length
  }
  return joined
}
