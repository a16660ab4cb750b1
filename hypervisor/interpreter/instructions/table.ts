import { comparisonInstructions } from './comparisons.ts'
import { controlInstructions } from './control.ts'
import { floatInstructions } from './floats.ts'
import { fusedInstructions } from './fused.ts'
import { layOutForm } from './form.ts'
import type { Form, Instruction } from './form.ts'
import { integerInstructions } from './integers.ts'
import { memoryInstructions } from './memory.ts'
import { laneInstructions } from './vector-lanes.ts'
import { vectorMemoryInstructions } from './vector-memory.ts'
import { vectorInstructions } from './vectors.ts'

/**
 * Every register instruction; its opcode is its index. The core's switch is generated from this table, and the
 * translator takes opcodes and forms from it, so that the two can't disagree.
 */
export const INSTRUCTIONS: readonly Instruction[] = [
  ...controlInstructions, ...integerInstructions, ...comparisonInstructions, ...memoryInstructions, ...floatInstructions,
  ...fusedInstructions,
  ...vectorMemoryInstructions, ...laneInstructions, ...vectorInstructions,
]

export const FORMS: readonly Form[] = INSTRUCTIONS.map(({ operands }) => layOutForm(operands))

const opcodes = new Map<string, number>()
INSTRUCTIONS.forEach(({ name }, opcode) => {
  if (opcodes.has(name)) throw new Error(`two register instructions are called ${name}`)
  opcodes.set(name, opcode)
})

/** Opcode of the register instruction called `name`, or undefined. */
export const findOpcode = (name: string): number | undefined => opcodes.get(name)

/** Opcode of the register instruction called `name`; it must exist. */
export function opcodeOf(name: string): number {
  const opcode = opcodes.get(name)
  if (opcode === undefined) throw new Error(`no register instruction ${name}`)
  return opcode
}
