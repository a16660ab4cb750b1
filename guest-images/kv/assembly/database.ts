/** The key space: one dict, with lazy expiry at every look-up and active expiry by timer. */
import { Dict, NO_NODE, Node, find, freeDict, freeNode, insert, newDict, newNode, unlink } from './dict'
import { clearAllExpiries, clearExpiry, expiryOf, isExpired, nextExpired, setExpiry } from './expiry'
import { hashBytes } from './hash'
import { STAT } from './stats'
import { freeValue } from './value'

/** Keys that one timer interrupt takes away; the rest waits for the next, so that clients are served in between. */
const EXPIRED_AT_ONCE = 1000

let keys = newDict()

export function allKeys(): Dict {
  return keys
}

/** The node of a key that exists and has not expired, or `NO_NODE`. */
export function lookup(key: usize, keyLen: i32): Node {
  const node = find(keys, key, keyLen, hashBytes(key, keyLen))
  return node != NO_NODE && node.expiry != 0 && expire(node) ? NO_NODE : node
}

/** Removes the key if its time is past; true if it did. */
export function expire(node: Node): bool {
  if (!isExpired(node)) return false
  STAT.expiredKeys++
  remove(node)
  return true
}

/** Adds a key that does not exist. */
export function add(key: usize, keyLen: i32, type: u8, value: usize): Node {
  const node = newNode(key, keyLen, hashBytes(key, keyLen), type, value)
  insert(keys, node)
  return node
}

/** Gives an existing key another value, and frees the one it had. Its expiry stays. */
export function replaceValue(node: Node, type: u8, value: usize): void {
  freeValue(node.type, node.value)
  node.type = type
  node.value = value
}

/** Removes a key with its value. */
export function remove(node: Node): void {
  clearExpiry(node)
  unlink(keys, node)
  freeValue(node.type, node.value)
  freeNode(node)
}

/** Moves a key's value and expiry to a name that does not exist. */
export function rename(node: Node, name: usize, nameLen: i32): void {
  const when = expiryOf(node)
  clearExpiry(node)
  unlink(keys, node)
  const renamed = add(name, nameLen, node.type, node.value)
  if (when >= 0) setExpiry(renamed, when)
  freeNode(node)
}

/** Removes every key. */
export function removeAll(): void {
  clearAllExpiries()
  freeAll(keys.buckets, keys.size)
  if (keys.target != 0) freeAll(keys.target, keys.targetSize)
  freeDict(keys)
  keys = newDict()
}

function freeAll(buckets: usize, size: u32): void {
  for (let i: u32 = 0; i < size; i++) {
    let node = load<Node>(buckets + (i << 2))
    while (node != NO_NODE) {
      const next = node.next
      freeValue(node.type, node.value)
      freeNode(node)
      node = next
    }
  }
}

/** Removes keys whose time is past, up to a bound. */
export function expireSome(): void {
  for (let i = 0; i < EXPIRED_AT_ONCE; i++) {
    const node = nextExpired()
    if (node === null) return
    expire(node)
  }
}
