import { leave } from './guest'
export { ft_start } from './guest'

type Step = (value: u32, at: u32) => u32

const steps: StaticArray<Step> = [
  (value: u32, at: u32): u32 => value + at,
  (value: u32, at: u32): u32 => value ^ (at << 3),
  (value: u32, at: u32): u32 => value * 5 + 1,
  (value: u32, at: u32): u32 => rotl(value, at & 31),
  (value: u32, at: u32): u32 => value - (at >> 1),
  (value: u32, at: u32): u32 => value ^ (value >> 7),
  (value: u32, at: u32): u32 => (value & 1) != 0 ? value + 3 : value >> 1,
  (value: u32, at: u32): u32 => value + (value << 4),
]

/** `size` calls through a table of eight small functions, chosen by the value itself. */
export function run(size: i32): i32 {
  let value: u32 = 12345
  for (let at: u32 = 0; at < <u32>size; at++) value = steps[(value >> 5 ^ at) & 7](value, at)
  return value
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
