import { FC, OP } from '../wasm/opcodes.ts'
import { STACK_BYTES_MAX } from '../wasm/stack-budget.ts'
import { FUNCREF, I32 } from '../wasm/types.ts'
import { ByteWriter } from '../wasm/writer.ts'
import { ADDED, ADDED_TYPE, referredFunction } from './layout.ts'
import type { AddedFunction, Layout } from './layout.ts'
import { stateFunctions } from './state-functions.ts'

const EXTEND_U = 0xad
const I64_LE_U = 0x58
const FC_BYTE = 0xfc

/** Index of the function that stands for `memory.grow`; undefined if the memory is another's. */
export const growMemoryFunction = (layout: Layout): number | undefined =>
  ownMemory(layout) ? layout.addedFunctions : undefined

/** Index of the function that stands for `table.grow` of this table; undefined if the table is another's. */
export function growTableFunction(layout: Layout, table: number): number | undefined {
  const first = layout.addedFunctions + (ownMemory(layout) ? 1 : 0)
  return table < layout.module.importedTables ? undefined : first + table - layout.module.importedTables
}

const ownMemory = ({ module }: Layout): boolean => module.memories.length > module.importedMemories

/** Every appended function, in index order: growth, access to the state, entries. */
export function addedFunctions(layout: Layout): AddedFunction[] {
  const functions: AddedFunction[] = []
  if (ownMemory(layout)) functions.push(growMemory(layout))
  for (let table = layout.module.importedTables; table < layout.module.tables.length; table++) {
    functions.push(growTable(layout, table))
  }
  functions.push(...stateFunctions(layout))
  if (layout.options.guest) functions.push(...entries(layout))
  return functions
}

/** `size` is what reads the size now, `max` the bound: growth within it that fails is the host's fault, not the guest's. */
function checkedGrowth(layout: Layout, code: ByteWriter, parameters: number, size: number[], max: number): Uint8Array {
  const result = parameters
  const delta = parameters - 1
  code.u8(OP.localTee).u32(result).ops(OP.i32Const, 0x7f, OP.i32Eq, OP.if, 0x40)
  code.ops(...size, EXTEND_U, OP.localGet).u32(delta).ops(EXTEND_U, OP.i64Add, OP.i64Const).signed(max)
  code.ops(I64_LE_U, OP.if, 0x40, OP.call).u32(layout.hook.supply).ops(OP.end, OP.end)
  code.u8(OP.localGet).u32(result).u8(OP.end)
  return new ByteWriter().u32(1).u32(1).u8(I32).raw(code.bytes()).bytes()
}

function growMemory(layout: Layout): AddedFunction {
  const code = new ByteWriter().ops(OP.localGet, 0, OP.memoryGrow, 0)
  return { type: ADDED_TYPE.i32ToI32, body: checkedGrowth(layout, code, 1, [OP.memorySize, 0], layout.memoryMax) }
}

function growTable(layout: Layout, table: number): AddedFunction {
  const code = new ByteWriter().ops(OP.localGet, 0, OP.localGet, 1, FC_BYTE).u32(OP.tableGrow - FC).u32(table)
  const size = [...new ByteWriter().u8(FC_BYTE).u32(OP.tableSize - FC).u32(table).bytes()]
  const type = layout.module.tables[table].element === FUNCREF ? ADDED_TYPE.growFuncref : ADDED_TYPE.growExternref
  return { type, body: checkedGrowth(layout, code, 2, size, layout.tableMax[table]) }
}

/** The entries run from JavaScript: full stack budget, and the module's start function before `ft_start`. */
function entries(layout: Layout): AddedFunction[] {
  const { module, depthGlobal } = layout
  const call = (code: ByteWriter, index: number): ByteWriter => {
    code.u8(OP.i32Const).signed(STACK_BYTES_MAX).u8(OP.globalSet).u32(depthGlobal)
    return code.u8(OP.call).u32(referredFunction(layout, index))
  }
  const exported = (name: string): number => {
    const found = module.exports.find(entry => entry.kind === 'function' && entry.name === name)
    if (found === undefined) throw new Error(`rewriting a module without ${name}`)
    return found.index
  }
  const start = new ByteWriter().u8(0)
  if (module.start !== undefined) call(start, module.start)
  call(start, exported('ft_start')).u8(OP.end)
  // The argument goes below the call, whose preparation leaves the stack as it is.
  const interrupt = new ByteWriter().ops(0, OP.localGet, 0)
  call(interrupt, exported('ft_interrupt')).u8(OP.end)
  return [
    { type: ADDED_TYPE.void, body: start.bytes(), exportName: ADDED.start },
    { type: ADDED_TYPE.fromI32, body: interrupt.bytes(), exportName: ADDED.interrupt },
  ]
}
