import { OP } from '../../hypervisor/wasm/opcodes.ts'
import { F32, F64, FUNCREF, V128 } from '../../hypervisor/wasm/types.ts'
import type { FuncType, GlobalType, ValType } from '../../hypervisor/wasm/types.ts'
import { ByteWriter } from '../../hypervisor/wasm/writer.ts'
import { wasmJs } from '../../hypervisor/v8/wasm-js.ts'
import { FUNCTION } from './engine.ts'
import type { Bits } from './engine.ts'
import { rawTypes } from './values.ts'

/**
 * Calls into V8 with raw bits. Floats and vectors can't pass through JavaScript unharmed, so that a small module stands
 * between: it takes and gives floats as integers and a v128 as two i64, and calls Wasm to Wasm.
 */
export type RawCall = (args: readonly Bits[]) => readonly Bits[]

const REINTERPRET = { f32FromI32: 0xbe, f64FromI64: 0xbf, i32FromF32: 0xbc, i64FromF64: 0xbd }
const SPLAT_I64X2 = [0xfd, 0x12]
const REPLACE_I64X2_1 = [0xfd, 0x1e, 1]
const extractI64x2 = (lane: number): number[] => [0xfd, 0x1d, lane]

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

/** A module that imports one thing and exports a function `f` around it; `use` leaves what the thing gives on the stack. */
function bridgeModule({ params, results }: FuncType, imported: number[], isFunction: boolean, use: number[]): Uint8Array {
  const raw = { params: rawTypes(params), results: rawTypes(results) }
  const type = (out: ByteWriter, from: readonly ValType[], to: readonly ValType[]): ByteWriter =>
    out.u8(0x60).u32(from.length).ops(...from).u32(to.length).ops(...to)
  const code = new ByteWriter().u32(results.length)
  for (const result of results) code.u32(1).u8(result)
  loadParameters(code, params)
  code.ops(...use)
  giveResults(code, results, raw.params.length)
  code.u8(OP.end)
  return new ByteWriter().ops(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
    .section(1, type(type(new ByteWriter().u32(2), params, results), raw.params, raw.results))
    .section(2, new ByteWriter().u32(1).name('').name('it').ops(...imported))
    .section(3, new ByteWriter().ops(1, 1))
    .section(7, new ByteWriter().u32(1).name('f').ops(0, Number(isFunction)))
    .section(10, new ByteWriter().u32(1).sized(code.bytes()))
    .bytes().slice()
}

const modules = new Map<string, object>()

function bridge(it: unknown, key: string, write: () => Uint8Array, results: readonly ValType[]): RawCall {
  const module = modules.get(key) ?? new wasmJs.Module(write())
  modules.set(key, module)
  const { exports } = new wasmJs.Instance(module, { '': { it } })
  const f = exports.f as (...bits: unknown[]) => unknown
  const types = rawTypes(results)
  return args => {
    const result = f(...args)
    const all = types.length === 0 ? [] : types.length === 1 ? [result] : result as unknown[]
    return all.map((value, i) => (types[i] === FUNCREF && value !== null ? FUNCTION : value as Bits))
  }
}

/** A caller of the exported function `target`, whose type is `type`. */
export function rawCall(target: unknown, type: FuncType): RawCall {
  return bridge(target, JSON.stringify(type), () => bridgeModule(type, [0, 0], true, [OP.call, 0]), type.results)
}

/** Reads the exported global `target`. */
export function rawGlobal(target: unknown, { type, mutable }: GlobalType): readonly Bits[] {
  const write = (): Uint8Array =>
    bridgeModule({ params: [], results: [type] }, [3, type, Number(mutable)], false, [OP.globalGet, 0])
  return bridge(target, `global ${type} ${mutable}`, write, [type])([])
}
