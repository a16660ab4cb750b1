import { RUNS } from './runs.ts'
import { INSTRUCTIONS, opcodeOf } from './table.ts'

/**
 * A run of instructions that the fast loop does at one dispatch. Code stays as it is: only the opcode of the run's first
 * instruction is another one, so that branches may arrive in the middle, and the debugging loop, to which that opcode is the
 * first instruction's own, does them one by one.
 */
export interface Run {
  readonly opcode: number
  /** Opcodes of its instructions, two at least. Behind a jump comes what stands where it leads. */
  readonly parts: readonly number[]
}

export const RUN_OPCODES: readonly Run[] = RUNS.map((names, index) => ({
  opcode: INSTRUCTIONS.length + index, parts: names.split(' + ').map(opcodeOf),
}))

/** By the opcode of the first instruction, the longest run first. */
export const RUNS_FROM: ReadonlyMap<number, readonly Run[]> =
  Map.groupBy(RUN_OPCODES.toSorted((a, b) => b.parts.length - a.parts.length), ({ parts }) => parts[0])

/** The opcode of the instruction that really stands where `opcode` is written. */
export const firstOf = (opcode: number): number =>
  opcode < INSTRUCTIONS.length ? opcode : RUN_OPCODES[opcode - INSTRUCTIONS.length].parts[0]
