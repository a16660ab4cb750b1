/**
 * Walking a dict in steps while it changes. The cursor counts through the buckets from its high bit down, so that a
 * bucket split or merged by resizing in between is neither skipped nor, as a rule, met twice: whatever is there from
 * the first step to the last is met (the method is Pieter Noordhuis's).
 */
import { Dict, Node } from './dict'
import { gatherChain } from './nodes'

/** Gathers the nodes at a cursor, 0 at first; returns the next cursor, 0 at the end. */
export function scanStep(dict: Dict, cursor: u64): u64 {
  if (dict.target == 0) {
    gatherBucket(dict.buckets, dict.size, cursor)
    return nextCursor(cursor, dict.size)
  }
  const smallIsTarget = dict.targetSize < dict.size
  const small = smallIsTarget ? dict.target : dict.buckets
  const smallSize = smallIsTarget ? dict.targetSize : dict.size
  const large = smallIsTarget ? dict.buckets : dict.target
  const largeSize = smallIsTarget ? dict.size : dict.targetSize
  gatherBucket(small, smallSize, cursor)
  // Then every bucket of the larger table that this one expands to.
  do {
    gatherBucket(large, largeSize, cursor)
    cursor = nextCursor(cursor, largeSize)
  } while ((<u32>cursor & (smallSize - 1 ^ largeSize - 1)) != 0)
  return cursor
}

function gatherBucket(buckets: usize, size: u32, cursor: u64): void {
  gatherChain(load<Node>(buckets + ((<u32>cursor & (size - 1)) << 2)))
}

/** Adds one to the reversed cursor: above the table's bits everything is set, so that the carry falls into them. */
function nextCursor(cursor: u64, size: u32): u64 {
  return reverse(reverse(cursor | ~<u64>(size - 1)) + 1)
}

function reverse(x: u64): u64 {
  x = (x >> 1 & 0x5555555555555555) | ((x & 0x5555555555555555) << 1)
  x = (x >> 2 & 0x3333333333333333) | ((x & 0x3333333333333333) << 2)
  x = (x >> 4 & 0x0F0F0F0F0F0F0F0F) | ((x & 0x0F0F0F0F0F0F0F0F) << 4)
  return bswap(x)
}
