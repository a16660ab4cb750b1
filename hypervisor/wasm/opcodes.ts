import { EXTERNREF, F32, F64, FUNCREF, I32, I64, V128 } from './types.ts'
import type { ValType } from './types.ts'

/**
 * The opcode table. An opcode is one number: the byte itself, `FC + sub` behind the prefix 0xfc, `FD + sub`
 * behind 0xfd. Instructions of a fixed type have a signature here; the validator treats the others by hand.
 */
export const FC = 0x100
export const FD = 0x200
const TABLE_SIZE = 0x300

export const OP = {
  unreachable: 0x00, nop: 0x01, block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, brIf: 0x0d, brTable: 0x0e,
  return: 0x0f, call: 0x10, callIndirect: 0x11, returnCall: 0x12, returnCallIndirect: 0x13, drop: 0x1a, select: 0x1b,
  selectTyped: 0x1c, localGet: 0x20, localSet: 0x21, localTee: 0x22, globalGet: 0x23, globalSet: 0x24, tableGet: 0x25,
  tableSet: 0x26, memorySize: 0x3f, memoryGrow: 0x40, i32Const: 0x41, i64Const: 0x42, f32Const: 0x43, f64Const: 0x44,
  i32Eqz: 0x45, i32Eq: 0x46, i32LtS: 0x48, i32Add: 0x6a, i32Sub: 0x6b, i64Add: 0x7c, i64Sub: 0x7d, i64Mul: 0x7e,
  f32Ne: 0x5c, f64Ne: 0x62,
  refNull: 0xd0, refIsNull: 0xd1, refFunc: 0xd2,
  memoryInit: FC + 8, dataDrop: FC + 9, memoryCopy: FC + 10, memoryFill: FC + 11, tableInit: FC + 12, elemDrop: FC + 13,
  tableCopy: FC + 14, tableGrow: FC + 15, tableSize: FC + 16, tableFill: FC + 17,
  v128Const: FD + 0x0c, v128AnyTrue: FD + 0x53,
} as const

/** What follows an opcode in the code. */
export const IMM = {
  none: 0, block: 1, label: 2, labels: 3, func: 4, callIndirect: 5, types: 6, local: 7, global: 8, table: 9, memarg: 10,
  memory: 11, i32: 12, i64: 13, f32: 14, f64: 15, v128: 16, shuffle: 17, lane: 18, memargLane: 19, refType: 20, data: 21,
  memoryInit: 22, memoryCopy: 23, elem: 24, tableInit: 25, tableCopy: 26,
} as const

export interface Opcode {
  readonly name: string
  readonly immediate: number
  /** Fixed operand and result types; undefined where they depend on context. */
  readonly params: readonly ValType[] | undefined
  readonly results: readonly ValType[]
  /** Natural alignment (power of two) of a memory access. */
  readonly align: number
  /** Number of lanes a lane index chooses from. */
  readonly lanes: number
}

const LETTERS: Readonly<Record<string, ValType>> = { i: I32, l: I64, f: F32, d: F64, v: V128, F: FUNCREF, E: EXTERNREF }
const table: (Opcode | undefined)[] = new Array(TABLE_SIZE).fill(undefined)
const letters = (text: string): ValType[] => [...text].map(letter => LETTERS[letter])

/**
 * Enters consecutive opcodes from `code` on: `names` separated by spaces (`-` skips one), all of signature `types`
 * (`ii:i`; `?` when it depends on context).
 */
function define(code: number, types: string, names: string, immediate: number = IMM.none, align = 0, lanes = 0): void {
  const [params, results] = types === '?' ? [undefined, ''] : types.split(':')
  names.split(/\s+/).forEach((name, i) => {
    if (name === '-') return
    const fixed = params === undefined ? undefined : letters(params)
    table[code + i] = { name, immediate, params: fixed, results: letters(results), align, lanes }
  })
}

/** The same with a common prefix: `i32.` before each of `names`. */
function family(code: number, types: string, prefix: string, names: string): void {
  define(code, types, names.split(' ').map(name => (name === '-' ? '-' : prefix + name)).join(' '))
}

function defineControl(): void {
  define(0x01, ':', 'nop')
  define(0x00, '?', 'unreachable')
  define(0x02, '?', 'block loop if', IMM.block)
  define(0x05, '?', 'else')
  define(0x0b, '?', 'end')
  define(0x0c, '?', 'br br_if', IMM.label)
  define(0x0e, '?', 'br_table', IMM.labels)
  define(0x0f, '?', 'return')
  define(0x10, '?', 'call', IMM.func)
  define(0x11, '?', 'call_indirect', IMM.callIndirect)
  define(0x12, '?', 'return_call', IMM.func)
  define(0x13, '?', 'return_call_indirect', IMM.callIndirect)
  define(0x1a, '?', 'drop select')
  define(0x1c, '?', 'select', IMM.types)
  define(0x20, '?', 'local.get local.set local.tee', IMM.local)
  define(0x23, '?', 'global.get global.set', IMM.global)
  define(0x25, '?', 'table.get table.set', IMM.table)
  define(0xd0, '?', 'ref.null', IMM.refType)
  define(0xd1, '?', 'ref.is_null')
  define(0xd2, '?', 'ref.func', IMM.func)
}

function defineMemory(): void {
  const load = (code: number, types: string, name: string, align: number): void => define(code, types, name, IMM.memarg, align)
  load(0x28, 'i:i', 'i32.load', 2)
  load(0x29, 'i:l', 'i64.load', 3)
  load(0x2a, 'i:f', 'f32.load', 2)
  load(0x2b, 'i:d', 'f64.load', 3)
  load(0x2c, 'i:i', 'i32.load8_s i32.load8_u', 0)
  load(0x2e, 'i:i', 'i32.load16_s i32.load16_u', 1)
  load(0x30, 'i:l', 'i64.load8_s i64.load8_u', 0)
  load(0x32, 'i:l', 'i64.load16_s i64.load16_u', 1)
  load(0x34, 'i:l', 'i64.load32_s i64.load32_u', 2)
  load(0x36, 'ii:', 'i32.store', 2)
  load(0x37, 'il:', 'i64.store', 3)
  load(0x38, 'if:', 'f32.store', 2)
  load(0x39, 'id:', 'f64.store', 3)
  load(0x3a, 'ii:', 'i32.store8', 0)
  load(0x3b, 'ii:', 'i32.store16', 1)
  load(0x3c, 'il:', 'i64.store8', 0)
  load(0x3d, 'il:', 'i64.store16', 1)
  load(0x3e, 'il:', 'i64.store32', 2)
  define(0x3f, ':i', 'memory.size', IMM.memory)
  define(0x40, 'i:i', 'memory.grow', IMM.memory)
  define(FC + 8, 'iii:', 'memory.init', IMM.memoryInit)
  define(FC + 9, ':', 'data.drop', IMM.data)
  define(FC + 10, 'iii:', 'memory.copy', IMM.memoryCopy)
  define(FC + 11, 'iii:', 'memory.fill', IMM.memory)
  define(FC + 12, 'iii:', 'table.init', IMM.tableInit)
  define(FC + 13, ':', 'elem.drop', IMM.elem)
  define(FC + 14, 'iii:', 'table.copy', IMM.tableCopy)
  define(FC + 15, '?', 'table.grow', IMM.table)
  define(FC + 16, ':i', 'table.size', IMM.table)
  define(FC + 17, '?', 'table.fill', IMM.table)
}

const INT_COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'
const INT_BINARY = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'
const FLOAT_COMPARE = 'eq ne lt gt le ge'
const FLOAT_UNARY = 'abs neg ceil floor trunc nearest sqrt'
const FLOAT_BINARY = 'add sub mul div min max copysign'

function defineNumeric(): void {
  define(0x41, ':i', 'i32.const', IMM.i32)
  define(0x42, ':l', 'i64.const', IMM.i64)
  define(0x43, ':f', 'f32.const', IMM.f32)
  define(0x44, ':d', 'f64.const', IMM.f64)
  define(0x45, 'i:i', 'i32.eqz')
  family(0x46, 'ii:i', 'i32.', INT_COMPARE)
  define(0x50, 'l:i', 'i64.eqz')
  family(0x51, 'll:i', 'i64.', INT_COMPARE)
  family(0x5b, 'ff:i', 'f32.', FLOAT_COMPARE)
  family(0x61, 'dd:i', 'f64.', FLOAT_COMPARE)
  family(0x67, 'i:i', 'i32.', 'clz ctz popcnt')
  family(0x6a, 'ii:i', 'i32.', INT_BINARY)
  family(0x79, 'l:l', 'i64.', 'clz ctz popcnt')
  family(0x7c, 'll:l', 'i64.', INT_BINARY)
  family(0x8b, 'f:f', 'f32.', FLOAT_UNARY)
  family(0x92, 'ff:f', 'f32.', FLOAT_BINARY)
  family(0x99, 'd:d', 'f64.', FLOAT_UNARY)
  family(0xa0, 'dd:d', 'f64.', FLOAT_BINARY)
  define(0xa7, 'l:i', 'i32.wrap_i64')
  define(0xa8, 'f:i', 'i32.trunc_f32_s i32.trunc_f32_u')
  define(0xaa, 'd:i', 'i32.trunc_f64_s i32.trunc_f64_u')
  define(0xac, 'i:l', 'i64.extend_i32_s i64.extend_i32_u')
  define(0xae, 'f:l', 'i64.trunc_f32_s i64.trunc_f32_u')
  define(0xb0, 'd:l', 'i64.trunc_f64_s i64.trunc_f64_u')
  define(0xb2, 'i:f', 'f32.convert_i32_s f32.convert_i32_u')
  define(0xb4, 'l:f', 'f32.convert_i64_s f32.convert_i64_u')
  define(0xb6, 'd:f', 'f32.demote_f64')
  define(0xb7, 'i:d', 'f64.convert_i32_s f64.convert_i32_u')
  define(0xb9, 'l:d', 'f64.convert_i64_s f64.convert_i64_u')
  define(0xbb, 'f:d', 'f64.promote_f32')
  define(0xbc, 'f:i', 'i32.reinterpret_f32')
  define(0xbd, 'd:l', 'i64.reinterpret_f64')
  define(0xbe, 'i:f', 'f32.reinterpret_i32')
  define(0xbf, 'l:d', 'f64.reinterpret_i64')
  define(0xc0, 'i:i', 'i32.extend8_s i32.extend16_s')
  define(0xc2, 'l:l', 'i64.extend8_s i64.extend16_s i64.extend32_s')
  define(FC + 0, 'f:i', 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u')
  define(FC + 2, 'd:i', 'i32.trunc_sat_f64_s i32.trunc_sat_f64_u')
  define(FC + 4, 'f:l', 'i64.trunc_sat_f32_s i64.trunc_sat_f32_u')
  define(FC + 6, 'd:l', 'i64.trunc_sat_f64_s i64.trunc_sat_f64_u')
}

function defineVectorMemory(): void {
  const load = (code: number, name: string, align: number): void => define(FD + code, 'i:v', name, IMM.memarg, align)
  load(0x00, 'v128.load', 4)
  load(0x01, 'v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s v128.load32x2_u', 3)
  load(0x07, 'v128.load8_splat', 0)
  load(0x08, 'v128.load16_splat', 1)
  load(0x09, 'v128.load32_splat', 2)
  load(0x0a, 'v128.load64_splat', 3)
  define(FD + 0x0b, 'iv:', 'v128.store', IMM.memarg, 4)
  load(0x5c, 'v128.load32_zero', 2)
  load(0x5d, 'v128.load64_zero', 3)
  for (let align = 0; align < 4; align++) {
    const bits = 8 << align
    define(FD + 0x54 + align, 'iv:v', `v128.load${bits}_lane`, IMM.memargLane, align, 16 >> align)
    define(FD + 0x58 + align, 'iv:', `v128.store${bits}_lane`, IMM.memargLane, align, 16 >> align)
  }
}

function defineVectorLanes(): void {
  define(FD + 0x0c, ':v', 'v128.const', IMM.v128)
  define(FD + 0x0d, 'vv:v', 'i8x16.shuffle', IMM.shuffle, 0, 32)
  define(FD + 0x0e, 'vv:v', 'i8x16.swizzle')
  define(FD + 0x0f, 'i:v', 'i8x16.splat i16x8.splat i32x4.splat')
  define(FD + 0x12, 'l:v', 'i64x2.splat')
  define(FD + 0x13, 'f:v', 'f32x4.splat')
  define(FD + 0x14, 'd:v', 'f64x2.splat')
  const lane = (code: number, types: string, names: string, lanes: number): void =>
    define(FD + code, types, names, IMM.lane, 0, lanes)
  lane(0x15, 'v:i', 'i8x16.extract_lane_s i8x16.extract_lane_u', 16)
  lane(0x17, 'vi:v', 'i8x16.replace_lane', 16)
  lane(0x18, 'v:i', 'i16x8.extract_lane_s i16x8.extract_lane_u', 8)
  lane(0x1a, 'vi:v', 'i16x8.replace_lane', 8)
  lane(0x1b, 'v:i', 'i32x4.extract_lane', 4)
  lane(0x1c, 'vi:v', 'i32x4.replace_lane', 4)
  lane(0x1d, 'v:l', 'i64x2.extract_lane', 2)
  lane(0x1e, 'vl:v', 'i64x2.replace_lane', 2)
  lane(0x1f, 'v:f', 'f32x4.extract_lane', 4)
  lane(0x20, 'vf:v', 'f32x4.replace_lane', 4)
  lane(0x21, 'v:d', 'f64x2.extract_lane', 2)
  lane(0x22, 'vd:v', 'f64x2.replace_lane', 2)
}

function defineVectorArithmetic(): void {
  const vector = (code: number, types: string, prefix: string, names: string): void => family(FD + code, types, prefix, names)
  vector(0x23, 'vv:v', 'i8x16.', INT_COMPARE)
  vector(0x2d, 'vv:v', 'i16x8.', INT_COMPARE)
  vector(0x37, 'vv:v', 'i32x4.', INT_COMPARE)
  vector(0x41, 'vv:v', 'f32x4.', FLOAT_COMPARE)
  vector(0x47, 'vv:v', 'f64x2.', FLOAT_COMPARE)
  vector(0x4d, 'v:v', 'v128.', 'not')
  vector(0x4e, 'vv:v', 'v128.', 'and andnot or xor')
  vector(0x52, 'vvv:v', 'v128.', 'bitselect')
  vector(0x53, 'v:i', 'v128.', 'any_true')
  define(FD + 0x5e, 'v:v', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4')
  vector(0x67, 'v:v', 'f32x4.', 'ceil floor trunc nearest')
  vector(0x74, 'v:v', 'f64x2.', 'ceil floor - - - - trunc')
  define(FD + 0x7c, 'v:v', 'i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u')
  define(FD + 0x7e, 'v:v', 'i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u')
  vector(0x94, 'v:v', 'f64x2.', 'nearest')
  const shapes = ['i8x16', 'i16x8', 'i32x4', 'i64x2']
  shapes.forEach((shape, i) => {
    const at = 0x60 + i * 0x20
    vector(at, 'v:v', shape + '.', 'abs neg')
    vector(at + 3, 'v:i', shape + '.', 'all_true bitmask')
    vector(at + 0x0b, 'vi:v', shape + '.', 'shl shr_s shr_u')
    vector(at + 0x0e, 'vv:v', shape + '.', 'add - - sub')
    if (i < 2) vector(at + 0x0f, 'vv:v', shape + '.', 'add_sat_s add_sat_u - sub_sat_s sub_sat_u')
    if (i < 2) vector(at + 0x05, 'vv:v', shape + '.', `narrow_${shapes[i + 1]}_s narrow_${shapes[i + 1]}_u`)
    if (i < 3) vector(at + 0x16, 'vv:v', shape + '.', 'min_s min_u max_s max_u')
    if (i < 2) vector(at + 0x1b, 'vv:v', shape + '.', 'avgr_u')
    if (i > 0) vector(at + 0x15, 'vv:v', shape + '.', 'mul')
    if (i > 0) defineWidening(at, shape, shapes[i - 1])
  })
  vector(0x62, 'v:v', 'i8x16.', 'popcnt')
  vector(0x82, 'vv:v', 'i16x8.', 'q15mulr_sat_s')
  vector(0xba, 'vv:v', 'i32x4.', 'dot_i16x8_s')
  vector(0xd6, 'vv:v', 'i64x2.', 'eq ne lt_s gt_s le_s ge_s')
  for (const [shape, at] of [['f32x4', 0xe0], ['f64x2', 0xec]] as const) {
    vector(at, 'v:v', shape + '.', 'abs neg - sqrt')
    vector(at + 4, 'vv:v', shape + '.', 'add sub mul div min max pmin pmax')
  }
  define(FD + 0xf8, 'v:v', 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u')
  define(FD + 0xfc, 'v:v', 'i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero')
  define(FD + 0xfe, 'v:v', 'f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u')
}

function defineWidening(at: number, shape: string, from: string): void {
  const variants = (name: string): string =>
    ['low', 'high', 'low', 'high'].map((half, i) => `${name}_${half}_${from}_${i < 2 ? 's' : 'u'}`).join(' ')
  family(FD + at + 0x07, 'v:v', shape + '.', variants('extend'))
  family(FD + at + 0x1c, 'vv:v', shape + '.', variants('extmul'))
}

defineControl()
defineMemory()
defineNumeric()
defineVectorMemory()
defineVectorLanes()
defineVectorArithmetic()

/** Every opcode of WebAssembly 2.0 with tail calls; `undefined` where there is none. */
export const OPCODES: readonly (Opcode | undefined)[] = table
