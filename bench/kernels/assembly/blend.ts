import { leave, mix, random, sow } from './guest'
export { ft_start } from './guest'

const BYTES = 1 << 14
const over = memory.data(BYTES)
const under = memory.data(BYTES)

/** Half of the sixteen products of two rows of bytes, divided by 256. */
// @ts-ignore: decorator
@inline
function weighted(pixels: v128, weights: v128, rest: v128, below: v128): v128 {
  const mixed = i16x8.add(i16x8.mul(pixels, weights), i16x8.mul(below, rest))
  return i16x8.shr_u(mixed, 8)
}

/** Blends a picture of 16 KiB over another `size` times, 16 bytes at once, and shuffles the channels (SIMD). */
export function run(size: i32): i32 {
  sow(11)
  for (let i = 0; i < BYTES; i += 4) {
    store<u32>(over + i, random())
    store<u32>(under + i, random())
  }
  for (let round = 0; round < size; round++) {
    const alpha = <i16>(round * 37 & 255)
    const weights = i16x8.splat(alpha)
    const rest = i16x8.splat(<i16>(256 - <i32>alpha))
    for (let at = 0; at < BYTES; at += 16) {
      const a = v128.load(over + at)
      const b = v128.load(under + at)
      const low = weighted(i16x8.extend_low_i8x16_u(a), weights, rest, i16x8.extend_low_i8x16_u(b))
      const high = weighted(i16x8.extend_high_i8x16_u(a), weights, rest, i16x8.extend_high_i8x16_u(b))
      const blended = i8x16.narrow_i16x8_u(low, high)
      const turned = i8x16.shuffle(blended, a, 2, 1, 0, 3, 6, 5, 4, 7, 10, 9, 8, 11, 14, 13, 12, 31)
      v128.store(under + at, i8x16.add_sat_u(turned, i8x16.splat(1)))
    }
  }
  let sum: u32 = 0
  for (let i = 0; i < BYTES; i += 4) sum = mix(sum, load<u32>(under + i))
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
