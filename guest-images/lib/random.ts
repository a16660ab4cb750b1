import * as ft from './ft'

const POOL_BYTES = 256
const pool = memory.data(POOL_BYTES, 8)
let used = POOL_BYTES

/** 64 random bits from the entropy device, fetched 32 numbers at a time: every fetch is an entry in the log. */
export function random64(): u64 {
  if (used == POOL_BYTES) {
    assert(ft.entropy(pool, POOL_BYTES) == 0)
    used = 0
  }
  const value = load<u64>(pool + used)
  used += 8
  return value
}

/** Fills memory with random bytes, at most 65536. Returns 0 or an error. */
export function fill(ptr: usize, len: i32): i32 {
  return ft.entropy(ptr, len)
}
