/**
 * Two-level segregated fit: free blocks are listed by size class, so that taking and giving back a block is a few
 * steps whatever the heap looks like, and neighbours that are free are merged at once.
 *
 * A block is a 4-byte header, then its payload, 16-byte aligned. The header holds the payload's size (12 more than a
 * multiple of 16) and two flags. A free block's payload begins with the links of its list, and its last 4 bytes hold
 * its own address, for its right neighbour to find it.
 */

const FREE: u32 = 1
const LEFT_FREE: u32 = 2
const FLAGS: u32 = 3

const HEADER: usize = 4
export const PAYLOAD_MIN: usize = 12
/** Bits of a size below its highest that choose a class within a row; and the sizes that share the first row. */
const CLASS_BITS: u32 = 4
const CLASSES: u32 = 16
const SMALL: usize = 256
const SMALL_BITS: u32 = 8
const ROWS: u32 = 24

const rowsInUse = memory.data(4, 4)
const classesInUse = memory.data(96, 4)
const lists = memory.data(1536, 4)

// @ts-ignore: decorator
@inline
function header(block: usize): u32 {
  return load<u32>(block - HEADER)
}

// @ts-ignore: decorator
@inline
function setHeader(block: usize, value: u32): void {
  store<u32>(block - HEADER, value)
}

/** The payload's size of a block in use. */
// @ts-ignore: decorator
@inline
export function sizeOfBlock(block: usize): usize {
  return header(block) & ~FLAGS
}

// @ts-ignore: decorator
@inline
function rightOf(block: usize): usize {
  return block + sizeOfBlock(block) + HEADER
}

/** The payload that a request gets: at least its size, and such that the next block is aligned. */
// @ts-ignore: decorator
@inline
export function payloadFor(size: usize): usize {
  return size <= PAYLOAD_MIN ? PAYLOAD_MIN : ((size + HEADER + 15) & ~15) - HEADER
}

function rowOf(size: usize): u32 {
  return size < SMALL ? 0 : 31 - clz<u32>(size) - SMALL_BITS + 1
}

function classOf(size: usize): u32 {
  return size < SMALL ? <u32>size >> CLASS_BITS : <u32>size >> (31 - clz<u32>(size) - CLASS_BITS) ^ CLASSES
}

// @ts-ignore: decorator
@inline
function listOf(row: u32, at: u32): usize {
  return lists + ((row * CLASSES + at) << 2)
}

/** Lists a block that is marked free in its own header. */
function listBlock(block: usize): void {
  const size = sizeOfBlock(block)
  const row = rowOf(size)
  const at = classOf(size)
  const head = load<usize>(listOf(row, at))
  store<usize>(block, 0)
  store<usize>(block, head, 4)
  if (head != 0) store<usize>(head, block)
  store<usize>(listOf(row, at), block)
  store<u32>(rowsInUse, load<u32>(rowsInUse) | (1 << row))
  store<u32>(classesInUse + (row << 2), load<u32>(classesInUse + (row << 2)) | (1 << at))
  store<usize>(block + size - HEADER, block)
  setHeader(rightOf(block), header(rightOf(block)) | LEFT_FREE)
}

function unlistBlock(block: usize): void {
  const before = load<usize>(block)
  const after = load<usize>(block, 4)
  if (after != 0) store<usize>(after, before)
  if (before != 0) {
    store<usize>(before, after, 4)
    return
  }
  const row = rowOf(sizeOfBlock(block))
  const at = classOf(sizeOfBlock(block))
  store<usize>(listOf(row, at), after)
  if (after != 0) return
  const classes = load<u32>(classesInUse + (row << 2)) & ~(1 << at)
  store<u32>(classesInUse + (row << 2), classes)
  if (classes == 0) store<u32>(rowsInUse, load<u32>(rowsInUse) & ~(1 << row))
}

/** A free block with at least this payload, no longer listed but still marked free; 0: there is none. */
export function takeFree(size: usize): usize {
  // From a class that holds nothing smaller, so that its first block will do.
  const wanted = size < SMALL ? size : size + (<usize>1 << (31 - clz<u32>(size) - CLASS_BITS)) - 1
  let row = rowOf(wanted)
  if (row >= ROWS) return 0
  let classes = load<u32>(classesInUse + (row << 2)) & (~0 << classOf(wanted))
  if (classes == 0) {
    const rows = load<u32>(rowsInUse) & (~0 << (row + 1))
    if (rows == 0) return 0
    row = ctz(rows)
    classes = load<u32>(classesInUse + (row << 2))
  }
  const block = load<usize>(listOf(row, ctz(classes)))
  unlistBlock(block)
  return block
}

/** Marks a block as in use with this payload, and frees what it has beyond. */
export function useBlock(block: usize, size: usize): void {
  const whole = sizeOfBlock(block)
  const left = header(block) & LEFT_FREE
  if (whole - size < HEADER + PAYLOAD_MIN) {
    setHeader(block, <u32>whole | left)
    setHeader(rightOf(block), header(rightOf(block)) & ~LEFT_FREE)
    return
  }
  setHeader(block, <u32>size | left)
  const rest = rightOf(block)
  setHeader(rest, <u32>(whole - size - HEADER))
  freeBlock(rest)
}

/** Frees a block in use and merges it with free neighbours. */
export function freeBlock(block: usize): void {
  let size = sizeOfBlock(block)
  let flags = header(block) & LEFT_FREE
  const right = block + size + HEADER
  if ((header(right) & FREE) != 0) {
    unlistBlock(right)
    size += sizeOfBlock(right) + HEADER
  }
  if (flags != 0) {
    const left = load<usize>(block - HEADER - HEADER)
    unlistBlock(left)
    size += sizeOfBlock(left) + HEADER
    flags = header(left) & LEFT_FREE
    block = left
  }
  setHeader(block, <u32>size | FREE | flags)
  listBlock(block)
}

/** Makes a block in use at least this big by taking in its right neighbour; false if that is not free or too small. */
export function growBlock(block: usize, size: usize): bool {
  const right = rightOf(block)
  if ((header(right) & FREE) == 0) return false
  const whole = sizeOfBlock(block) + HEADER + sizeOfBlock(right)
  if (whole < size) return false
  unlistBlock(right)
  setHeader(block, <u32>whole | (header(block) & LEFT_FREE))
  useBlock(block, size)
  return true
}

/** The end of the heap: a block without payload, always in use. 0: no memory yet. */
let last: usize = 0

/** Adds the memory up to `end`: from `start` the first time, then from where it ended. */
export function addMemory(start: usize, end: usize): void {
  if (last == 0) {
    last = (start + HEADER + 15) & ~15
    setHeader(last, 0)
  }
  const block = last
  const newLast = end & ~15
  setHeader(block, <u32>(newLast - block - HEADER) | (header(block) & LEFT_FREE))
  last = newLast
  setHeader(last, 0)
  freeBlock(block)
}

/** Bytes that are free before the end of the heap, if its last block is. */
export function freeAtEnd(): usize {
  return last != 0 && (header(last) & LEFT_FREE) != 0 ? sizeOfBlock(load<usize>(last - HEADER - HEADER)) : 0
}
