import { allocate, release } from './heap'

/**
 * A map from connection id to a block of memory: open addressing, linear probing, no tombstones. Ids are never 0.
 * Slots are pairs of u32: id, block.
 */
let slots: usize = 0
let capacity: u32 = 0
let held: u32 = 0

// @ts-ignore: decorator
@inline
function home(id: u32): u32 {
  return (id * 0x9E3779B1 >>> 7) & (capacity - 1)
}

/** The block kept for this id, or 0. */
export function get(id: u32): usize {
  if (capacity == 0) return 0
  let slot = slots + (home(id) << 3)
  while (load<u32>(slot) != id) {
    if (load<u32>(slot) == 0) return 0
    slot += 8
    if (slot == slots + (capacity << 3)) slot = slots
  }
  return load<u32>(slot, 4)
}

/** Keeps a block under an id that has none. */
export function set(id: u32, block: usize): void {
  if (held * 2 >= capacity) grow()
  held++
  put(id, block)
}

/** How many ids have a block. */
export function size(): u32 {
  return held
}

/** Forgets an id; the block stays the caller's. */
export function remove(id: u32): void {
  if (capacity == 0) return
  const mask = capacity - 1
  let at = home(id)
  for (; load<u32>(slots + (at << 3)) != id; at = at + 1 & mask) {
    if (load<u32>(slots + (at << 3)) == 0) return
  }
  held--
  // Close the gap: move back every later entry of the run that may sit here.
  for (let next = at + 1 & mask; ; next = next + 1 & mask) {
    const key = load<u32>(slots + (next << 3))
    if (key == 0) break
    if ((next - home(key) & mask) >= (next - at & mask)) {
      store<u64>(slots + (at << 3), load<u64>(slots + (next << 3)))
      at = next
    }
  }
  store<u64>(slots + (at << 3), 0)
}

function put(id: u32, block: usize): void {
  let at = home(id)
  while (load<u32>(slots + (at << 3)) != 0) at = at + 1 & capacity - 1
  store<u32>(slots + (at << 3), id)
  store<u32>(slots + (at << 3), block, 4)
}

function grow(): void {
  const before = slots
  const count = capacity
  capacity = max(64, count * 2)
  slots = allocate(capacity << 3)
  memory.fill(slots, 0, capacity << 3)
  for (let at: u32 = 0; at < count; at++) {
    const id = load<u32>(before + (at << 3))
    if (id != 0) put(id, load<u32>(before + (at << 3), 4))
  }
  release(before)
}
