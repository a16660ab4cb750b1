/** Decimal integers as Redis reads and writes them. */

/** What `parseInteger` read. */
export let parsed: i64 = 0

/**
 * Reads a signed 64-bit decimal into `parsed`, in its one canonical form only: no plus, no leading zeros, no spaces,
 * no `-0`. False if it is anything else or does not fit.
 */
export function parseInteger(ptr: usize, len: i32): bool {
  if (<u32>(len - 1) >= 20) return false
  const end = ptr + len
  const first: u32 = load<u8>(ptr)
  const negative = first == 0x2D
  if (negative) ptr++
  if (ptr == end) return false
  let value: u64 = <u32>load<u8>(ptr) - 48
  if (value > 9) return false
  if (value == 0) {
    parsed = 0
    return len == 1
  }
  while (++ptr < end) {
    const digit: u64 = <u32>load<u8>(ptr) - 48
    if (digit > 9 || value > 1844674407370955161 || (value == 1844674407370955161 && digit > 5)) return false
    value = value * 10 + digit
  }
  if (value > (negative ? 9223372036854775808 : <u64>i64.MAX_VALUE)) return false
  parsed = negative ? -<i64>value : <i64>value
  return true
}

/** Writes the number in decimal at `ptr` (at most 20 bytes); returns where it ends. */
export function writeInteger(ptr: usize, value: i64): usize {
  if (value < 0) {
    store<u8>(ptr++, 0x2D)
    return writeUnsigned(ptr, -value)
  }
  return writeUnsigned(ptr, value)
}

/** Writes the unsigned number in decimal at `ptr` (at most 20 bytes); returns where it ends. */
export function writeUnsigned(ptr: usize, value: u64): usize {
  if (value < 10) {
    store<u8>(ptr, 48 + <u32>value)
    return ptr + 1
  }
  const end = ptr + decimalLength(value)
  let at = end
  while (value > 0xFFFFFFFF) {
    store<u8>(--at, 48 + <u32>(value % 10))
    value /= 10
  }
  for (let small = <u32>value; small != 0; small /= 10) store<u8>(--at, 48 + small % 10)
  return end
}

/** How many decimal digits the number has. */
export function decimalLength(value: u64): i32 {
  let digits = 1
  for (let bound: u64 = 10; digits < 20 && value >= bound; bound *= 10) digits++
  return digits
}
