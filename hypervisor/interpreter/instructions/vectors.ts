import { FD, IMM, OPCODES } from '../../wasm/opcodes.ts'
import type { Opcode } from '../../wasm/opcodes.ts'
import { MAKES_NAN, NAN_SHAPE } from '../../wasm/nan.ts'
import { I32, V128 } from '../../wasm/types.ts'
import { hot } from './form.ts'
import type { Instruction } from './form.ts'

/**
 * AssemblyScript has an operation of the same name for every vector instruction, so that the opcode table is the table of
 * these. None is cold: the call of the second switch costs more than most of them.
 */
function arithmetic(opcode: number, { name, params, results }: Opcode): Instruction {
  const letters = 'abc'.slice(0, params?.length)
  const operands = (params ?? []).map((type, i) => `$${letters[i]}.${type === V128 ? 'v128' : 'i32'}`)
  const value = `${name}(${operands.join(', ')})`
  const body = results[0] === I32 ? `$d.i32 = <i32>${value};` : `$d.${vectorType(opcode)} = ${value};`
  return hot(name, `d${letters}`, body)
}

function vectorType(opcode: number): string {
  switch (MAKES_NAN[opcode]) {
    case NAN_SHAPE.f32x4: return 'f32x4!'
    case NAN_SHAPE.f64x2: return 'f64x2!'
    default: return 'v128'
  }
}

const isArithmetic = (info: Opcode): boolean => info.immediate === IMM.none && !info.name.endsWith('.splat')

/** Everything from vectors to vectors, shifts, and tests of all lanes. */
export const vectorInstructions: readonly Instruction[] = OPCODES.flatMap((info, opcode) => (
  opcode >= FD && info !== undefined && isArithmetic(info) ? [arithmetic(opcode, info)] : []
))
