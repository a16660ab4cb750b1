import { OP } from '../../hypervisor/wasm/opcodes.ts'
import { I32 } from '../../hypervisor/wasm/types.ts'
import { addFunction } from '../fuzz/gen/driver.ts'
import { decodeIr } from '../fuzz/ir/decode-ir.ts'
import { encodeIr } from '../fuzz/ir/encode-ir.ts'
import { call, end, get, i32, instr, set, typeIndex } from '../fuzz/ir/ir.ts'

const AND = 0x71
const HANDLER_TICKS_MASK = 63
/** Its turns at the handler's loop, and so its ticks, for the causes -1 to -2^31. */
export const handlerTicks = (causes: number): number => (causes & HANDLER_TICKS_MASK) + 1

/**
 * Gives a module an interrupt handler beside what its `ft_interrupt` does: negative causes count turns of a loop in a new last
 * global, and touch nothing else.
 */
export function withHandler(bytes: Uint8Array): Uint8Array {
  const module = decodeIr(bytes)
  const entry = module.exports.find(({ name }) => name === 'ft_interrupt')
  if (entry === undefined) throw new Error('no ft_interrupt')
  const counted = module.globals.push({ type: I32, mutable: true, init: [i32(0), end()] }) - 1
  const global = (op: number): ReturnType<typeof instr> => instr(op, { a: counted })
  entry.index = addFunction(module, typeIndex(module, [I32], []), [I32], [
    get(0), i32(0), instr(OP.i32LtS), instr(OP.if),
    get(0), i32(HANDLER_TICKS_MASK), instr(AND), set(1),
    instr(OP.loop),
    global(OP.globalGet), i32(1), instr(OP.i32Add), global(OP.globalSet),
    get(1), get(1), i32(1), instr(OP.i32Sub), set(1), instr(OP.brIf),
    end(),
    instr(OP.else), get(0), call(entry.index), end(), end(),
  ])
  return encodeIr(module)
}
