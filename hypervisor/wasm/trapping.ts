import { FC, IMM, OP, OPCODES } from './opcodes.ts'
import type { Opcode } from './opcodes.ts'

const DIVISIONS = [[0x6d, 0x70], [0x7f, 0x82]]
const TRUNCATIONS = [[0xa8, 0xab], [0xae, 0xb1]]
const RANGES = [[OP.unreachable, OP.unreachable], [OP.tableGet, OP.tableSet], [OP.memoryInit, FC + 0xff], ...DIVISIONS, ...TRUNCATIONS]

const traps = OPCODES.map((info, opcode) => {
  if (info === undefined) return false
  const { immediate } = info as Opcode
  if (immediate === IMM.memarg || immediate === IMM.memargLane || immediate === IMM.callIndirect) return true
  return RANGES.some(([from, to]) => opcode >= from && opcode <= to)
})

/** Whether the instruction itself can trap. A direct call can't; what it calls may. */
export const canTrap = (opcode: number): boolean => traps[opcode]
