/** Natural numbers of any size that INCRBYFLOAT meets: little-endian limbs of 32 bits in fixed room. */

/** Enough for 10^10109 and a little more. */
const LIMBS_MAX = 1200

@unmanaged
export class Bignum {
  /** Limbs in use; the highest is not 0. */
  length: i32
}

/** The room for one number; a literal place for each. */
export const BIGNUM_BYTES: i32 = 4 + LIMBS_MAX * 4

// @ts-ignore: decorator
@inline
function limb(n: Bignum, at: i32): u32 {
  return load<u32>(changetype<usize>(n) + (at << 2), 4)
}

// @ts-ignore: decorator
@inline
function setLimb(n: Bignum, at: i32, value: u32): void {
  store<u32>(changetype<usize>(n) + (at << 2), value, 4)
}

export function setNumber(n: Bignum, value: u64): void {
  setLimb(n, 0, <u32>value)
  setLimb(n, 1, <u32>(value >> 32))
  n.length = value == 0 ? 0 : value >> 32 == 0 ? 1 : 2
}

/** n = n * factor + addend */
export function multiplyAdd(n: Bignum, factor: u32, addend: u32): void {
  let carry: u64 = addend
  for (let i = 0; i < n.length; i++) {
    carry += <u64>limb(n, i) * factor
    setLimb(n, i, <u32>carry)
    carry >>= 32
  }
  if (carry != 0) append(n, <u32>carry)
}

function append(n: Bignum, value: u32): void {
  assert(n.length < LIMBS_MAX)
  setLimb(n, n.length++, value)
}

/** n = n * 10^power */
export function multiplyPowerOfTen(n: Bignum, power: i32): void {
  for (; power >= 9; power -= 9) multiplyAdd(n, 1_000_000_000, 0)
  for (; power > 0; power--) multiplyAdd(n, 10, 0)
}

/** n = n / divisor, rounded down; returns the remainder. */
export function divide(n: Bignum, divisor: u32): u32 {
  let rest: u64 = 0
  for (let i = n.length - 1; i >= 0; i--) {
    rest = rest << 32 | limb(n, i)
    setLimb(n, i, <u32>(rest / divisor))
    rest %= divisor
  }
  trim(n)
  return <u32>rest
}

function trim(n: Bignum): void {
  while (n.length > 0 && limb(n, n.length - 1) == 0) n.length--
}

/** How many bits the number has; 0 for 0. */
export function bitLength(n: Bignum): i32 {
  return n.length == 0 ? 0 : (n.length << 5) - clz(limb(n, n.length - 1))
}

/** n = n * 2^bits */
export function shiftLeft(n: Bignum, bits: i32): void {
  if (n.length == 0) return
  const limbs = bits >> 5
  const rest = bits & 31
  assert(n.length + limbs < LIMBS_MAX)
  setLimb(n, n.length, 0)
  for (let i = n.length; i >= 0; i--) {
    const below = i > 0 && rest > 0 ? limb(n, i - 1) >> (32 - rest) : 0
    setLimb(n, i + limbs, limb(n, i) << rest | below)
  }
  for (let i = 0; i < limbs; i++) setLimb(n, i, 0)
  n.length += limbs + 1
  trim(n)
}

/** n = n / 2^bits, rounded to the nearest, ties to even. */
export function shiftRightRounded(n: Bignum, bits: i32): void {
  if (bits > bitLength(n)) {
    n.length = 0
    return
  }
  const half = isBitSet(n, bits - 1)
  const below = lowestBit(n) < bits - 1
  shiftRight(n, bits)
  if (half && (below || isBitSet(n, 0))) addOne(n)
}

function isBitSet(n: Bignum, bit: i32): bool {
  return bit >> 5 < n.length && (limb(n, bit >> 5) >> (bit & 31) & 1) == 1
}

function lowestBit(n: Bignum): i32 {
  let at = 0
  while (at < n.length && limb(n, at) == 0) at++
  return at == n.length ? i32.MAX_VALUE : (at << 5) + ctz(limb(n, at))
}

function shiftRight(n: Bignum, bits: i32): void {
  const limbs = bits >> 5
  const rest = bits & 31
  const length = n.length
  for (let i = limbs; i < length; i++) {
    const above = i + 1 < length && rest > 0 ? limb(n, i + 1) << (32 - rest) : 0
    setLimb(n, i - limbs, limb(n, i) >> rest | above)
  }
  n.length = max(length - limbs, 0)
  trim(n)
}

function addOne(n: Bignum): void {
  let i = 0
  for (; i < n.length; i++) {
    setLimb(n, i, limb(n, i) + 1)
    if (limb(n, i) != 0) return
  }
  append(n, 1)
}

/** Whether a is less than b. */
export function isLess(a: Bignum, b: Bignum): bool {
  if (a.length != b.length) return a.length < b.length
  for (let i = a.length - 1; i >= 0; i--) {
    if (limb(a, i) != limb(b, i)) return limb(a, i) < limb(b, i)
  }
  return false
}

/** a = a - b, where b is not greater. */
export function subtract(a: Bignum, b: Bignum): void {
  let borrow: i64 = 0
  for (let i = 0; i < a.length; i++) {
    borrow += <i64>limb(a, i) - (i < b.length ? <i64>limb(b, i) : 0)
    setLimb(a, i, <u32>borrow)
    borrow >>= 32
  }
  trim(a)
}
