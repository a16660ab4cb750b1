import { leave, mix, random, sow } from './guest'
export { ft_start } from './guest'

const WORDS = 4096
const a = memory.data(WORDS * 4)
const b = memory.data(WORDS * 4)

/** `size` scaled dot products of 4096 single-precision floats, four at a time (SIMD). */
export function run(size: i32): i32 {
  sow(5)
  for (let i = 0; i < WORDS; i++) {
    store<f32>(a + (i << 2), <f32>(<i32>(random() & 1023) - 512) / 64)
    store<f32>(b + (i << 2), <f32>(<i32>(random() & 1023) - 512) / 64)
  }
  let sum: u32 = 0
  for (let round = 0; round < size; round++) {
    const scale = f32x4.splat(1 + <f32>(round & 7) / 8)
    let low = f32x4.splat(0)
    let high = f32x4.splat(0)
    for (let at = 0; at < WORDS * 4; at += 32) {
      low = f32x4.add(low, f32x4.mul(f32x4.mul(v128.load(a + at), scale), v128.load(b + at)))
      high = f32x4.add(high, f32x4.mul(f32x4.mul(v128.load(a + at, 16), scale), v128.load(b + at, 16)))
    }
    const both = f32x4.add(low, high)
    const total = f32x4.extract_lane(both, 0) + f32x4.extract_lane(both, 1) + f32x4.extract_lane(both, 2) + f32x4.extract_lane(both, 3)
    sum = mix(sum, reinterpret<u32>(total))
  }
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
