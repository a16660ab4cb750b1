/**
 * Network device: pull, bounded (DESIGN §4). Its state changes only by entries from the log and by the guest's
 * own calls, never on its own (P3.5-1).
 */
import { Kind, type SwitchInput } from '../../logging-channel/entries.ts'
import type { HostCalls } from '../machine/engine.ts'
import type { FieldWriter } from '../machine/saved-fields.ts'
import type { StateHasher } from '../machine/state-hash.ts'
import type { MachineHolds } from '../switch/messages.ts'
import { Connection, creditStepBytes } from './connection.ts'
import { Cause, DeviceId, type Device, type Outside } from './device.ts'
import { AbiError, type GuestMemory } from './guest-memory.ts'
import { NetEvent, netEventBytes, NetEventQueue } from './net-events.ts'
import { readNetwork, writeNetwork } from './saved-network.ts'

/** More than this many connections at a time are reset as they open. */
export const connectionsMax = 65536
const eventsPerCallMax = 65536

/** Console input shares the switch's numbering but is another device's. */
export type NetworkInput = Exclude<SwitchInput, { kind: typeof Kind.console }>

export class NetworkDevice implements Device {
  readonly id = DeviceId.network
  readonly calls: HostCalls
  readonly #memory: GuestMemory
  readonly #outside: Outside
  readonly #connections = new Map<number, Connection>()
  readonly #events = new NetEventQueue()
  readonly #listening = new Set<number>()
  #nextOutgoing = 1
  /** The highest id that the switch has given a connection. */
  #evenMax = 0
  #raised = 0

  constructor(memory: GuestMemory, outside: Outside) {
    this.#memory = memory
    this.#outside = outside
    this.calls = {
      net_listen: (port: number) => this.#listen(port),
      net_connect: (pointer: number, length: number, port: number) => this.#connect(pointer, length, port),
      net_events: (pointer: number, max: number) => this.#pullEvents(pointer, max >>> 0),
      net_recv: (conn: number, pointer: number, capacity: number) => this.#receive(conn, pointer, capacity),
      net_send: (conn: number, pointer: number, length: number) => this.#send(conn, pointer, length >>> 0),
      net_end: (conn: number) => this.#end(conn),
      net_close: (conn: number) => this.#close(conn),
      net_reset: (conn: number) => this.#reset(conn),
      net_peer: (conn: number, pointer: number, capacity: number) => this.#peer(conn, pointer, capacity >>> 0)
    }
  }

  get raised(): number {
    return this.#raised
  }

  taken(causes: number): void {
    this.#raised &= ~causes
  }

  /** What a switch that was started anew has to know of this machine. */
  holds(): MachineHolds {
    const conns = [...this.#connections.keys()]
    return { ports: [...this.#listening], conns, evenMax: this.#evenMax, oddMax: Math.max(0, this.#nextOutgoing - 2) }
  }

  /** Applies one entry from the log. Entries for connections that the guest has finished with change nothing. */
  inject(entry: NetworkInput): void {
    if (entry.kind === Kind.netOpen) return this.#injectOpen(entry.conn, entry.port, entry.peer)
    const c = this.#connections.get(entry.conn)
    if (c === undefined) return
    if (entry.kind === Kind.netData) this.#injectData(c, entry.bytes)
    else if (entry.kind === Kind.netWindow) this.#injectWindow(c, entry.bytes)
    else if (entry.kind === Kind.netEnd) this.#injectEnd(c)
    else if (entry.kind === Kind.netReset) this.#injectReset(c)
    else this.#injectConnected(c)
  }

  hash(hasher: StateHasher): void {
    hasher.word(this.#raised)
    hasher.word(this.#events.length)
    hasher.word(this.#nextOutgoing)
    for (const port of this.#listening) hasher.word(port)
    for (const c of this.#connections.values()) c.hash(hasher)
  }

  save(out: FieldWriter): void {
    writeNetwork(out, {
      raised: this.#raised, nextOutgoing: this.#nextOutgoing, evenMax: this.#evenMax, listening: [...this.#listening],
      events: this.#events.pairs(), connections: [...this.#connections.values()]
    })
  }

  restore(saved: Uint8Array): void {
    const state = readNetwork(saved)
    this.#raised = state.raised
    this.#nextOutgoing = state.nextOutgoing
    this.#evenMax = state.evenMax
    this.#listening.clear()
    for (const port of state.listening) this.#listening.add(port)
    this.#events.clear()
    for (let i = 0; i < state.events.length; i += 2) this.#events.push(state.events[i] as NetEvent, state.events[i + 1]!)
    this.#connections.clear()
    for (const c of state.connections) this.#connections.set(c.id, c)
  }

  #raise(kind: NetEvent, conn: number): void {
    this.#events.push(kind, conn)
    this.#raised = Cause.network
  }

  #injectOpen(conn: number, port: number, peer: string): void {
    if (conn <= this.#evenMax) throw new Error(`connection id ${conn} comes after ${this.#evenMax}: ids are never used again`)
    this.#evenMax = conn
    if (this.#connections.size >= connectionsMax) return this.#outside.emit({ kind: 'reset', conn })
    this.#connections.set(conn, new Connection(conn, port, peer, true))
    this.#raise(NetEvent.open, conn)
  }

  #injectData(c: Connection, bytes: Uint8Array): void {
    if (c.abandoned) return this.#drop(c, true) // as TCP: data after close() is answered by a reset
    c.received.push(bytes)
    if (c.dataQueued) return
    c.dataQueued = true
    this.#raise(NetEvent.data, c.id)
  }

  #injectWindow(c: Connection, bytes: number): void {
    c.sendSpace += bytes
    if (!c.wantsSpace) return
    c.wantsSpace = false
    this.#raise(NetEvent.writable, c.id)
  }

  #injectEnd(c: Connection): void {
    c.peerEnded = true
    if (c.abandoned) return this.#drop(c, false)
    this.#raise(NetEvent.end, c.id)
  }

  #injectReset(c: Connection): void {
    this.#drop(c, false)
    if (!c.abandoned) this.#raise(NetEvent.reset, c.id)
  }

  #injectConnected(c: Connection): void {
    c.established = true
    if (!c.abandoned) this.#raise(NetEvent.connected, c.id)
  }

  #drop(c: Connection, withReset: boolean): void {
    this.#connections.delete(c.id)
    if (withReset) this.#outside.emit({ kind: 'reset', conn: c.id })
  }

  #live(conn: number): Connection | undefined {
    const c = this.#connections.get(conn >>> 0)
    return c === undefined || c.abandoned ? undefined : c
  }

  #listen(port: number): number {
    if (port < 1 || port > 65535) return AbiError.invalid
    if (this.#listening.has(port)) return AbiError.busy
    this.#listening.add(port)
    this.#outside.emit({ kind: 'listen', port })
    return 0
  }

  #connect(pointer: number, length: number, port: number): number {
    if (port < 1 || port > 65535 || length < 1 || length > 255) return AbiError.invalid
    const host = this.#memory.view(pointer, length)
    if (host === undefined) return AbiError.fault
    if (this.#connections.size >= connectionsMax || this.#nextOutgoing > 0x7fffffff) return AbiError.busy
    const conn = this.#nextOutgoing
    this.#nextOutgoing += 2
    const name = String.fromCharCode(...host)
    this.#connections.set(conn, new Connection(conn, port, `${name}:${port}`, false))
    this.#outside.emit({ kind: 'connect', conn, host: name, port })
    return conn
  }

  #pullEvents(pointer: number, max: number): number {
    const wanted = Math.min(max, eventsPerCallMax, this.#events.length)
    const target = this.#memory.view(pointer, wanted * netEventBytes)
    if (target === undefined) return AbiError.fault
    const words = new DataView(target.buffer, target.byteOffset, target.byteLength)
    let written = 0
    const put = (kind: NetEvent, conn: number): void => {
      const c = this.#connections.get(conn)
      if (kind !== NetEvent.reset && (c === undefined || c.abandoned)) return
      if (kind === NetEvent.data) c!.dataQueued = false
      const at = written++ * netEventBytes
      words.setUint32(at, kind, true)
      words.setUint32(at + 4, conn, true)
      words.setUint32(at + 8, detail(kind, c), true)
      words.setUint32(at + 12, 0, true)
    }
    while (written < wanted && this.#events.shift(put));
    return written
  }

  #receive(conn: number, pointer: number, capacity: number): number {
    const c = this.#live(conn)
    if (c === undefined) return AbiError.conn
    const target = this.#memory.view(pointer, Math.min(capacity >>> 0, c.received.length))
    if (target === undefined) return AbiError.fault
    const count = c.received.read(target)
    c.uncredited += count
    if (c.uncredited >= creditStepBytes) {
      this.#outside.emit({ kind: 'credit', conn: c.id, bytes: c.uncredited })
      c.uncredited = 0
    }
    return count
  }

  #send(conn: number, pointer: number, length: number): number {
    const c = this.#live(conn)
    if (c === undefined) return AbiError.conn
    if (c.guestEnded) return AbiError.closed
    if (this.#memory.view(pointer, length) === undefined) return AbiError.fault
    const count = c.established ? Math.min(length, c.sendSpace) : 0
    if (count < length) c.wantsSpace = true
    if (count === 0) return 0
    c.sendSpace -= count
    this.#outside.emit({ kind: 'data', conn: c.id, bytes: this.#memory.copy(pointer, count)! })
    return count
  }

  #end(conn: number): number {
    const c = this.#live(conn)
    if (c === undefined) return AbiError.conn
    if (c.guestEnded) return AbiError.closed
    c.guestEnded = true
    this.#outside.emit({ kind: 'end', conn: c.id })
    return 0
  }

  #close(conn: number): number {
    const c = this.#live(conn)
    if (c === undefined) return AbiError.conn
    const unread = c.received.length > 0
    if (!c.guestEnded && !unread) this.#outside.emit({ kind: 'end', conn: c.id })
    c.guestEnded = c.abandoned = true
    c.received.clear()
    // As TCP: closing with unread data resets; closing after the peer has ended leaves nothing to wait for.
    if (unread || c.peerEnded) this.#drop(c, unread)
    return 0
  }

  #reset(conn: number): number {
    const c = this.#live(conn)
    if (c === undefined) return AbiError.conn
    this.#drop(c, true)
    return 0
  }

  #peer(conn: number, pointer: number, capacity: number): number {
    const c = this.#live(conn)
    if (c === undefined) return AbiError.conn
    if (c.peer.length > capacity) return c.peer.length
    const target = this.#memory.view(pointer, c.peer.length)
    if (target === undefined) return AbiError.fault
    for (let i = 0; i < c.peer.length; i++) target[i] = c.peer.charCodeAt(i)
    return c.peer.length
  }
}

function detail(kind: NetEvent, c: Connection | undefined): number {
  if (c === undefined) return 0
  if (kind === NetEvent.open) return c.port
  if (kind === NetEvent.data) return c.received.length
  return kind === NetEvent.writable ? c.sendSpace : 0
}
