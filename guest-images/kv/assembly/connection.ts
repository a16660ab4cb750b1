/** A client's connection: what has been received and not executed, and what has been replied and not sent. */
import { network, table } from '../../lib'
import { allocate, release } from '../../lib/heap'
import { PartialRequest, clearArguments, takeUp } from './arguments'
import { Str, dropStr } from './str'
import { STAT } from './stats'
import { nowMs } from './time'

/** Bytes that `send` did not take: its own, after the fields, or a part of a shared Str. */
@unmanaged
export class Chunk {
  next: Chunk | null
  str: Str | null
  /** Addresses of the bytes still to be sent. */
  start: usize
  end: usize
  /** Room for bytes of its own. */
  cap: u32
}

export namespace Replies {
  export const ON: u8 = 0
  export const OFF: u8 = 1
  /** The command after this one is not answered, */
  export const SKIP_NEXT: u8 = 2
  /** and this is that command. */
  export const SKIP: u8 = 3
}

@unmanaged
export class Connection {
  id: i32
  /** What CLIENT ID says. */
  number: u32
  since: i64
  name: Str | null
  library: Str | null
  libraryVersion: Str | null
  before: Connection | null
  after: Connection | null
  /** Received bytes from `start` to `end` of `buffer`: an incomplete request, or requests that wait for the backlog. */
  buffer: usize
  cap: i32
  start: i32
  end: i32
  /** How far the parser got in an incomplete request, and what it expects. */
  parsed: i32
  partial: PartialRequest | null
  remaining: i32
  bulkLen: i32
  bulk: Str | null
  head: Chunk | null
  tail: Chunk | null
  /** Bytes in the chunks. */
  backlog: u32
  /** Too much backlog: nothing is received or executed until it has gone. */
  paused: bool
  /** The peer sends no more. */
  ended: bool
  /** Nothing more is executed; closed once the backlog has gone. */
  closing: bool
  /** Reset: sending is in vain. */
  broken: bool
  replies: u8
  noEvict: bool
  lastCommand: usize
}

/** Every connection, oldest first. */
export let oldest: Connection | null = null
let newest: Connection | null = null
let numbers: u32 = 0

export function openConnection(id: i32): void {
  const connection = changetype<Connection>(allocate(offsetof<Connection>()))
  memory.fill(changetype<usize>(connection), 0, offsetof<Connection>())
  connection.id = id
  connection.number = ++numbers
  connection.since = nowMs()
  connection.bulkLen = -1
  connection.before = newest
  if (newest !== null) newest!.after = connection
  else oldest = connection
  newest = connection
  table.set(id, changetype<usize>(connection))
  STAT.connections++
}

/** The connection of this id, or null if it is gone. */
export function connectionOf(id: i32): Connection | null {
  return changetype<Connection | null>(table.get(id))
}

export function openConnections(): u32 {
  return table.size()
}

/** Forgets a connection, and everything it holds. The network's side is closed already, or dead. */
export function freeConnection(connection: Connection): void {
  table.remove(connection.id)
  const before = connection.before
  const after = connection.after
  if (before !== null) before.after = after
  else oldest = after
  if (after !== null) after.before = before
  else newest = before
  release(connection.buffer)
  const partial = connection.partial
  if (partial !== null) {
    takeUp(partial)
    clearArguments()
  }
  dropIf(connection.bulk)
  dropIf(connection.name)
  dropIf(connection.library)
  dropIf(connection.libraryVersion)
  while (connection.head !== null) dropHead(connection)
  release(changetype<usize>(connection))
}

/** Frees the first chunk. */
export function dropHead(connection: Connection): void {
  const chunk = connection.head!
  connection.head = chunk.next
  if (chunk.next === null) connection.tail = null
  dropIf(chunk.str)
  release(changetype<usize>(chunk))
}

function dropIf(str: Str | null): void {
  if (str !== null) dropStr(str)
}

const UNWANTED_BYTES = 16384
const unwanted = memory.data(16384)

/** Closes a connection that wants it, once all it was replied has been taken. */
export function closeIfDone(connection: Connection): void {
  if (!connection.closing || (connection.backlog > 0 && !connection.broken)) return
  // Closing with data unread would reset the connection, and the client might lose its last replies.
  while (network.receive(connection.id, unwanted, UNWANTED_BYTES) > 0) continue
  network.close(connection.id)
  freeConnection(connection)
}
