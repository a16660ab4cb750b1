/** Reads a number as C's strtold does, where Redis takes its result: decimal, hexadecimal or infinite, nothing around it. */
import { equalsWord } from '../../lib/text'
import { multiplyAdd, multiplyPowerOfTen, setNumber } from './bignum'
import { LongDouble, denominator, numerator, setQuotient } from './long-double'

/** Redis's limit. */
const LENGTH_MAX: u32 = 5120
/** Exponents are cut off here: far beyond what is finite, whatever the digits before. */
const EXPONENT_CUT = 1_000_000
/** Decimal exponents of the first digit beyond which a number is infinite, or 0. */
const MAGNITUDE_MAX = 4940
const MAGNITUDE_MIN = -4990

let at: usize = 0
let end: usize = 0

/** Sets x; false if the text is no number, or one so large or so small that it is infinite or 0. */
export function parseLongDouble(x: LongDouble, ptr: usize, len: i32): bool {
  if (<u32>(len - 1) >= LENGTH_MAX - 1) return false
  at = ptr
  end = ptr + len
  x.negative = load<u8>(at) == 0x2D
  if (x.negative || load<u8>(at) == 0x2B) at++
  const left = <i32>(end - at)
  if (equalsWord(at, left, 'inf') || equalsWord(at, left, 'infinity')) {
    x.infinite = true
    x.mantissa = 1
    return true
  }
  const hex = left > 2 && load<u8>(at) == 48 && (load<u8>(at + 1) | 32) == 0x78
  if (hex) at += 2
  return hex ? parseDigits(x, 16, 0x70) : parseDigits(x, 10, 0x65)
}

function digit(base: u32): u32 {
  if (at >= end) return base
  const byte: u32 = load<u8>(at)
  if (byte - 48 < 10) return byte - 48
  const letter = (byte | 32) - 97
  return base == 16 && letter < 6 ? letter + 10 : base
}

/** Digits with a point and an exponent, whose letter depends on the base. */
function parseDigits(x: LongDouble, base: u32, exponentLetter: u8): bool {
  setNumber(numerator(), 0)
  let any = false
  let afterPoint = false
  let scale = 0
  let significant = 0
  for (;; at++) {
    if (at < end && load<u8>(at) == 0x2E && !afterPoint) {
      afterPoint = true
      continue
    }
    const value = digit(base)
    if (value >= base) break
    any = true
    if (afterPoint) scale--
    if (significant == 0 && value == 0) continue
    significant++
    multiplyAdd(numerator(), base, value)
  }
  if (!any) return false
  if (at < end && (load<u8>(at) | 32) == exponentLetter) {
    at++
    if (!parseExponent()) return false
  } else exponent = 0
  if (at != end) return false
  if (significant == 0) return setZero(x)
  return base == 10 ? setDecimal(x, significant, scale + exponent) : setHexadecimal(x, scale * 4 + exponent)
}

let exponent = 0

function parseExponent(): bool {
  const negative = at < end && load<u8>(at) == 0x2D
  if (at < end && (negative || load<u8>(at) == 0x2B)) at++
  if (digit(10) == 10) return false
  exponent = 0
  for (; digit(10) < 10; at++) exponent = min(exponent * 10 + <i32>digit(10), EXPONENT_CUT)
  if (negative) exponent = -exponent
  return true
}

function setZero(x: LongDouble): bool {
  x.mantissa = 0
  x.infinite = false
  return true
}

/** numerator * 10^power, where the numerator has so many digits. */
function setDecimal(x: LongDouble, significant: i32, power: i32): bool {
  if (significant + power > MAGNITUDE_MAX || significant + power < MAGNITUDE_MIN) return false
  setNumber(denominator(), 1)
  multiplyPowerOfTen(power >= 0 ? numerator() : denominator(), abs(power))
  setQuotient(x, 0)
  return x.mantissa != 0 && !x.infinite
}

function setHexadecimal(x: LongDouble, power: i32): bool {
  setNumber(denominator(), 1)
  setQuotient(x, power)
  return x.mantissa != 0 && !x.infinite
}
