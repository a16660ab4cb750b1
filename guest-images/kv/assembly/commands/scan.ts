/** KEYS SCAN */
import { equalsWord } from '../../../lib/text'
import { arg, argLen, argc } from '../arguments'
import { allKeys } from '../database'
import { keyOf } from '../dict'
import { scanStep } from '../dict-scan'
import { integerArg, syntaxError } from '../errors'
import { isExpired } from '../expiry'
import { matches } from '../glob'
import { beginGathering, gatherAll, gathered, gatheredAt, keepGathered, putGathered } from '../nodes'
import { parsed, writeUnsigned } from '../numbers'
import { array, bulk, error } from '../reply'
import { typeName } from './keys'

export function keys(): void {
  beginGathering()
  gatherAll(allKeys())
  keepMatching(argLen(1) == 1 && load<u8>(arg(1)) == 0x2A ? 0 : 1, 0)
  replyGathered()
}

/** Of the gathered nodes keeps those that match the pattern and the type in these arguments (0: any) and are not expired. */
function keepMatching(patternAt: i32, typeAt: i32): void {
  let kept: u32 = 0
  for (let i: u32 = 0; i < gathered; i++) {
    const node = gatheredAt(i)
    if (patternAt > 0 && !matches(arg(patternAt), argLen(patternAt), keyOf(node), node.keyLen)) continue
    if (typeAt > 0 && !equalsWord(arg(typeAt), argLen(typeAt), typeName(node.type))) continue
    if (!isExpired(node)) putGathered(kept++, node)
  }
  keepGathered(kept)
}

function replyGathered(): void {
  array(gathered)
  for (let i: u32 = 0; i < gathered; i++) bulk(keyOf(gatheredAt(i)), gatheredAt(i).keyLen)
}

/** Buckets visited for every key asked for, before a sparse table makes a step end with fewer. */
const VISITS_PER_KEY: i64 = 10

const digits = memory.data(24)
let countWanted: i64 = 10
let patternAt = 0
let typeAt = 0

export function scan(): void {
  if (!readCursor(arg(1), argLen(1))) {
    error('ERR invalid cursor')
    return
  }
  if (!readScanOptions()) return
  let cursor = cursorRead
  let visits = countWanted > i64.MAX_VALUE / VISITS_PER_KEY ? i64.MAX_VALUE : countWanted * VISITS_PER_KEY
  beginGathering()
  do cursor = scanStep(allKeys(), cursor)
  while (cursor != 0 && --visits > 0 && <i64>gathered < countWanted)
  keepMatching(patternAt, typeAt)
  array(2)
  bulk(digits, <i32>(writeUnsigned(digits, cursor) - digits))
  replyGathered()
}

function readScanOptions(): bool {
  countWanted = 10
  patternAt = 0
  typeAt = 0
  for (let i = 2; i < argc; i += 2) {
    if (i + 1 == argc) {
      syntaxError()
      return false
    }
    if (equalsWord(arg(i), argLen(i), 'count')) {
      if (!integerArg(i + 1)) return false
      countWanted = parsed
      if (countWanted < 1) {
        syntaxError()
        return false
      }
    } else if (equalsWord(arg(i), argLen(i), 'match')) {
      patternAt = argLen(i + 1) == 1 && load<u8>(arg(i + 1)) == 0x2A ? 0 : i + 1
    } else if (equalsWord(arg(i), argLen(i), 'type')) {
      typeAt = i + 1
    } else {
      syntaxError()
      return false
    }
  }
  return true
}

let cursorRead: u64 = 0

/** Reads a cursor as C's strtoul does: a sign is allowed (minus negates), nothing may follow, it must fit in 64 bits. */
function readCursor(ptr: usize, len: i32): bool {
  let at = 0
  const sign = len > 0 ? load<u8>(ptr) : 0
  if (sign == 0x2D || sign == 0x2B) at++
  // An empty cursor passes as 0 there, a lone sign does not.
  if (at == len && len > 0) return false
  let value: u64 = 0
  for (; at < len; at++) {
    const digit: u64 = <u32>load<u8>(ptr + at) - 48
    if (digit > 9 || value > 1844674407370955161 || (value == 1844674407370955161 && digit > 5)) return false
    value = value * 10 + digit
  }
  cursorRead = sign == 0x2D ? -value : value
  return true
}
