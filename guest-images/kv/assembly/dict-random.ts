/** A random node of a dict, every node as likely as any other. */
import { random } from '../../lib'
import { Dict, NO_NODE, Node } from './dict'

/** Longer chains than this do not occur. */
const CHAIN_MAX: u64 = 16

/**
 * Draws a bucket and a place in its chain until there is a node: each (bucket, place) is as likely, so each node is.
 * The draws come from a generator that one number from the entropy device seeds. The dict must have nodes.
 */
export function randomNode(dict: Dict): Node {
  let state = random.random64()
  let node = NO_NODE
  while (node == NO_NODE) {
    // splitmix64
    state += 0x9E3779B97F4A7C15
    let drawn = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9
    drawn = (drawn ^ (drawn >> 27)) * 0x94D049BB133111EB
    drawn ^= drawn >> 31
    node = bucketAt(dict, (drawn >> 32) % (<u64>dict.size + (dict.target == 0 ? 0 : dict.targetSize)))
    for (let place = drawn & CHAIN_MAX - 1; place > 0 && node != NO_NODE; place--) node = node.next
  }
  return node
}

function bucketAt(dict: Dict, index: u64): Node {
  if (index < dict.size) return load<Node>(dict.buckets + (<usize>index << 2))
  return load<Node>(dict.target + (<usize>(index - dict.size) << 2))
}
