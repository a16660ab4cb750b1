/** Nodes gathered before they are answered: how many there are comes first in a reply. */
import { release, resize } from '../../lib/heap'
import { Dict, NO_NODE, Node } from './dict'

/** Above this the room is given back after use. */
const CAP_KEPT: u32 = 4096

let items: usize = 0
let cap: u32 = 0
/** How many nodes are gathered. */
export let gathered: u32 = 0

export function beginGathering(): void {
  gathered = 0
  if (cap <= CAP_KEPT) return
  release(items)
  items = 0
  cap = 0
}

export function gather(node: Node): void {
  if (gathered == cap) {
    cap = max(64, cap << 1)
    items = resize(items, cap << 2)
  }
  store<Node>(items + (gathered++ << 2), node)
}

export function gatheredAt(index: u32): Node {
  return load<Node>(items + (index << 2))
}

/** Keeps only the first so many. */
export function keepGathered(count: u32): void {
  gathered = count
}

/** Puts a node in the place of another. */
export function putGathered(index: u32, node: Node): void {
  store<Node>(items + (index << 2), node)
}

/** Gathers every node of a dict. */
export function gatherAll(dict: Dict): void {
  gatherTable(dict.buckets, dict.size)
  if (dict.target != 0) gatherTable(dict.target, dict.targetSize)
}

function gatherTable(buckets: usize, size: u32): void {
  for (let i: u32 = 0; i < size; i++) gatherChain(load<Node>(buckets + (i << 2)))
}

/** Gathers a node and those behind it in its bucket. */
export function gatherChain(node: Node): void {
  for (; node != NO_NODE; node = node.next) gather(node)
}
