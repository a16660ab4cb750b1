import type { InstructionReader } from '../wasm/instructions.ts'
import { NAN_SHAPE } from '../wasm/nan.ts'
import { FD, OP } from '../wasm/opcodes.ts'
import type { NanGraph } from './nan-graph.ts'

/** An instruction that moves float bits without arithmetic. */
export interface Move {
  readonly operands: number
  /** Gives the result's value. */
  apply(graph: NanGraph, operands: readonly number[], at: number, loops: number): number
}

const { f32, f64, f32x4, f64x2 } = NAN_SHAPE
const moves = new Map<number, Move>()

/** The result is made of lanes of the operands. Lanes of another shape than the instruction's would be seen. */
function lanes(opcode: number, operands: number, accepts: number, gives: number): void {
  moves.set(opcode, {
    operands,
    apply(graph, values, at, loops) {
      for (const value of values) if (accepts !== NAN_SHAPE.none) graph.use(value, accepts)
      return graph.merged(values, at, loops, gives)
    },
  })
}

function negation(opcode: number, shape: number): void {
  moves.set(opcode, {
    operands: 1,
    apply(graph, [value]) {
      graph.use(value, shape)
      return graph.signed(value)
    },
  })
}

/** The sign of the second operand can be seen, whatever becomes of the result. */
function copiedSign(opcode: number): void {
  moves.set(opcode, {
    operands: 2,
    apply(graph, [value, sign]) {
      graph.use(sign, NAN_SHAPE.none)
      return graph.signed(value)
    },
  })
}

// The absolute value of a canonical NaN is canonical.
lanes(0x8b, 1, f32, f32)
lanes(0x99, 1, f64, f64)
lanes(FD + 0xe0, 1, f32x4, f32x4)
lanes(FD + 0xec, 1, f64x2, f64x2)
negation(0x8c, f32)
negation(0x9a, f64)
negation(FD + 0xe1, f32x4)
negation(FD + 0xed, f64x2)
copiedSign(0x98)
copiedSign(0xa6)
// pmin and pmax choose one operand in each lane.
for (const opcode of [0xea, 0xeb]) lanes(FD + opcode, 2, f32x4, f32x4)
for (const opcode of [0xf6, 0xf7]) lanes(FD + opcode, 2, f64x2, f64x2)
// splat, extract_lane, replace_lane
lanes(FD + 0x13, 1, f32, f32x4)
lanes(FD + 0x14, 1, f64, f64x2)
lanes(FD + 0x1f, 1, f32x4, f32)
lanes(FD + 0x21, 1, f64x2, f64)
replaced(FD + 0x20, f32x4)
replaced(FD + 0x22, f64x2)

function replaced(opcode: number, shape: number): void {
  moves.set(opcode, {
    operands: 2,
    apply(graph, [vector, lane], at, loops) {
      graph.use(vector, shape)
      return graph.merged([vector, lane], at, loops, shape)
    },
  })
}

export const MOVES: ReadonlyMap<number, Move> = moves

const CONVERSIONS = [[0xb2, 0xb5], [0xb7, 0xba], [FD + 0xfa, FD + 0xfb], [FD + 0xfe, FD + 0xff]]
const F32_INFINITY = 0x7f800000
const F64_INFINITY_HIGH = 0x7ff00000
const MAGNITUDE = 0x7fffffff

const f32IsNumber = (bits: number): boolean => (bits & MAGNITUDE) <= F32_INFINITY
const f64IsNumber = (low: number, high: number): boolean =>
  (high & MAGNITUDE) < F64_INFINITY_HIGH || ((high & MAGNITUDE) === F64_INFINITY_HIGH && low === 0)

/** Whether the result of the instruction at hand holds no NaN in any shape. */
export function isClean({ opcode, a, b }: InstructionReader, bytes: Uint8Array): boolean {
  if (opcode === OP.f32Const) return f32IsNumber(a)
  if (opcode === OP.f64Const) return f64IsNumber(a, b)
  if (opcode !== OP.v128Const) return CONVERSIONS.some(([from, to]) => opcode >= from && opcode <= to)
  const view = new DataView(bytes.buffer, bytes.byteOffset + a, 16)
  const words = [0, 4, 8, 12].map(at => view.getInt32(at, true))
  return words.every(f32IsNumber) && f64IsNumber(words[0], words[1]) && f64IsNumber(words[2], words[3])
}
