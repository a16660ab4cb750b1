import { EXTERN_KINDS } from '../../../hypervisor/wasm/module.ts'
import { FC, FD, IMM, OPCODES } from '../../../hypervisor/wasm/opcodes.ts'
import { FUNCREF } from '../../../hypervisor/wasm/types.ts'
import type { Limits } from '../../../hypervisor/wasm/types.ts'
import { ByteWriter } from '../../../hypervisor/wasm/writer.ts'
import type { Code, Instr, IrElements, IrFunction, IrModule } from './ir.ts'

/** The module's bytes. Nothing is checked: an invalid module gives an invalid file. */
export function encodeIr(module: IrModule): Uint8Array {
  const out = new ByteWriter().ops(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  list(out, 1, module.types, (to, { params, results }) => {
    to.u8(0x60).u32(params.length).ops(...params).u32(results.length).ops(...results)
  })
  list(out, 2, module.imports, (to, { module: from, name, type }) => to.name(from).name(name).u8(0).u32(type))
  list(out, 3, module.functions, (to, { type }) => to.u32(type))
  list(out, 4, module.tables, (to, table) => limits(to.u8(table.element), table))
  list(out, 5, module.memory === undefined ? [] : [module.memory], limits)
  list(out, 6, module.globals, (to, { type, mutable, init }) => expression(to.u8(type).u8(Number(mutable)), init))
  list(out, 7, module.exports, (to, { name, kind, index }) => to.name(name).u8(EXTERN_KINDS.indexOf(kind)).u32(index))
  if (module.start !== undefined) out.section(8, new ByteWriter().u32(module.start))
  list(out, 9, module.elements, elements)
  if (module.data.length > 0) out.section(12, new ByteWriter().u32(module.data.length))
  list(out, 10, module.functions, (to, f) => to.sized(body(f)))
  list(out, 11, module.data, (to, { at, bytes }) => {
    to.u8(at === undefined ? 1 : 0)
    if (at !== undefined) expression(to, at)
    to.sized(bytes)
  })
  return out.bytes().slice()
}

function list<T>(out: ByteWriter, id: number, items: readonly T[], write: (to: ByteWriter, item: T) => void): void {
  if (items.length === 0) return
  const section = new ByteWriter().u32(items.length)
  for (const item of items) write(section, item)
  out.section(id, section)
}

function limits(out: ByteWriter, { min, max }: Limits): void {
  if (max === undefined) out.u8(0).u32(min)
  else out.u8(1).u32(min).u32(max)
}

function elements(out: ByteWriter, { mode, table, at, type, items }: IrElements): void {
  out.u32(4 | (mode === 'passive' ? 1 : mode === 'declarative' ? 3 : 2))
  if (at !== undefined) expression(out.u32(table), at)
  out.u8(type).u32(items.length)
  for (const item of items) expression(out, item)
}

function body({ locals, code }: IrFunction): Uint8Array {
  const groups: [count: number, type: number][] = []
  for (const type of locals) {
    const last = groups.at(-1)
    if (last?.[1] === type) last[0]++
    else groups.push([1, type])
  }
  const out = new ByteWriter().u32(groups.length)
  for (const [count, type] of groups) out.u32(count).u8(type)
  expression(out, code)
  return out.bytes()
}

function expression(out: ByteWriter, code: Code): void {
  for (const step of code) instruction(out, step)
}

function instruction(out: ByteWriter, step: Instr): void {
  const { op } = step
  if (op >= FD) out.u8(0xfd).u32(op - FD)
  else if (op >= FC) out.u8(0xfc).u32(op - FC)
  else out.u8(op)
  const info = OPCODES[op]
  if (info === undefined) throw new Error(`no opcode ${op}`)
  immediate(out, step, info.immediate)
}

function immediate(out: ByteWriter, { a, b, lane, blockType, list: items, bytes }: Instr, kind: number): void {
  switch (kind) {
    case IMM.none: return
    case IMM.block: out.signed(blockType); return
    case IMM.labels: out.u32(items.length - 1); for (const label of items) out.u32(label); return
    case IMM.types: out.u32(items.length).ops(...items); return
    case IMM.callIndirect: case IMM.tableInit: case IMM.tableCopy: out.u32(a).u32(b); return
    case IMM.memarg: out.u32(a).u32(b); return
    case IMM.memargLane: out.u32(a).u32(b).u8(lane); return
    case IMM.lane: out.u8(lane); return
    case IMM.memory: out.u8(0); return
    case IMM.memoryCopy: out.ops(0, 0); return
    case IMM.memoryInit: out.u32(a).u8(0); return
    case IMM.i32: out.signed(a); return
    case IMM.i64: signed64(out, a, b); return
    case IMM.f32: word(out, a); return
    case IMM.f64: word(word(out, a), b); return
    case IMM.v128: case IMM.shuffle: out.raw(bytes as Uint8Array); return
    case IMM.refType: out.u8(a || FUNCREF); return
    default: out.u32(a)
  }
}

function word(out: ByteWriter, bits: number): ByteWriter {
  return out.ops(bits & 0xff, (bits >> 8) & 0xff, (bits >> 16) & 0xff, bits >>> 24)
}

function signed64(out: ByteWriter, low: number, high: number): void {
  let rest = (BigInt(high | 0) << 32n) | BigInt(low >>> 0)
  for (; rest < -64n || rest >= 64n; rest >>= 7n) out.u8(Number(rest & 0x7fn) | 0x80)
  out.u8(Number(rest & 0x7fn))
}
