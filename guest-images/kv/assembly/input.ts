/** A connection's turn: receive, parse, execute, until there is nothing left or it has too much backlog. */
import { network } from '../../lib'
import { allocate, release, tryResize } from '../../lib/heap'
import { argc, base, beginRequest, clearArguments, putAway, settleArguments, takeUp } from './arguments'
import { Connection, closeIfDone } from './connection'
import { execute } from './dispatch'
import { Found } from './found'
import { beginOutput, flush } from './output'
import {
  bulkLacks, bulkReceived, noMemory, parse, parserBulk, parserBulkLen, parserRemaining, roomInBulk, setParser
} from './resp'
import { STAT } from './stats'
import { end, pos, setWindow } from './window'

/** Above this many unsent reply bytes a client is neither read nor served; it goes on below half of it. */
export const BACKLOG_MAX: u32 = 1 << 20
/** An incomplete request's buffer is kept between requests up to this size. */
const BUFFER_KEPT = 1024
/** An incomplete request (its arguments of less than 32 KiB each) may have this many bytes. */
const REQUEST_MAX = 1 << 29

const RECEIVE_BYTES = network.CONNECTION_SPACE
const received = memory.data(262144 + 16, 16)

/** Serves a connection that may have something to receive, or has been paused. */
export function serve(connection: Connection): void {
  if (connection.closing || connection.paused) return
  beginOutput(connection)
  resume(connection)
  let more = true
  // What was left by a pause comes first.
  if (connection.end > connection.start && connection.partial === null && connection.remaining == 0) runKept(connection)
  while (more && !connection.closing && !connection.paused) more = receiveAndRun(connection)
  suspend(connection)
  flush()
  if (connection.ended && !connection.paused) connection.closing = true
  closeIfDone(connection)
}

function resume(connection: Connection): void {
  setParser(connection.remaining, connection.bulkLen, connection.bulk)
  const partial = connection.partial
  if (partial !== null) takeUp(partial)
  connection.partial = null
}

function suspend(connection: Connection): void {
  connection.remaining = parserRemaining()
  connection.bulkLen = parserBulkLen()
  connection.bulk = parserBulk()
  if (argc > 0) connection.partial = putAway()
}

function runKept(connection: Connection): void {
  setWindow(connection.buffer + connection.start, connection.buffer + connection.end)
  run(connection)
  keepRest(connection)
}

/** Receives once and runs what is complete; false when nothing is left to receive. */
function receiveAndRun(connection: Connection): bool {
  const lacks = bulkLacks()
  if (lacks > 0) return receiveBig(connection, min(lacks, RECEIVE_BYTES))
  const bytes = network.receive(connection.id, received, RECEIVE_BYTES)
  if (bytes <= 0) return false
  STAT.bytesIn += bytes
  if (connection.end == connection.start) setWindow(received, received + bytes)
  else appendReceived(connection, bytes)
  if (!connection.closing) run(connection)
  keepRest(connection)
  return bytes == RECEIVE_BYTES
}

function receiveBig(connection: Connection, size: i32): bool {
  const room = roomInBulk(size)
  if (room == 0) {
    giveUp(connection)
    return false
  }
  const bytes = network.receive(connection.id, room, size)
  if (bytes <= 0) return false
  STAT.bytesIn += bytes
  bulkReceived(bytes)
  return bytes == size
}

/** There is no memory for the rest of a request: the client is told, and closed. */
function giveUp(connection: Connection): void {
  noMemory()
  abandon(connection)
}

/** Drops what was parsed, and closes the connection once it has its error. */
function abandon(connection: Connection): void {
  clearArguments()
  setParser(0, -1, null)
  connection.closing = true
}

/** Adds what was received to what is kept, and makes the whole the window, parsing to go on where it stopped. */
function appendReceived(connection: Connection, bytes: i32): void {
  const kept = connection.end - connection.start
  if (connection.cap - connection.end < bytes) {
    memory.copy(connection.buffer, connection.buffer + connection.start, kept)
    connection.start = 0
    connection.end = kept
    if (connection.cap - kept < bytes && !growBuffer(connection, kept + bytes)) return
  }
  memory.copy(connection.buffer + connection.end, received, bytes)
  connection.end += bytes
  const from = connection.buffer + connection.start
  beginRequest(from)
  setWindow(from + connection.parsed, connection.buffer + connection.end)
}

function growBuffer(connection: Connection, needed: i32): bool {
  const cap = max(min(connection.cap << 1, REQUEST_MAX), needed)
  const buffer = cap > REQUEST_MAX ? 0 : tryResize(connection.buffer, cap)
  if (buffer == 0) {
    giveUp(connection)
    return false
  }
  connection.cap = cap
  connection.buffer = buffer
  return true
}

/** Executes every complete request of the window. */
function run(connection: Connection): void {
  while (!connection.closing) {
    const found = parse()
    if (found == Found.NOTHING) return
    if (found == Found.VIOLATION) {
      abandon(connection)
      return
    }
    if (argc > 0) {
      settleArguments()
      execute(connection)
      clearArguments()
    }
    if (connection.backlog > BACKLOG_MAX) {
      connection.paused = true
      return
    }
  }
}

/** Keeps what was not executed: from the start of an incomplete request, or of the next one. */
function keepRest(connection: Connection): void {
  const from = parserRemaining() > 0 ? base : pos
  const size = <i32>(end - from)
  connection.parsed = <i32>(pos - from)
  if (connection.closing || size == 0) {
    connection.start = 0
    connection.end = 0
    if (connection.cap > BUFFER_KEPT) {
      release(connection.buffer)
      connection.buffer = 0
      connection.cap = 0
    }
    return
  }
  if (from >= connection.buffer && from < connection.buffer + connection.cap) {
    connection.start = <i32>(from - connection.buffer)
    connection.end = <i32>(end - connection.buffer)
    return
  }
  if (connection.cap < size) {
    release(connection.buffer)
    connection.cap = size
    connection.buffer = allocate(size)
  }
  memory.copy(connection.buffer, from, size)
  connection.start = 0
  connection.end = size
}
