/** GET GETSET GETDEL SETNX MSET MSETNX MGET APPEND STRLEN GETRANGE SETRANGE */
import { heap } from '../../../lib'
import { arg, argLen, argStr, argc, takeArg } from '../arguments'
import { add, remove, replaceValue } from '../database'
import { NO_NODE, Node } from '../dict'
import { integerArg, isWrongType, lookupArg, outOfMemory, readArg, wrongArity } from '../errors'
import { clearExpiry } from '../expiry'
import { parsed } from '../numbers'
import { array, bulk, bulkPart, bulkStr, error, integer, nil, ok } from '../reply'
import { BULK_MAX } from '../resp'
import { Str, bytesOf, copyBytes, newStr, ownedStr } from '../str'
import { Type } from '../value'

/** The string that a node of type STRING holds. */
// @ts-ignore: decorator
@inline
export function stringOf(node: Node): Str {
  return changetype<Str>(node.value)
}

/** Shorter strings are covered by the heap's reserve; longer ones leave so much room to grow. */
const CHECKED_MIN = 262144
const GROWTH_MAX: usize = 1 << 21
/** Bytes of slack in a value that is set again in place. */
const SLACK_MAX = 256

/** Gives a key, existing (`node`) or not, the value in an argument. Its expiry stays. */
export function setString(node: Node, keyAt: i32, valueAt: i32): Node {
  if (node == NO_NODE) return add(arg(keyAt), argLen(keyAt), Type.STRING, changetype<usize>(takeArg(valueAt)))
  const len = argLen(valueAt)
  if (node.type == Type.STRING && argStr(valueAt) == 0) {
    const str = stringOf(node)
    // The usual case, a value of about the same size: no allocation.
    if (str.holders == 1 && len <= str.cap && str.cap - len <= SLACK_MAX) {
      copyBytes(bytesOf(str), arg(valueAt), len)
      str.len = len
      return node
    }
  }
  replaceValue(node, Type.STRING, changetype<usize>(takeArg(valueAt)))
  return node
}

/** Replies with a node's string; false after an error if it is of another type. */
export function replyString(node: Node): bool {
  if (node == NO_NODE) {
    nil()
    return true
  }
  if (isWrongType(node, Type.STRING)) return false
  bulkStr(stringOf(node))
  return true
}

export function get(): void {
  replyString(readArg(1))
}

export function getset(): void {
  const node = lookupArg(1)
  if (!replyString(node)) return
  clearExpiry(setString(node, 1, 2))
}

export function getdel(): void {
  const node = readArg(1)
  if (replyString(node) && node != NO_NODE) remove(node)
}

export function setnx(): void {
  const node = lookupArg(1)
  if (node == NO_NODE) setString(node, 1, 2)
  integer(node == NO_NODE ? 1 : 0)
}

export function mset(): void {
  if ((argc & 1) == 0) {
    wrongArity('mset')
    return
  }
  setAll()
  ok()
}

export function msetnx(): void {
  if ((argc & 1) == 0) {
    wrongArity('msetnx')
    return
  }
  for (let i = 1; i < argc; i += 2) {
    if (lookupArg(i) != NO_NODE) {
      integer(0)
      return
    }
  }
  setAll()
  integer(1)
}

function setAll(): void {
  for (let i = 1; i < argc; i += 2) clearExpiry(setString(lookupArg(i), i, i + 1))
}

export function mget(): void {
  array(argc - 1)
  for (let i = 1; i < argc; i++) {
    const node = readArg(i)
    if (node == NO_NODE || node.type != Type.STRING) nil()
    else bulkStr(stringOf(node))
  }
}

export function append(): void {
  const node = lookupArg(1)
  if (isWrongType(node, Type.STRING)) return
  if (node == NO_NODE) {
    integer(stringOf(setString(node, 1, 2)).len)
    return
  }
  const len = argLen(2)
  if (isTooLong(<i64>stringOf(node).len + len)) return
  if (!mayGrow(stringOf(node), stringOf(node).len + len)) return
  const str = ownedStr(stringOf(node), stringOf(node).len + len)
  node.value = changetype<usize>(str)
  copyBytes(bytesOf(str) + str.len, arg(2), len)
  str.len += len
  integer(str.len)
}

/** Whether there is memory to make a string so long in any way; if not, the error has been given. */
function mayGrow(str: Str, len: i32): bool {
  return (str.holders == 1 && len <= str.cap) || hasRoom(max(len, str.len))
}

function hasRoom(len: i32): bool {
  if (len < CHECKED_MIN || heap.hasRoom(<usize>len + GROWTH_MAX)) return true
  outOfMemory()
  return false
}

function isTooLong(len: i64): bool {
  if (len <= BULK_MAX) return false
  error('ERR string exceeds maximum allowed size (proto-max-bulk-len)')
  return true
}

export function strlen(): void {
  const node = readArg(1)
  if (!isWrongType(node, Type.STRING)) integer(node == NO_NODE ? 0 : stringOf(node).len)
}

export function getrange(): void {
  if (!integerArg(2)) return
  let first = parsed
  if (!integerArg(3)) return
  let last = parsed
  const node = readArg(1)
  if (isWrongType(node, Type.STRING)) return
  const len: i64 = node == NO_NODE ? 0 : stringOf(node).len
  const backwards = first < 0 && last < 0 && first > last
  if (first < 0) first = max(first + len, 0)
  if (last < 0) last = max(last + len, 0)
  last = min(last, len - 1)
  if (backwards || len == 0 || first > last) bulk(0, 0)
  else bulkPart(stringOf(node), <i32>first, <i32>(last - first + 1))
}

export function setrange(): void {
  if (!integerArg(2)) return
  const offset = parsed
  if (offset < 0) {
    error('ERR offset is out of range')
    return
  }
  const node = lookupArg(1)
  if (isWrongType(node, Type.STRING)) return
  const len = argLen(3)
  const before = node == NO_NODE ? 0 : stringOf(node).len
  if (len == 0) {
    integer(before)
    return
  }
  // Two tests, so that a huge offset cannot overflow the sum.
  if (offset > BULK_MAX ? isTooLong(offset) : isTooLong(offset + len)) return
  const end = <i32>offset + len
  if (node == NO_NODE ? !hasRoom(end) : !mayGrow(stringOf(node), end)) return
  const str = node == NO_NODE ? newStr(end) : ownedStr(stringOf(node), max(end, before))
  if (offset > before) memory.fill(bytesOf(str) + before, 0, <usize>offset - before)
  copyBytes(bytesOf(str) + <usize>offset, arg(3), len)
  str.len = max(before, end)
  if (node == NO_NODE) add(arg(1), argLen(1), Type.STRING, changetype<usize>(str))
  else node.value = changetype<usize>(str)
  integer(str.len)
}
