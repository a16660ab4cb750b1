import { FD, OP } from '../../../hypervisor/wasm/opcodes.ts'
import { F32, F64, I32, I64, V128, isReference } from '../../../hypervisor/wasm/types.ts'
import type { ValType } from '../../../hypervisor/wasm/types.ts'
import { addFunction } from '../gen/driver.ts'
import { end, i64, instr, typeIndex } from '../ir/ir.ts'
import type { Code, IrModule } from '../ir/ir.ts'

const WRAP = instr(0xa7)
const HIGH = [i64(32), instr(0x88), WRAP]
const CHANGES_TABLE: Readonly<Record<number, 'a' | 'b'>> = {
  [OP.tableSet]: 'a', [OP.tableGrow]: 'a', [OP.tableFill]: 'a', [OP.tableCopy]: 'a', [OP.tableInit]: 'b',
}

/** Makes memory, tables and mutable globals readable. Gives the tables that code of the module can change. */
export function addReaders(module: IrModule, globals: number): number[] {
  let words = 0
  for (let global = 0; global < globals; global++) {
    const { type, mutable } = module.globals[global]
    if (!mutable) continue
    if (isReference(type)) {
      module.exports.push({ name: `naive:w${words++}`, kind: 'global', index: global })
      continue
    }
    for (const tail of wordsOf(type)) {
      const code = [instr(OP.globalGet, { a: global }), ...tail, end()]
      const reader = addFunction(module, typeIndex(module, [], [I32]), [], code)
      module.exports.push({ name: `naive:w${words++}`, kind: 'function', index: reader })
    }
  }
  module.tables.forEach((_, i) => module.exports.push({ name: `naive:t${i}`, kind: 'table', index: i }))
  return changedTables(module)
}

function wordsOf(type: ValType): Code[] {
  switch (type) {
    case I32: return [[]]
    case F32: return [[instr(0xbc)]]
    case I64: return [[WRAP], HIGH]
    case F64: return [[instr(0xbd), WRAP], [instr(0xbd), ...HIGH]]
    case V128: return [0, 1, 2, 3].map(lane => [instr(FD + 0x1b, { lane })])
    default: throw new Error(`no words of a global of type ${type}`)
  }
}

/** Segments fill tables before any code runs; these are the instructions that do it later. */
function changedTables(module: IrModule): number[] {
  const changed = new Set<number>()
  for (const { code } of module.functions) {
    for (const step of code) {
      const field = CHANGES_TABLE[step.op]
      if (field !== undefined) changed.add(step[field])
    }
  }
  return [...changed].sort((a, b) => a - b)
}
