import { functionType } from '../wasm/module.ts'
import { OP } from '../wasm/opcodes.ts'
import { ByteWriter } from '../wasm/writer.ts'
import type { Layout } from './layout.ts'
import { movedFunction } from './layout.ts'

/**
 * Body of the wrapper of a threaded function: of the old type, it passes what stands in the globals. The counter that comes back
 * is in its global already, unless the function is silent.
 */
export function wrapperBody(layout: Layout, functionIndex: number): Uint8Array {
  const { conventions: { counts, bounded, silent }, leftGlobal, depthGlobal } = layout
  const body = new ByteWriter().u8(0)
  functionType(layout.module, functionIndex).params.forEach((_, i) => body.u8(OP.localGet).u32(i))
  if (counts[functionIndex] === 1) body.u8(OP.globalGet).u32(leftGlobal)
  if (bounded[functionIndex] === 1) body.u8(OP.globalGet).u32(depthGlobal)
  body.u8(OP.call).u32(movedFunction(layout, functionIndex))
  if (silent[functionIndex] === 1) body.u8(OP.globalSet).u32(leftGlobal)
  else if (counts[functionIndex] === 1) body.u8(OP.drop)
  return body.u8(OP.end).bytes()
}
