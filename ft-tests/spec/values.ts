import { F32, F64, I32, I64, V128 } from '../../hypervisor/wasm/types.ts'
import type { ValType } from '../../hypervisor/wasm/types.ts'
import type { SpecValue } from '../wasm/spec-suite.ts'
import { externRef, FUNCTION } from './engine.ts'
import type { Bits } from './engine.ts'

/** The types that stand for these in raw form: floats as integers, a v128 as two i64. */
export function rawTypes(types: readonly ValType[]): ValType[] {
  return types.flatMap(type => (type === F32 ? [I32] : type === F64 ? [I64] : type === V128 ? [I64, I64] : [type]))
}

/** The bits of a value of the suite. */
export function bitsOf(value: SpecValue): Bits[] {
  const text = value.value
  switch (value.type) {
    case 'i32':
    case 'f32': return [Number(text) | 0]
    case 'i64':
    case 'f64': return [BigInt.asIntN(64, BigInt(text as string))]
    case 'v128': return vectorBits(value.lane_type as string, text as readonly string[])
    case 'externref': return [text === 'null' ? null : externRef(text as string)]
    case 'funcref': return [text === 'null' ? null : FUNCTION]
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

/** What the export `field` must give, bit for bit. */
export function expectedBits(expected: readonly SpecValue[], field: string): Bits[] {
  return expected.flatMap(value => bitsOf(exact(value, field === 'f64x2_neg_canon')))
}

/** Values as messages show them: bits in hexadecimal. */
export function showBits(bits: readonly Bits[]): string {
  const show = (value: Bits): string => {
    if (typeof value === 'number') return `0x${(value >>> 0).toString(16)}`
    return typeof value === 'bigint' ? `0x${BigInt.asUintN(64, value).toString(16)}` : String(value)
  }
  return bits.length === 0 ? 'nothing' : bits.map(show).join(' ')
}
