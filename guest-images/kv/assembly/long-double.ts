/**
 * The 80-bit floating point numbers that Redis computes INCRBYFLOAT with on x86-64, in integers: a sign, 64 bits of
 * mantissa and an exponent; rounding to nearest, ties to even; gradual underflow. No host arithmetic is involved, so
 * every replica and every engine gets the same digits.
 */
import {
  BIGNUM_BYTES, Bignum, bitLength, divide, isLess, multiplyPowerOfTen, setNumber, shiftLeft, shiftRightRounded, subtract
} from './bignum'

/** The exponent of the lowest bit of the smallest numbers, and of the largest. */
const EXPONENT_MIN = -16445
const EXPONENT_MAX = 16320
/** Decimals that are printed, before zeros at the end are cut. */
const DECIMALS = 17

/** value = mantissa * 2^exponent, negated if `negative`. 0 has mantissa 0; otherwise its highest bit is set. */
@unmanaged
export class LongDouble {
  mantissa: u64
  exponent: i32
  negative: bool
  infinite: bool
}

const scratch1 = changetype<Bignum>(memory.data(4804, 4))
const scratch2 = changetype<Bignum>(memory.data(4804, 4))

/** The two numbers that a quotient is made of; see `setQuotient`. */
export function numerator(): Bignum {
  return scratch1
}

export function denominator(): Bignum {
  return scratch2
}

/** Sets x to numerator / denominator * 2^exponent, correctly rounded; both are used up. Keeps the sign. */
export function setQuotient(x: LongDouble, exponent: i32): void {
  assert(BIGNUM_BYTES == 4804)
  x.infinite = false
  x.mantissa = 0
  if (bitLength(scratch1) == 0) return
  // Scale so that the quotient is from 1 to 2, then divide bit by bit.
  let shift = bitLength(scratch2) - bitLength(scratch1)
  if (shift > 0) shiftLeft(scratch1, shift)
  else shiftLeft(scratch2, -shift)
  if (isLess(scratch1, scratch2)) {
    shiftLeft(scratch1, 1)
    shift++
  }
  let high: u64 = 0
  let low: u64 = 0
  for (let bit = 0; bit < 66; bit++) {
    const one = !isLess(scratch1, scratch2)
    if (one) subtract(scratch1, scratch2)
    shiftLeft(scratch1, 1)
    if (bit < 64) high = high << 1 | u64(one)
    else low = low << 1 | u64(one)
  }
  setRounded(x, high, low << 62, bitLength(scratch1) != 0, exponent - 63 - shift)
}

/**
 * Sets x to (high + low / 2^64) * 2^exponent, rounded; `more` says that there is something below `low` too. The
 * highest bit of `high` is set. Keeps the sign.
 */
function setRounded(x: LongDouble, high: u64, low: u64, more: bool, exponent: i32): void {
  if (exponent < EXPONENT_MIN) {
    const lost = EXPONENT_MIN - exponent
    more = more || low != 0
    low = lost < 64 ? high << (64 - lost) : lost == 64 ? high : 0
    high = lost < 64 ? high >> lost : 0
    exponent = EXPONENT_MIN
  }
  const half: u64 = 1 << 63
  if (low > half || (low == half && (more || (high & 1) == 1))) {
    high++
    if (high == 0) {
      high = half
      exponent++
    }
  }
  setNormal(x, high, exponent)
}

function setNormal(x: LongDouble, mantissa: u64, exponent: i32): void {
  const shift = mantissa == 0 ? 0 : <i32>clz(mantissa)
  x.mantissa = mantissa << shift
  x.exponent = exponent - shift
  x.infinite = mantissa != 0 && x.exponent > EXPONENT_MAX
}

/** x = x + y */
export function add(x: LongDouble, y: LongDouble): void {
  if (x.infinite || y.infinite) {
    x.infinite = true
    return
  }
  if (y.mantissa == 0) return
  if (x.mantissa == 0) {
    x.mantissa = y.mantissa
    x.exponent = y.exponent
    x.negative = y.negative
    return
  }
  const xIsBig = x.exponent > y.exponent || (x.exponent == y.exponent && x.mantissa >= y.mantissa)
  addAligned(x, xIsBig ? x : y, xIsBig ? y : x)
}

/** x = big + small, whose magnitude is not greater. */
function addAligned(x: LongDouble, big: LongDouble, small: LongDouble): void {
  const distance = big.exponent - small.exponent
  let high = distance < 64 ? small.mantissa >> distance : 0
  let low: u64 = 0
  if (distance > 0 && distance < 64) low = small.mantissa << (64 - distance)
  else if (distance >= 64 && distance < 128) low = small.mantissa >> (distance - 64)
  const more = distance >= 128 || (distance > 64 && small.mantissa << (128 - distance) != 0)
  const exponent = big.exponent
  const same = big.negative == small.negative
  x.negative = big.negative
  if (same) addMagnitude(x, big.mantissa, high, low, more, exponent)
  else subtractMagnitude(x, big.mantissa, high, low, more, exponent)
}

function addMagnitude(x: LongDouble, big: u64, high: u64, low: u64, more: bool, exponent: i32): void {
  const sum = big + high
  if (sum >= big) {
    setRounded(x, sum, low, more, exponent)
    return
  }
  // A carry: everything moves down a bit, and the one that falls out of `low` joins what is below.
  setRounded(x, sum >> 1 | (<u64>1 << 63), low >> 1 | sum << 63, more || (low & 1) == 1, exponent + 1)
}

function subtractMagnitude(x: LongDouble, big: u64, high: u64, low: u64, more: bool, exponent: i32): void {
  // What lies below `low` is taken from one unit of it, and leaves something below again.
  let lowDifference = -low - u64(more)
  let difference = big - high - u64(low != 0 || more)
  if (difference == 0 && lowDifference == 0) {
    x.mantissa = 0
    x.negative = false
    return
  }
  if (difference == 0) {
    difference = lowDifference
    lowDifference = 0
    exponent -= 64
  }
  const shift = <i32>clz(difference)
  if (shift > 0) {
    difference = difference << shift | lowDifference >> (64 - shift)
    lowDifference <<= shift
  }
  setRounded(x, difference, lowDifference, more, exponent - shift)
}

/** Writes a finite number in decimal, 17 decimals less the zeros at the end, at most 4960 bytes; returns where it ends. */
export function writeLongDouble(ptr: usize, x: LongDouble): usize {
  const n = scratch1
  setNumber(n, x.mantissa)
  multiplyPowerOfTen(n, DECIMALS)
  if (x.exponent >= 0) shiftLeft(n, x.exponent)
  else shiftRightRounded(n, -x.exponent)
  if (bitLength(n) == 0) {
    store<u8>(ptr, 48)
    return ptr + 1
  }
  if (x.negative) store<u8>(ptr++, 0x2D)
  return writeDecimal(ptr, n)
}

const digits = memory.data(5120)

/** Writes n / 10^17. */
function writeDecimal(ptr: usize, n: Bignum): usize {
  // The digits from the last to the first, with zeros in front up to one before the point.
  let count = 0
  while (bitLength(n) > 0 || count <= DECIMALS) {
    let group = divide(n, 1_000_000_000)
    for (let i = 0; i < 9; i++, group /= 10) store<u8>(digits + count++, 48 + group % 10)
  }
  while (count > DECIMALS + 1 && load<u8>(digits + count - 1) == 48) count--
  let last = 0
  while (last < DECIMALS && load<u8>(digits + last) == 48) last++
  for (let at = count - 1; at >= last; at--) {
    if (at == DECIMALS - 1) store<u8>(ptr++, 0x2E)
    store<u8>(ptr++, load<u8>(digits + at))
  }
  return ptr
}
