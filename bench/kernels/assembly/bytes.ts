import { leave, mix } from './guest'
export { ft_start } from './guest'

const MAX = 1 << 14
const from = memory.data(MAX + 16)
const to = memory.data(MAX + 16)

/** Moves 16 KiB about `size` times: by bytes, by unaligned words, reversed, and with `memory.copy` and `memory.fill`. */
export function run(size: i32): i32 {
  for (let i = 0; i < MAX; i++) store<u8>(from + i, i * 7)
  memory.fill(to, 0, MAX + 16)
  let sum: u32 = 0
  for (let round = 0; round < size; round++) {
    const shift = round & 7
    for (let i = 0; i < MAX / 4; i++) store<u8>(to + i + shift, load<u8>(from + i))
    for (let i = MAX / 4; i < MAX / 2; i += 4) store<u32>(to + i + shift, bswap(load<u32>(from + i)))
    for (let i = MAX / 2; i < MAX * 3 / 4; i += 2) store<u16>(to + i, load<u16>(from + MAX * 5 / 4 - 2 - i))
    memory.copy(to + MAX * 3 / 4, from + MAX * 3 / 4 + shift, MAX / 4)
    memory.copy(from + 1, to, MAX - 8)
    memory.fill(to, <u8>round, 64)
    sum = mix(sum, load<u32>(from + (round * 97 & (MAX - 1))))
  }
  for (let i = 0; i < MAX; i += 4) sum = mix(sum, load<u32>(from + i))
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
