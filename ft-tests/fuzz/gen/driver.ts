import { FD, OP } from '../../../hypervisor/wasm/opcodes.ts'
import { F32, F64, I32, I64, V128, isReference } from '../../../hypervisor/wasm/types.ts'
import type { ValType } from '../../../hypervisor/wasm/types.ts'
import type { Rng } from '../../sim/rng.ts'
import { call, end, get, i32, i64, instr, set, typeIndex, typeOf } from '../ir/ir.ts'
import type { Code, IrModule } from '../ir/ir.ts'
import { constant } from './values.ts'

/** Where the results of calls are folded together: every bit of a result shows in memory. */
export const FOLD_ADDRESS = 8
const ROTL = 0x89
const EXTEND_U = 0xad
const EXTRACT_I64X2 = FD + 0x1d
const SHR_U = 0x76
const AND = 0x71
const FOLD_FACTOR = i64(0x1000193)

/**
 * Makes a guest of ABI `ft` of any module with a memory: `ft_interrupt(causes)` calls the function `targets[causes & 255]` and
 * folds its results into memory; `ft_start` calls the first `startCalls` of them. Arguments come from the seed, and from the
 * bits of `causes` above the lowest 8.
 */
export function addDriver(module: IrModule, rng: Rng, targets: readonly number[], startCalls: number): void {
  const toVoid = typeIndex(module, [I32], [])
  const fold = addFunction(module, typeIndex(module, [I64], []), [], foldCode())
  const drivers = targets.map(target => {
    const { code, locals } = driverCode(module, rng, target, fold)
    return addFunction(module, toVoid, locals, code)
  })
  const dispatch = drivers.flatMap((driver, i): Code => [
    get(0), i32(255), instr(AND), i32(i), instr(OP.i32Eq), instr(OP.if), get(0), i32(8), instr(SHR_U), call(driver), end(),
  ])
  const started = drivers.slice(0, startCalls).flatMap((driver): Code => [i32(rng.word()), call(driver)])
  const start = addFunction(module, typeIndex(module, [], []), [], [...started, end()])
  const interrupt = addFunction(module, toVoid, [], [...dispatch, end()])
  module.exports.push({ name: 'ft_start', kind: 'function', index: start })
  module.exports.push({ name: 'ft_interrupt', kind: 'function', index: interrupt })
  module.exports.push({ name: 'memory', kind: 'memory', index: 0 })
}

/** Appends a function and gives its index. */
export function addFunction(module: IrModule, type: number, locals: ValType[], code: Code): number {
  return module.imports.length + module.functions.push({ type, locals, code }) - 1
}

function foldCode(): Code {
  return [
    i32(FOLD_ADDRESS), i32(FOLD_ADDRESS), instr(0x29, { a: 3 }), i64(7), instr(ROTL), get(0), instr(0x85), { ...FOLD_FACTOR },
    instr(OP.i64Mul), instr(0x37, { a: 3 }), end(),
  ]
}

function driverCode(module: IrModule, rng: Rng, target: number, fold: number): { code: Code, locals: ValType[] } {
  const { params, results } = typeOf(module, target)
  const code: Code = []
  for (const type of params) {
    code.push(constant(rng, type))
    if (isReference(type)) continue
    code.push(constant(rng, type), get(0), i32(1 << rng.integer(0, 7)), instr(AND), instr(OP.select))
  }
  code.push(call(target))
  for (const type of [...results].reverse()) code.push(...foldResult(type, fold))
  return { code: [...code, end()], locals: results.includes(V128) ? [V128] : [] }
}

/** Folds the value on top of the stack, all of its bits. Local 1 is for vectors. */
function foldResult(type: ValType, fold: number): Code {
  const lane = (i: number): Code => [get(1), instr(EXTRACT_I64X2, { lane: i }), call(fold)]
  if (type === V128) return [set(1), ...lane(0), ...lane(1)]
  if (type === I64) return [call(fold)]
  if (type === F64) return [instr(0xbd), call(fold)]
  if (type === F32) return [instr(0xbc), instr(EXTEND_U), call(fold)]
  return [...(isReference(type) ? [instr(OP.refIsNull)] : []), instr(EXTEND_U), call(fold)]
}
