import { INVERSES } from '../instructions/comparisons.ts'
import { findOpcode, INSTRUCTIONS, opcodeOf } from '../instructions/table.ts'
import { OPCODES } from '../../wasm/opcodes.ts'

/** From Wasm opcodes and register opcodes to register opcodes; -1 where there is none. Made once from the tables' names. */

const SIZE = OPCODES.length

/** Loads and stores of floats are those of the integers of their width. */
const SAME: Readonly<Record<string, string>> = {
  'f32.load': 'i32.load', 'f64.load': 'i64.load', 'f32.store': 'i32.store', 'f64.store': 'i64.store',
  'i64.store8': 'i32.store8', 'i64.store16': 'i32.store16', 'i64.store32': 'i32.store',
  'i64.extend_i32_s': 'i64.extend32_s', 'ref.is_null': 'i32.eq_i',
}

function byName(nameOf: (wasmName: string) => string): Int16Array {
  const map = new Int16Array(SIZE).fill(-1)
  OPCODES.forEach((info, opcode) => {
    if (info !== undefined) map[opcode] = findOpcode(nameOf(SAME[info.name] ?? info.name)) ?? -1
  })
  return map
}

/** By Wasm opcode: the instruction with registers only. */
export const PLAIN = byName(name => name)
/** The one whose last operand is an immediate. */
export const IMMEDIATE = byName(name => `${name}_i`)
/** The one whose right operand is an immediate of 64 bits. */
export const LONG = byName(name => `${name}_l`)
/** The load or store with base and index; with an index and a constant; and that of a constant. */
export const INDEXED = byName(name => `${name}_x`)
export const COMPUTED = byName(name => `${name}_c`)
export const COMPUTED_CONSTANT = byName(name => `${name}_ci`)

/** By Wasm opcode: whether operands can change places. */
export const COMMUTES: ReadonlySet<number> = new Set(OPCODES.flatMap((info, opcode) => (
  info !== undefined && /^(i(32|64)\.(add|mul|and|or|xor|eq|ne)|f64\.(add|mul))$/.test(info.name) ? [opcode] : []
)))

function byRegisterOpcode(nameOf: (name: string) => string): Int16Array {
  return Int16Array.from(INSTRUCTIONS, ({ name }) => findOpcode(nameOf(name)) ?? -1)
}

/** By register opcode of a comparison: the branch taken if it holds, and if it does not. */
const branchOn = (prefix: string): Int16Array => byRegisterOpcode(name => `${prefix} ${name}`)
const branchOnNot = (prefix: string, unless: string): Int16Array => byRegisterOpcode(name => {
  const inverse = INVERSES.get(name)
  return inverse === undefined ? `${unless} ${name}` : `${prefix} ${inverse}`
})

export interface BranchForms {
  readonly onTrue: Int16Array
  readonly onFalse: Int16Array
  readonly always: number
}

export const FORWARD: BranchForms = {
  onTrue: branchOn('br_if'), onFalse: branchOnNot('br_if', 'br_unless'), always: opcodeOf('br'),
}
/** The same to a loop header, whose arrival they count. */
export const BACKWARD: BranchForms = {
  onTrue: branchOn('br_tick'), onFalse: branchOnNot('br_tick', 'br_tick_unless'), always: opcodeOf('br_tick'),
}

/** By register opcode of an integer comparison: the one that holds exactly when this one does not. */
export const INVERSE = byRegisterOpcode(name => INVERSES.get(name) ?? '')
