/** SipHash-1-3 of keys, seeded from the entropy device: nobody outside can aim keys at one bucket. */
import { random } from '../../lib'

let seed0: u64 = 0
let seed1: u64 = 0

export function seedHash(): void {
  seed0 = random.random64()
  seed1 = random.random64()
}

const FINAL_ROUNDS = 3

/** The hash of these bytes. */
export function hashBytes(ptr: usize, len: i32): u32 {
  let a = seed0 ^ 0x736f6d6570736575
  let b = seed1 ^ 0x646f72616e646f6d
  let c = seed0 ^ 0x6c7967656e657261
  let d = seed1 ^ 0x7465646279746573
  // A round for each full word, one for the tail, then the final ones; one loop, so that the state stays in locals.
  for (let rounds = (len >> 3) + 1 + FINAL_ROUNDS; rounds > 0; rounds--) {
    let word: u64 = 0
    if (rounds > FINAL_ROUNDS + 1) {
      word = load<u64>(ptr)
      ptr += 8
    } else if (rounds == FINAL_ROUNDS + 1) word = loadTail(ptr, len & 7) | (<u64>len << 56)
    else if (rounds == FINAL_ROUNDS) c ^= 0xff
    d ^= word
    a += b
    b = rotl(b, 13) ^ a
    a = rotl(a, 32)
    c += d
    d = rotl(d, 16) ^ c
    a += d
    d = rotl(d, 21) ^ a
    c += b
    b = rotl(b, 17) ^ c
    c = rotl(c, 32)
    a ^= word
  }
  const hash = a ^ b ^ c ^ d
  return <u32>(hash ^ (hash >> 32))
}

/** The last 0 to 7 bytes as a number, without reading past them. */
function loadTail(ptr: usize, len: i32): u64 {
  if (len >= 4) return <u64>load<u32>(ptr) | (<u64>load<u32>(ptr + len - 4) << ((len - 4) << 3))
  if (len == 0) return 0
  return <u64>load<u8>(ptr) | (<u64>load<u8>(ptr + (len >> 1)) << ((len >> 1) << 3)) |
    (<u64>load<u8>(ptr + len - 1) << ((len - 1) << 3))
}
