/**
 * Memory by hand. Guests of this library use `@unmanaged` classes and these calls only, so that no garbage collector
 * runs and a pause depends on nothing but the request. Blocks are 16-byte aligned and not zeroed.
 */
import { print } from './console'
import { addMemory, freeAtEnd, freeBlock, growBlock, payloadFor, sizeOfBlock, takeFree, useBlock } from './blocks'

const PAGE: usize = 65536
/** A block may have this many bytes. */
const SIZE_MAX: usize = 1 << 30
/** Linear memory grows by an eighth, within these bounds, or by what is needed. */
const STEP_MIN: usize = 1 << 20
const STEP_MAX: usize = 1 << 24

let inUse: u64 = 0

/** Bytes of the blocks in use. */
export function used(): u64 {
  return inUse
}

/** A block of at least `size` bytes, or 0 if linear memory can't grow any further. */
export function tryAllocate(size: usize): usize {
  if (size > SIZE_MAX) return 0
  const payload = payloadFor(size)
  let block = takeFree(payload)
  if (block == 0) {
    if (!growMemory(payload)) return 0
    block = takeFree(payload)
  }
  useBlock(block, payload)
  inUse += sizeOfBlock(block)
  return block
}

/** A block of at least `size` bytes. At the end of memory it uses up the reserve, then traps, with a line at the console. */
export function allocate(size: usize): usize {
  let block = tryAllocate(size)
  if (block == 0) {
    spendReserve()
    block = tryAllocate(size)
    if (block == 0) fail()
  }
  return block
}

/** Gives a block back; 0 is allowed. */
export function release(block: usize): void {
  if (block == 0) return
  inUse -= sizeOfBlock(block)
  freeBlock(block)
}

/** The block resized to `size` bytes (perhaps moved), with its content; 0 stands for a new block. Traps as `allocate`. */
export function resize(block: usize, size: usize): usize {
  let resized = tryResize(block, size)
  if (resized == 0) {
    spendReserve()
    resized = tryResize(block, size)
    if (resized == 0) fail()
  }
  return resized
}

/** As `resize`, but 0 if linear memory can't grow any further; the block is then as it was. */
export function tryResize(block: usize, size: usize): usize {
  if (block == 0) return tryAllocate(size)
  if (size > SIZE_MAX) return 0
  const payload = payloadFor(size)
  const before = sizeOfBlock(block)
  if (payload <= before) useBlock(block, payload)
  else if (!growBlock(block, payload)) {
    const moved = tryAllocate(size)
    if (moved == 0) return 0
    memory.copy(moved, block, before)
    release(block)
    return moved
  }
  inUse += sizeOfBlock(block)
  inUse -= before
  return block
}

/** Grows linear memory so that a block of this payload is free; false if that can't be. */
function growMemory(payload: usize): bool {
  const before = <usize>memory.size()
  // A size class beyond: a block is looked for where every one is big enough. And room for headers.
  const classStep = payload < 256 ? 0 : <usize>1 << (31 - clz<u32>(payload) - 4)
  const needed = <i64>payload + classStep + 64 - freeAtEnd()
  const pages = <i32>((max(needed, 1) + PAGE - 1) / PAGE)
  const step = <i32>(min(max(before * PAGE / 8, STEP_MIN), STEP_MAX) / PAGE)
  if (memory.grow(max(pages, step)) < 0 && memory.grow(pages) < 0) return false
  // Address 2^32 is no number of 32 bits: a full memory is used but for its last bytes.
  const end = <u64>memory.size() * PAGE
  addMemory(__heap_base, <usize>min(end, 0xFFFFFFF0))
  return true
}

let reserve: usize = 0
let reserveBytes: usize = 0

/** Keeps a block aside, so that what has begun can be finished when memory is full: see `isLow`. */
export function keepReserve(bytes: usize): void {
  reserveBytes = bytes
  reserve = tryAllocate(bytes)
}

/** Whether the reserve is used up and can't be had back: a guest should then take nothing more in. */
export function isLow(): bool {
  if (reserve == 0 && reserveBytes > 0) reserve = tryAllocate(reserveBytes)
  return reserve == 0 && reserveBytes > 0
}

/** Whether a block of so many bytes could be had now without touching the reserve. */
export function hasRoom(bytes: usize): bool {
  const block = tryAllocate(bytes)
  release(block)
  return block != 0
}

function spendReserve(): void {
  release(reserve)
  reserve = 0
}

function fail(): void {
  print('out of memory')
  unreachable()
}
