/**
 * A hash table from byte strings to values: the key space, and every set and hash. Buckets are chains of nodes; when
 * the table grows or shrinks its nodes move bucket by bucket with the operations that follow, so none of them is slow.
 */
import { allocate, release, tryAllocate } from '../../lib/heap'
import { copyBytes, equalBytes } from './str'

/** An entry; its key's bytes follow the fields. */
@unmanaged
export class Node {
  next: Node
  hash: u32
  /** What the key leads to: a Str, a List or a Dict by `type`; 0 in a set. */
  value: usize
  keyLen: i32
  /** Where the key's expiry is kept, from 1; 0: it has none. */
  expiry: u32
  type: u8
}

export const NODE_HEADER: usize = 21

@unmanaged
export class Dict {
  /** Where nodes are, and while the table is being resized, where they are going. */
  buckets: usize
  target: usize
  size: u32
  targetSize: u32
  /** How many nodes there are. */
  count: u32
  /** The next bucket to move; only while `target` is not 0. */
  moved: u32
}

const SIZE_MIN: u32 = 4
/** Empty buckets that one step may pass over. */
const EMPTY_VISITS_MAX = 10

// @ts-ignore: decorator
@inline
export const NO_NODE = changetype<Node>(0)

export function newDict(): Dict {
  const dict = changetype<Dict>(allocate(offsetof<Dict>()))
  dict.buckets = newBuckets(SIZE_MIN)
  dict.size = SIZE_MIN
  dict.target = 0
  dict.targetSize = 0
  dict.count = 0
  dict.moved = 0
  return dict
}

/** Frees the tables of a dict, not its nodes. */
export function freeDict(dict: Dict): void {
  release(dict.buckets)
  release(dict.target)
  release(changetype<usize>(dict))
}

export function newNode(key: usize, keyLen: i32, hash: u32, type: u8, value: usize): Node {
  const node = changetype<Node>(allocate(NODE_HEADER + keyLen))
  node.hash = hash
  node.value = value
  node.keyLen = keyLen
  node.expiry = 0
  node.type = type
  copyBytes(keyOf(node), key, keyLen)
  return node
}

export function freeNode(node: Node): void {
  release(changetype<usize>(node))
}

// @ts-ignore: decorator
@inline
export function keyOf(node: Node): usize {
  return changetype<usize>(node) + NODE_HEADER
}

/** The node of this key, or `NO_NODE`. */
export function find(dict: Dict, key: usize, keyLen: i32, hash: u32): Node {
  if (dict.target != 0) {
    moveSome(dict)
    if (dict.target != 0) {
      const node = search(load<usize>(slotOf(dict.target, dict.targetSize, hash)), key, keyLen, hash)
      if (node != NO_NODE) return node
    }
  }
  return search(load<usize>(slotOf(dict.buckets, dict.size, hash)), key, keyLen, hash)
}

function search(at: usize, key: usize, keyLen: i32, hash: u32): Node {
  let node = changetype<Node>(at)
  while (node != NO_NODE && !(node.hash == hash && node.keyLen == keyLen && equalBytes(keyOf(node), key, keyLen))) {
    node = node.next
  }
  return node
}

/** Adds a node whose key is not there yet. */
export function insert(dict: Dict, node: Node): void {
  if (dict.target != 0) moveSome(dict)
  else if (dict.count >= dict.size) startMove(dict, dict.size << 1)
  const slot = dict.target != 0
    ? slotOf(dict.target, dict.targetSize, node.hash)
    : slotOf(dict.buckets, dict.size, node.hash)
  node.next = load<Node>(slot)
  store<Node>(slot, node)
  dict.count++
}

/** Takes out a node that is there; it stays the caller's. */
export function unlink(dict: Dict, node: Node): void {
  if (dict.target == 0 || !cut(slotOf(dict.target, dict.targetSize, node.hash), node)) {
    assert(cut(slotOf(dict.buckets, dict.size, node.hash), node))
  }
  dict.count--
  if (dict.target != 0) moveSome(dict)
  else if (dict.size > SIZE_MIN && dict.count < dict.size >> 3) startMove(dict, dict.size >> 2)
}

function cut(slot: usize, node: Node): bool {
  for (let at = load<Node>(slot); at != NO_NODE; slot = changetype<usize>(at), at = at.next) {
    if (at == node) {
      store<Node>(slot, node.next)
      return true
    }
  }
  return false
}

// @ts-ignore: decorator
@inline
export function slotOf(buckets: usize, size: u32, hash: u32): usize {
  return buckets + ((hash & (size - 1)) << 2)
}

/** Empty buckets, or 0 if there is no memory for them. */
function newBuckets(size: u32): usize {
  const buckets = size == SIZE_MIN ? allocate(size << 2) : tryAllocate(size << 2)
  if (buckets != 0) memory.fill(buckets, 0, size << 2)
  return buckets
}

/** Starts moving to a table of another size; without memory for it the chains just become longer. */
function startMove(dict: Dict, size: u32): void {
  if (size < SIZE_MIN) size = SIZE_MIN
  dict.target = newBuckets(size)
  dict.targetSize = size
  dict.moved = 0
}

/** Moves one bucket that has nodes; at the end the target takes the table's place. */
function moveSome(dict: Dict): void {
  let visits = EMPTY_VISITS_MAX
  while (dict.moved < dict.size && load<usize>(dict.buckets + (dict.moved << 2)) == 0 && visits-- > 0) dict.moved++
  if (dict.moved < dict.size) moveBucket(dict, dict.buckets + (dict.moved << 2))
  if (dict.moved >= dict.size) {
    release(dict.buckets)
    dict.buckets = dict.target
    dict.size = dict.targetSize
    dict.target = 0
  }
}

function moveBucket(dict: Dict, from: usize): void {
  let node = load<Node>(from)
  if (node == NO_NODE) return
  while (node != NO_NODE) {
    const next = node.next
    const slot = slotOf(dict.target, dict.targetSize, node.hash)
    node.next = load<Node>(slot)
    store<Node>(slot, node)
    node = next
  }
  store<usize>(from, 0)
  dict.moved++
}
