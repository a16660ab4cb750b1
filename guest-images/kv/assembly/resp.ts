/** RESP2 requests, parsed in place. What was parsed of an incomplete one is kept, so no byte is looked at twice. */
import { heap } from '../../lib'
import { tryResize } from '../../lib/heap'
import { outOfMemory } from './errors'
import { addArgument, addBigArgument, beginRequest } from './arguments'
import { Found, LINE_MAX } from './found'
import { parseInline } from './inline'
import { parseInteger, parsed } from './numbers'
import { beginError, endError, error, errorText } from './reply'
import { STR_HEADER, Str, bytesOf, dropStr, newStr } from './str'
import { end, findByte, moveTo, pos, setWindow } from './window'
import { advance, out } from './output'

/** Redis's default proto-max-bulk-len. */
export const BULK_MAX: i64 = 536_870_912
/** From this length on an argument that is not all there yet is received straight into a Str. */
const BIG_MIN: i64 = 32768
/** A big argument's Str starts with this much room and grows as its bytes come. */
const BIG_STEP = 262144

/** Arguments still to come; 0 between requests. */
let remaining = 0
/** The length of the argument that comes next; -1: its header comes first. */
let bulkLen = -1
/** The big argument that is being received. */
let bulk: Str | null = null

export function parserRemaining(): i32 { return remaining }
export function parserBulkLen(): i32 { return bulkLen }
export function parserBulk(): Str | null { return bulk }

/** Sets the parser's state: a connection's, or that between two requests. */
export function setParser(remainingNow: i32, bulkLenNow: i32, bulkNow: Str | null): void {
  remaining = remainingNow
  bulkLen = bulkLenNow
  bulk = bulkNow
}

/** Parses up to the end of the next request. */
export function parse(): i32 {
  if (remaining == 0) {
    if (pos >= end) return Found.NOTHING
    beginRequest(pos)
    if (load<u8>(pos) != 0x2A) return parseInline()
    const header = parseHeader()
    if (header != Found.REQUEST) return header == Found.NOTHING ? header : violation(header)
    if (length > i32.MAX_VALUE) return violation(BAD_LENGTH)
    if (length <= 0) return Found.REQUEST
    remaining = <i32>length
  }
  while (remaining > 0) {
    const argument = parseArgument()
    if (argument != Found.REQUEST) return argument
  }
  return Found.REQUEST
}

const TOO_BIG = -2
const BAD_LENGTH = -3

/** The number in the header that `parseHeader` read. */
let length: i64 = 0

/** Reads `*N\r\n` or `$N\r\n` and passes it. NOTHING, REQUEST (read), TOO_BIG or BAD_LENGTH. */
function parseHeader(): i32 {
  // The usual case, one or more digits and the line's end, needs no search.
  let at = pos + 1
  let value: u32 = 0
  while (at < end) {
    const digit = <u32>load<u8>(at) - 48
    if (digit > 9) break
    value = value * 10 + digit
    at++
  }
  const digits = <i32>(at - pos) - 1
  if (<u32>(digits - 1) < 8 && at + 2 <= end && load<u8>(at) == 13 && (digits == 1 || load<u8>(pos, 1) != 48)) {
    length = value
    moveTo(at + 2)
    return Found.REQUEST
  }
  return parseAnyHeader()
}

function parseAnyHeader(): i32 {
  const lineEnd = findByte(13)
  if (lineEnd == 0) return end - pos > LINE_MAX ? TOO_BIG : Found.NOTHING
  if (lineEnd + 2 > end) return Found.NOTHING
  if (!parseInteger(pos + 1, <i32>(lineEnd - pos) - 1)) return BAD_LENGTH
  length = parsed
  moveTo(lineEnd + 2)
  return Found.REQUEST
}

function violation(kind: i32): i32 {
  error(kind == TOO_BIG ? 'ERR Protocol error: too big mbulk count string' : 'ERR Protocol error: invalid multibulk length')
  return Found.VIOLATION
}

/** Parses one argument: REQUEST if it is all there. */
function parseArgument(): i32 {
  if (bulkLen < 0) {
    if (pos >= end) return Found.NOTHING
    const header = load<u8>(pos) == 0x24 ? parseHeader() : notABulk()
    if (header != Found.REQUEST) return header == Found.NOTHING || header == Found.VIOLATION ? header : badBulk(header)
    if (length < 0 || length > BULK_MAX) return badBulk(BAD_LENGTH)
    bulkLen = <i32>length
    if (length >= BIG_MIN && <i64>(end - pos) < length + 2) {
      if (heap.isLow() || !heap.hasRoom(min(bulkLen, BIG_STEP) + STR_HEADER)) return noMemory()
      bulk = newStr(min(bulkLen, BIG_STEP))
    }
  }
  if (bulk !== null) return parseBig(bulk!)
  if (<i32>(end - pos) < bulkLen + 2) return Found.NOTHING
  addArgument(pos, bulkLen)
  moveTo(pos + bulkLen + 2)
  bulkLen = -1
  remaining--
  return Found.REQUEST
}

function notABulk(): i32 {
  const lineEnd = findByte(13)
  if (lineEnd == 0) return end - pos > LINE_MAX ? TOO_BIG : Found.NOTHING
  if (lineEnd + 2 > end) return Found.NOTHING
  beginError("ERR Protocol error: expected '$', got '")
  store<u8>(out, load<u8>(pos))
  advance(out + 1)
  errorText("'")
  endError()
  return Found.VIOLATION
}

function badBulk(kind: i32): i32 {
  error(kind == TOO_BIG ? 'ERR Protocol error: too big bulk count string' : 'ERR Protocol error: invalid bulk length')
  return Found.VIOLATION
}

/** An argument too big for the memory that is left: the request can't be understood to its end. */
export function noMemory(): i32 {
  outOfMemory()
  if (bulk !== null) dropStr(bulk!)
  bulk = null
  return Found.VIOLATION
}

function parseBig(str: Str): i32 {
  const part = min(<i32>(end - pos), bulkLen - str.len)
  if (part > 0) {
    const room = roomInBulk(part)
    if (room == 0) return noMemory()
    memory.copy(room, pos, part)
    bulkReceived(part)
    // What was copied need not be kept with the rest of an incomplete request.
    if (pos + part == end) setWindow(pos, pos)
    else moveTo(pos + part)
  }
  if (bulk!.len < bulkLen || <i32>(end - pos) < 2) return Found.NOTHING
  moveTo(pos + 2)
  addBigArgument(bulk!)
  bulk = null
  bulkLen = -1
  remaining--
  return Found.REQUEST
}

/** Bytes that the big argument being received still lacks; 0 if there is none. */
export function bulkLacks(): i32 {
  return bulk !== null ? bulkLen - bulk!.len : 0
}

/** Where the next bytes of the big argument go: room for `size`, at most what it lacks; 0: there is no memory. */
export function roomInBulk(size: i32): usize {
  let str = bulk!
  const wanted = str.len + size
  if (wanted > str.cap) {
    const cap = min(bulkLen, max(wanted, str.cap << 1))
    const grown = tryResize(changetype<usize>(str), STR_HEADER + cap)
    if (grown == 0) return 0
    str = changetype<Str>(grown)
    str.cap = cap
    bulk = str
  }
  return bytesOf(str) + str.len
}

/** So many bytes of the big argument were written where `roomInBulk` said. */
export function bulkReceived(size: i32): void {
  bulk!.len += size
}
