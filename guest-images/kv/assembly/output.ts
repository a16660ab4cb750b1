/**
 * Replies on their way out. They gather in one buffer for the connection being served, which goes out with a single
 * `send` when its turn ends; only what the network does not take is copied, into the connection's backlog.
 */
import { heap, network } from '../../lib'
import { allocate } from '../../lib/heap'
import { Chunk, Connection, dropHead } from './connection'
import { STAT } from './stats'
import { Str, bytesOf, copyBytes } from './str'

const BUFFER_BYTES: usize = 131072
const CHUNK_MIN: u32 = 16384

const buffer = memory.data(131072 + 64, 16) // and slack for writers that store whole words
/** Where the next reply byte goes. */
export let out: usize = buffer
let current: Connection = changetype<Connection>(0)
let muted = false

/** Replies are for this connection now. */
export function beginOutput(connection: Connection): void {
  current = connection
  out = buffer
}

/** The connection being served. */
// @ts-ignore: decorator
@inline
export function client(): Connection {
  return current
}

/** Whether what follows is thrown away instead of sent (CLIENT REPLY). */
export function mute(on: bool): void {
  if (muted == on) return
  flush()
  muted = on
}

/** Makes room for `size` bytes, at most 64 KiB, at `out`. */
// @ts-ignore: decorator
@inline
export function reserve(size: i32): void {
  if (out + size > buffer + BUFFER_BYTES) flush()
}

/** The reply has been written up to here. */
// @ts-ignore: decorator
@inline
export function advance(to: usize): void {
  out = to
}

/** Adds bytes of any length. */
export function putBytes(ptr: usize, len: i32): void {
  while (len > 0) {
    reserve(min(len, 65536))
    const part = min(len, <i32>(buffer + BUFFER_BYTES - out))
    copyBytes(out, ptr, part)
    out += part
    ptr += part
    len -= part
  }
}

/** Adds a part of a Str without copying it: the reply holds it until it is sent. */
export function putShared(str: Str, offset: i32, len: i32): void {
  flush()
  if (muted || current.broken) return
  const start = bytesOf(str) + offset
  const taken = send(start, len)
  if (taken == len || current.broken) return
  str.holders++
  append(newChunk(str, start + taken, start + len, 0))
}

/** Sends what has gathered, or adds it to the backlog. */
export function flush(): void {
  const len = <i32>(out - buffer)
  out = buffer
  if (len == 0 || muted || current.broken) return
  const taken = send(buffer, len)
  if (taken < len && !current.broken) keep(buffer + taken, len - taken)
}

/** Offers bytes to the network, unless others wait before them. Returns how many were taken. */
function send(ptr: usize, len: i32): i32 {
  if (current.head !== null) return 0
  const taken = network.send(current.id, ptr, len)
  if (taken < 0) {
    current.broken = true
    return 0
  }
  STAT.bytesOut += taken
  return taken
}

function keep(ptr: usize, len: i32): void {
  const tail = current.tail
  if (tail !== null && tail.str === null) {
    const own = changetype<usize>(tail) + offsetof<Chunk>() + tail.cap
    const part = min(len, <i32>(own - tail.end))
    copyBytes(tail.end, ptr, part)
    tail.end += part
    current.backlog += part
    ptr += part
    len -= part
  }
  if (len == 0) return
  const cap = max(<u32>len, CHUNK_MIN)
  if (!heap.hasRoom(cap + CHUNK_MIN)) {
    // No memory to keep replies in: better to lose this client than the service.
    current.broken = true
    current.closing = true
    return
  }
  const chunk = newChunk(null, 0, 0, cap)
  chunk.start = changetype<usize>(chunk) + offsetof<Chunk>()
  chunk.end = chunk.start + len
  copyBytes(chunk.start, ptr, len)
  append(chunk)
}

function newChunk(str: Str | null, start: usize, end: usize, cap: u32): Chunk {
  const chunk = changetype<Chunk>(allocate(offsetof<Chunk>() + cap))
  chunk.next = null
  chunk.str = str
  chunk.start = start
  chunk.end = end
  chunk.cap = cap
  return chunk
}

function append(chunk: Chunk): void {
  const tail = current.tail
  if (tail === null) current.head = chunk
  else tail.next = chunk
  current.tail = chunk
  current.backlog += <u32>(chunk.end - chunk.start)
}

/** The network has space again: sends from the backlog. */
export function drain(connection: Connection): void {
  while (connection.head !== null && !connection.broken) {
    const chunk = connection.head!
    const taken = network.send(connection.id, chunk.start, <i32>(chunk.end - chunk.start))
    if (taken < 0) {
      connection.broken = true
      return
    }
    STAT.bytesOut += taken
    connection.backlog -= taken
    chunk.start += taken
    if (chunk.start < chunk.end) return
    dropHead(connection)
  }
}
