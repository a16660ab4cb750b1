/**
 * A string of bytes: every string value, list element and hash value. Counted, so that a reply still waiting to be
 * sent can share a big value instead of copying it.
 */
import { allocate, release, resize } from '../../lib/heap'

@unmanaged
export class Str {
  /** How many hold it; whoever holds it alone may change it. */
  holders: u32
  len: i32
  /** Bytes there is room for. */
  cap: i32
}

export const STR_HEADER: usize = 12

/** The bytes of a string. */
// @ts-ignore: decorator
@inline
export function bytesOf(str: Str): usize {
  return changetype<usize>(str) + STR_HEADER
}

/** A new string with room for `cap` bytes and none in use. */
export function newStr(cap: i32): Str {
  const str = changetype<Str>(allocate(STR_HEADER + cap))
  str.holders = 1
  str.len = 0
  str.cap = cap
  return str
}

/** A new string with a copy of these bytes. */
export function strFrom(ptr: usize, len: i32): Str {
  const str = newStr(len)
  str.len = len
  copyBytes(bytesOf(str), ptr, len)
  return str
}

/** Gives up one hold on a string. */
export function dropStr(str: Str): void {
  if (--str.holders == 0) release(changetype<usize>(str))
}

/** The string with room for `cap` bytes: itself, moved, or, if others hold it too, a copy of its own. */
export function ownedStr(str: Str, cap: i32): Str {
  if (str.holders > 1) {
    const copy = newStr(max(cap, str.len))
    copy.len = str.len
    copyBytes(bytesOf(copy), bytesOf(str), str.len)
    str.holders--
    return copy
  }
  if (cap <= str.cap) return str
  // Growing strings tend to grow again: leave as much room as they have, up to 1 MiB.
  const wanted = cap + min(cap, 1 << 20)
  const grown = changetype<Str>(resize(changetype<usize>(str), STR_HEADER + wanted))
  grown.cap = wanted
  return grown
}

/** Copies bytes; short runs, the usual case, without the cost of a bulk copy. */
// @ts-ignore: decorator
@inline
export function copyBytes(to: usize, from: usize, len: i32): void {
  if (len <= 16) copyShort(to, from, len)
  else memory.copy(to, from, len)
}

function copyShort(to: usize, from: usize, len: i32): void {
  if (len >= 8) {
    const last = load<u64>(from + len - 8)
    store<u64>(to, load<u64>(from))
    store<u64>(to + len - 8, last)
  } else if (len >= 4) {
    const last = load<u32>(from + len - 4)
    store<u32>(to, load<u32>(from))
    store<u32>(to + len - 4, last)
  } else if (len > 0) {
    const middle = load<u8>(from + (len >> 1))
    const last = load<u8>(from + len - 1)
    store<u8>(to, load<u8>(from))
    store<u8>(to + (len >> 1), middle)
    store<u8>(to + len - 1, last)
  }
}

/** Whether two runs of bytes of the same length are equal. */
export function equalBytes(a: usize, b: usize, len: i32): bool {
  for (; len >= 8; len -= 8, a += 8, b += 8) {
    if (load<u64>(a) != load<u64>(b)) return false
  }
  for (; len > 0; len--, a++, b++) {
    if (load<u8>(a) != load<u8>(b)) return false
  }
  return true
}
