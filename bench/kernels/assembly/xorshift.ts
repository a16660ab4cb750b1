import { leave } from './guest'
export { ft_start } from './guest'

/** `size` steps of xorshift64* with rotates, counts and a remainder on the way: 64-bit integers only. */
export function run(size: i32): i32 {
  let x: u64 = 88172645463325252
  let sum: u64 = 0
  for (let i = 0; i < size; i++) {
    x ^= x >> 12
    x ^= x << 25
    x ^= x >> 27
    const y = x * 2685821657736338717
    sum = rotl<u64>(sum, 7) ^ (y + (<u64>popcnt(y) << (clz(y) & 63)))
    if ((y & 15) == 0) sum += y % 1000003
  }
  return <i32>(sum ^ (sum >> 32))
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
