/**
 * When keys expire: a binary heap of (time, node), earliest first; each node knows its place, so that PERSIST, DEL and
 * a new EXPIRE are logarithmic. One timer is armed for the earliest.
 */
import { timers } from '../../lib'
import { resize } from '../../lib/heap'
import { Node } from './dict'
import { nowMs } from './time'

/** Timer number of the active expiry. */
export const EXPIRY_TIMER = 0

const ITEM_BYTES = 16
/** No delay is longer: a timer that comes early finds nothing due and is set again. */
const DELAY_MAX_MS: i64 = 86_400_000

let items: usize = 0
let cap: u32 = 0
let count: u32 = 0
/** When the timer is armed for; `i64.MAX_VALUE`: it is not. */
let armedFor = i64.MAX_VALUE

/** How many keys have an expiry. */
export function expiringKeys(): u32 {
  return count
}

// @ts-ignore: decorator
@inline
function whenAt(place: u32): i64 {
  return load<i64>(items + place * ITEM_BYTES)
}

// @ts-ignore: decorator
@inline
function nodeAt(place: u32): Node {
  return load<Node>(items + place * ITEM_BYTES, 8)
}

// @ts-ignore: decorator
@inline
function put(place: u32, when: i64, node: Node): void {
  store<i64>(items + place * ITEM_BYTES, when)
  store<Node>(items + place * ITEM_BYTES, node, 8)
  node.expiry = place
}

/** When the node expires, in milliseconds since 1970; -1: never. */
export function expiryOf(node: Node): i64 {
  return node.expiry == 0 ? -1 : whenAt(node.expiry)
}

export function isExpired(node: Node): bool {
  return node.expiry != 0 && whenAt(node.expiry) < nowMs()
}

/** Sets or replaces a node's expiry. */
export function setExpiry(node: Node, when: i64): void {
  if (node.expiry != 0) clearExpiry(node)
  if (++count >= cap) {
    cap = max(64, cap << 1)
    items = resize(items, cap * ITEM_BYTES)
  }
  rise(count, when, node)
}

/** Takes a node's expiry away, if it has one. */
export function clearExpiry(node: Node): void {
  const place = node.expiry
  if (place == 0) return
  node.expiry = 0
  const when = whenAt(count)
  const last = nodeAt(count)
  count--
  if (last == node) return
  if (place > 1 && when < whenAt(place >> 1)) rise(place, when, last)
  else sink(place, when, last)
}

/** Forgets every expiry; the nodes are about to be freed. */
export function clearAllExpiries(): void {
  count = 0
}

function rise(place: u32, when: i64, node: Node): void {
  for (; place > 1 && when < whenAt(place >> 1); place >>= 1) put(place, whenAt(place >> 1), nodeAt(place >> 1))
  put(place, when, node)
}

function sink(place: u32, when: i64, node: Node): void {
  for (let child = place << 1; child <= count; child = place << 1) {
    if (child < count && whenAt(child + 1) < whenAt(child)) child++
    if (whenAt(child) >= when) break
    put(place, whenAt(child), nodeAt(child))
    place = child
  }
  put(place, when, node)
}

/** The node that expired first, or null. */
export function nextExpired(): Node | null {
  return count > 0 && whenAt(1) < nowMs() ? nodeAt(1) : null
}

/** The timer has come: it is no longer armed. */
export function disarmed(): void {
  armedFor = i64.MAX_VALUE
}

/** Arms the timer if something expires before it comes; call it at the end of every interrupt. */
export function armTimer(): void {
  if (count == 0 || whenAt(1) >= armedFor) return
  armedFor = whenAt(1)
  // A key is gone once its time is past, not when it has come: one millisecond more.
  const delay = min(max(armedFor - nowMs() + 1, 0), DELAY_MAX_MS)
  timers.set(EXPIRY_TIMER, delay * 1000)
}
