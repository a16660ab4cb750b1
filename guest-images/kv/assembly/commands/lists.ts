/** LPUSH RPUSH LPOP RPOP LLEN LRANGE */
import { heap } from '../../../lib'
import { arg, argLen, argc, takeArg } from '../arguments'
import { add, remove } from '../database'
import { NO_NODE, Node } from '../dict'
import { integerArg, isWrongType, lookupArg, outOfMemory, readArg, wrongArity } from '../errors'
import { List, at, newList, popHead, popTail, pushHead, pushTail } from '../list'
import { parseInteger, parsed } from '../numbers'
import { array, bulkStr, error, integer, nil, nilArray } from '../reply'
import { dropStr } from '../str'
import { Type } from '../value'

/** Shorter lists are covered by the heap's reserve. */
const CHECKED_MIN: u32 = 16384

function listOf(node: Node): List {
  return changetype<List>(node.value)
}

export function lpush(): void {
  push(true)
}

export function rpush(): void {
  push(false)
}

function push(toHead: bool): void {
  let node = lookupArg(1)
  if (isWrongType(node, Type.LIST)) return
  if (node != NO_NODE && !canGrow(listOf(node), argc - 2)) {
    outOfMemory()
    return
  }
  if (node == NO_NODE) node = add(arg(1), argLen(1), Type.LIST, changetype<usize>(newList()))
  const list = listOf(node)
  for (let i = 2; i < argc; i++) {
    if (toHead) pushHead(list, takeArg(i))
    else pushTail(list, takeArg(i))
  }
  integer(list.len)
}

/** Whether there is memory for a longer list. */
function canGrow(list: List, by: u32): bool {
  return list.len + by <= list.cap || list.cap < CHECKED_MIN || heap.hasRoom((list.cap + by) << 3)
}

export function lpop(): void {
  pop(true, 'lpop')
}

export function rpop(): void {
  pop(false, 'rpop')
}

/** Reads an argument as a count from 0 on into `parsed`; false after an error. */
export function countArg(at: i32): bool {
  if (parseInteger(arg(at), argLen(at)) && parsed >= 0) return true
  error('ERR value is out of range, must be positive')
  return false
}

function pop(fromHead: bool, command: string): void {
  if (argc > 3) {
    wrongArity(command)
    return
  }
  const counted = argc == 3
  if (counted && !countArg(2)) return
  const node = lookupArg(1)
  if (node == NO_NODE) {
    if (counted) nilArray()
    else nil()
    return
  }
  if (isWrongType(node, Type.LIST)) return
  const list = listOf(node)
  const count = counted ? <u32>min(parsed, <i64>list.len) : 1
  if (counted) array(count)
  for (let i: u32 = 0; i < count; i++) {
    const str = fromHead ? popHead(list) : popTail(list)
    bulkStr(str)
    dropStr(str)
  }
  if (list.len == 0) remove(node)
}

export function llen(): void {
  const node = readArg(1)
  if (!isWrongType(node, Type.LIST)) integer(node == NO_NODE ? 0 : listOf(node).len)
}

export function lrange(): void {
  if (!integerArg(2)) return
  let first = parsed
  if (!integerArg(3)) return
  let last = parsed
  const node = readArg(1)
  if (isWrongType(node, Type.LIST)) return
  const len: i64 = node == NO_NODE ? 0 : listOf(node).len
  if (first < 0) first = max(first + len, 0)
  if (last < 0) last += len
  last = min(last, len - 1)
  if (first > last) {
    array(0)
    return
  }
  array(last - first + 1)
  const list = listOf(node)
  for (let i = first; i <= last; i++) bulkStr(at(list, <u32>i))
}
