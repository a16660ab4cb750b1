/** What every kernel shares: the entries that ABI `ft` wants, and where the checksum goes. */

/** Address of the checksum, an i32. The compiler puts nothing below 1024. */
const CHECKSUM_AT: usize = 16

/** Leaves the checksum where the host reads it. */
export function leave(checksum: i32): void {
  store<i32>(CHECKSUM_AT, checksum)
}

export function ft_start(): void {}

/** A step of a checksum over words. */
export function mix(sum: u32, word: u32): u32 {
  return (rotl<u32>(sum, 5) ^ word) * 0x9e3779b1
}

export function mixF64(sum: u32, value: f64): u32 {
  const bits = reinterpret<u64>(value)
  return mix(mix(sum, <u32>bits), <u32>(bits >> 32))
}

/** A small generator of pseudo-random words, so that every kernel works on the same data everywhere. */
let seed: u32 = 1

export function sow(value: u32): void {
  seed = value
}

export function random(): u32 {
  seed ^= seed << 13
  seed ^= seed >> 17
  seed ^= seed << 5
  return seed
}
