import { leave, mix, random, sow } from './guest'
export { ft_start } from './guest'

const MAX = 1 << 18
const WORD = 9
const text = memory.data(MAX)
const word = memory.data(16)
const skips = memory.data(256)

/** The first match at or behind `from`, byte by byte. */
function naive(from: i32, length: i32): i32 {
  for (let at = from; at <= length - WORD; at++) {
    let same = 0
    while (same < WORD && load<u8>(text + at + same) == load<u8>(word + same)) same++
    if (same == WORD) return at
  }
  return -1
}

/** The same by Horspool's skips. */
function horspool(from: i32, length: i32): i32 {
  memory.fill(skips, <u8>WORD, 256)
  for (let i = 0; i < WORD - 1; i++) store<u8>(skips + load<u8>(word + i), WORD - 1 - i)
  for (let at = from; at <= length - WORD; at += load<u8>(skips + load<u8>(text + at + WORD - 1))) {
    if (memory.compare(text + at, word, WORD) == 0) return at
  }
  return -1
}

/** Looks for words of nine letters in a text of `size` bytes (at most 2^18) of four letters, in two ways. */
export function run(size: i32): i32 {
  sow(31)
  for (let i = 0; i < size; i++) store<u8>(text + i, 97 + (random() & 3))
  let sum: u32 = 0
  for (let n = 1; n <= 4; n++) {
    memory.copy(word, text + (size / 5 * n), WORD)
    let at = -1
    do {
      const next = naive(at + 1, size)
      if (next != horspool(at + 1, size)) return -1
      at = next
      sum = mix(sum, at)
    } while (at >= 0)
  }
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
