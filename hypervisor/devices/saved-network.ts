/** The network device's state in a snapshot: written, read and checked (`../machine/FORMAT.md`). */
import { Parser } from 'binary-parser'
import { bytes, text } from '../../logging-channel/fields.ts'
import { parseFields, type FieldWriter } from '../machine/saved-fields.ts'
import { SnapshotError } from '../machine/snapshot-error.ts'
import { Connection } from './connection.ts'
import { Cause, checkRaised } from './device.ts'
import { NetEvent } from './net-events.ts'

export type NetworkState = {
  readonly raised: number
  /** Odd: the id of the next connection that the guest opens. */
  readonly nextOutgoing: number
  /** The highest id that the switch has given a connection, 0 for none. */
  readonly evenMax: number
  readonly listening: readonly number[]
  /** Pairs (kind, conn), oldest first. */
  readonly events: readonly number[]
  /** In the order they were made, which the state hash knows. */
  readonly connections: readonly Connection[]
}

type SavedConnection = {
  readonly id: number
  readonly port: number
  readonly peer: string
  readonly received: Uint8Array
  readonly sendSpace: number
  readonly uncredited: number
  readonly flags: number
}

type SavedNetwork = Omit<NetworkState, 'events' | 'connections'> & {
  readonly events: readonly { readonly kind: number; readonly conn: number }[]
  readonly connections: readonly SavedConnection[]
}

const connection = bytes(text(new Parser().uint32le('id').uint16le('port'), 'peer'), 'received')
  .uint32le('sendSpace')
  .uint32le('uncredited')
  .uint8('flags')

const network = new Parser()
  .uint8('raised')
  .uint32le('nextOutgoing')
  .uint32le('evenMax')
  .uint32le('ports')
  .array('listening', { type: 'uint16le', length: 'ports' })
  .uint32le('queued')
  .array('events', { type: new Parser().uint8('kind').uint32le('conn'), length: 'queued' })
  .uint32le('open')
  .array('connections', { type: connection, length: 'open' })
  .saveOffset('end')

export function writeNetwork(out: FieldWriter, state: NetworkState): void {
  out.u8(state.raised)
  out.u32(state.nextOutgoing)
  out.u32(state.evenMax)
  out.u32(state.listening.length)
  for (const port of state.listening) out.u16(port)
  out.u32(state.events.length / 2)
  state.events.forEach((value, i) => (i % 2 === 0 ? out.u8(value) : out.u32(value)))
  out.u32(state.connections.length)
  for (const c of state.connections) {
    out.u32(c.id)
    out.u16(c.port)
    out.text(c.peer)
    out.bytes(c.received.peek())
    out.u32(c.sendSpace)
    out.u32(c.uncredited)
    out.u8(c.flags)
  }
}

/** @throws SnapshotError */
export function readNetwork(saved: Uint8Array): NetworkState {
  const state = parseFields<SavedNetwork>(network, saved, 'the network\'s state')
  checkRaised(state.raised, Cause.network, 'the network')
  if (state.nextOutgoing % 2 === 0) refuse(`next outgoing connection ${state.nextOutgoing}`, 'an odd id')
  if (state.evenMax % 2 !== 0) refuse(`incoming connection ${state.evenMax}`, 'even ids')
  if (new Set(state.listening).size < state.listening.length) refuse('a port that is listened on twice', 'each port once')
  const kinds: readonly number[] = Object.values(NetEvent)
  for (const { kind } of state.events) if (!kinds.includes(kind)) refuse(`event kind ${kind}`, `one of ${kinds.join(', ')}`)
  const ids = new Set<number>()
  for (const { id, flags } of state.connections) {
    if (ids.has(id)) refuse(`connection ${id} twice`, 'each id once')
    ids.add(id)
    if (id === 0 || (id % 2 === 0 ? id > state.evenMax : id >= state.nextOutgoing)) refuse(`connection ${id}`, 'ids given before')
    if (flags > 63) refuse(`flags ${flags} of connection ${id}`, 'at most 63')
  }
  return {
    ...state, events: state.events.flatMap(({ kind, conn }) => [kind, conn]), connections: state.connections.map(connectionOf)
  }
}

function connectionOf(saved: SavedConnection): Connection {
  const c = new Connection(saved.id, saved.port, saved.peer, false)
  c.received.push(saved.received.slice())
  c.sendSpace = saved.sendSpace
  c.uncredited = saved.uncredited
  c.flags = saved.flags
  return c
}

function refuse(found: string, expected: string): never {
  throw new SnapshotError(`the network's state in the snapshot has ${found}, expected ${expected}`)
}
