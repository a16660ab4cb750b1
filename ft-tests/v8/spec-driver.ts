import { OP } from '../../hypervisor/wasm/opcodes.ts'
import { F32, F64, I32, I64, V128 } from '../../hypervisor/wasm/types.ts'
import type { FuncType, ValType } from '../../hypervisor/wasm/types.ts'
import { ByteWriter } from '../../hypervisor/wasm/writer.ts'
import { wasmJs } from '../../hypervisor/v8/wasm-js.ts'

/**
 * Calls a Wasm function with raw bits. Floats and vectors can't pass through JavaScript unharmed, so that a small
 * module stands between: it takes and gives floats as integers and a v128 as two i64, and calls Wasm to Wasm.
 */
export type RawCall = (...bits: unknown[]) => unknown[]

const REINTERPRET = { f32FromI32: 0xbe, f64FromI64: 0xbf, i32FromF32: 0xbc, i64FromF64: 0xbd }
const SPLAT_I64X2 = [0xfd, 0x12]
const REPLACE_I64X2_1 = [0xfd, 0x1e, 1]
const extractI64x2 = (lane: number): number[] => [0xfd, 0x1d, lane]

function rawTypes(types: readonly ValType[]): ValType[] {
  return types.flatMap(type => (type === F32 ? [I32] : type === F64 ? [I64] : type === V128 ? [I64, I64] : [type]))
}

function loadParameters(code: ByteWriter, params: readonly ValType[]): void {
  let local = 0
  const next = (): unknown => code.u8(OP.localGet).u32(local++)
  for (const type of params) {
    next()
    if (type === F32) code.u8(REINTERPRET.f32FromI32)
    if (type === F64) code.u8(REINTERPRET.f64FromI64)
    if (type !== V128) continue
    code.ops(...SPLAT_I64X2)
    next()
    code.ops(...REPLACE_I64X2_1)
  }
}

function giveResults(code: ByteWriter, results: readonly ValType[], firstLocal: number): void {
  results.forEach((_, i) => code.u8(OP.localSet).u32(firstLocal + results.length - 1 - i))
  results.forEach((type, i) => {
    const get = (): ByteWriter => code.u8(OP.localGet).u32(firstLocal + i)
    get()
    if (type === F32) code.u8(REINTERPRET.i32FromF32)
    if (type === F64) code.u8(REINTERPRET.i64FromF64)
    if (type !== V128) return
    code.ops(...extractI64x2(0))
    get().ops(...extractI64x2(1))
  })
}

function driverModule({ params, results }: FuncType): Uint8Array {
  const raw = { params: rawTypes(params), results: rawTypes(results) }
  const type = (out: ByteWriter, from: readonly ValType[], to: readonly ValType[]): ByteWriter =>
    out.u8(0x60).u32(from.length).ops(...from).u32(to.length).ops(...to)
  const code = new ByteWriter().u32(results.length)
  for (const result of results) code.u32(1).u8(result)
  loadParameters(code, params)
  code.ops(OP.call, 0)
  giveResults(code, results, raw.params.length)
  code.u8(OP.end)
  return new ByteWriter().ops(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
    .section(1, type(type(new ByteWriter().u32(2), params, results), raw.params, raw.results))
    .section(2, new ByteWriter().u32(1).name('').name('f').ops(0, 0))
    .section(3, new ByteWriter().ops(1, 1))
    .section(7, new ByteWriter().u32(1).name('f').ops(0, 1))
    .section(10, new ByteWriter().u32(1).sized(code.bytes()))
    .bytes().slice()
}

const modules = new Map<string, object>()

/** A caller of the exported function `target`, whose type is `type`. */
export function rawCall(target: unknown, type: FuncType): RawCall {
  const key = JSON.stringify(type)
  const module = modules.get(key) ?? new wasmJs.Module(driverModule(type))
  modules.set(key, module)
  const { exports } = new wasmJs.Instance(module, { '': { f: target } })
  const f = exports.f as (...bits: unknown[]) => unknown
  return (...bits) => {
    const result = f(...bits)
    return Array.isArray(result) ? result : result === undefined ? [] : [result]
  }
}
