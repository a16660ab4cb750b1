/** A list value: a ring of strings, so that both ends and any index are one step away. */
import { allocate, release } from '../../lib/heap'
import { Str, dropStr } from './str'

@unmanaged
export class List {
  items: usize
  /** Power of two. */
  cap: u32
  head: u32
  len: u32
}

const CAP_MIN: u32 = 4

export function newList(): List {
  const list = changetype<List>(allocate(offsetof<List>()))
  list.items = allocate(CAP_MIN << 2)
  list.cap = CAP_MIN
  list.head = 0
  list.len = 0
  return list
}

export function freeList(list: List): void {
  for (let i: u32 = 0; i < list.len; i++) dropStr(at(list, i))
  release(list.items)
  release(changetype<usize>(list))
}

/** The string at an index below `len`. */
export function at(list: List, index: u32): Str {
  return load<Str>(place(list, index))
}

// @ts-ignore: decorator
@inline
function place(list: List, index: u32): usize {
  return list.items + ((list.head + index & list.cap - 1) << 2)
}

export function pushHead(list: List, str: Str): void {
  if (list.len == list.cap) moveTo(list, list.cap << 1)
  list.head = list.head - 1 & list.cap - 1
  list.len++
  store<Str>(place(list, 0), str)
}

export function pushTail(list: List, str: Str): void {
  if (list.len == list.cap) moveTo(list, list.cap << 1)
  store<Str>(place(list, list.len++), str)
}

/** Takes the first string out of a list that has one; the hold on it passes to the caller. */
export function popHead(list: List): Str {
  const str = at(list, 0)
  list.head = list.head + 1 & list.cap - 1
  list.len--
  shrink(list)
  return str
}

/** Takes the last string out of a list that has one; the hold on it passes to the caller. */
export function popTail(list: List): Str {
  const str = at(list, list.len - 1)
  list.len--
  shrink(list)
  return str
}

function shrink(list: List): void {
  if (list.cap > CAP_MIN && list.len <= list.cap >> 3) moveTo(list, list.cap >> 1)
}

function moveTo(list: List, cap: u32): void {
  const items = allocate(cap << 2)
  const first = min(list.len, list.cap - list.head)
  memory.copy(items, list.items + (list.head << 2), first << 2)
  memory.copy(items + (first << 2), list.items, (list.len - first) << 2)
  release(list.items)
  list.items = items
  list.cap = cap
  list.head = 0
}
