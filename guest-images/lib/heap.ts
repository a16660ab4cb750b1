/**
 * Memory by hand. Guests of this library use `@unmanaged` classes and these calls only, so that no garbage
 * collector runs and a pause depends on nothing but the request. Blocks are 16-byte aligned and not zeroed.
 */

/** A block of at least `size` bytes. Traps when linear memory can't grow any further. */
export function allocate(size: usize): usize {
  return heap.alloc(size)
}

/** Gives a block back; 0 is allowed. */
export function release(block: usize): void {
  if (block != 0) heap.free(block)
}

/** The block resized to `size` bytes (perhaps moved), with its content; 0 stands for a new block. */
export function resize(block: usize, size: usize): usize {
  return block == 0 ? heap.alloc(size) : heap.realloc(block, size)
}

/** Bytes of linear memory that the heap can hand out or has handed out. */
export function used(): i64 {
  return <i64>memory.size() << 16
}
