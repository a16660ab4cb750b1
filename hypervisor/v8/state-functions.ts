import { FC, OP } from '../wasm/opcodes.ts'
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, V128 } from '../wasm/types.ts'
import type { ValType } from '../wasm/types.ts'
import { ByteWriter } from '../wasm/writer.ts'
import { ADDED, ADDED_TYPE } from './layout.ts'
import type { AddedFunction, Layout } from './layout.ts'

/**
 * Functions through which `state.ts` reads and writes what only code can reach. Numbers cross as 32-bit words, so that
 * no NaN passes through a JS number; references cross as themselves.
 */
export function stateFunctions(layout: Layout): AddedFunction[] {
  const { state } = layout
  if (state === undefined) return []
  const functions = [...globalReaders(layout), ...globalWriters(layout)]
  state.tables.forEach(({ type }, table) => functions.push(...tableFunctions(table, type)))
  if (state.references.length > 0) functions.push(reader(referencesTable(layout), ADDED.reference))
  droppable(layout).forEach(({ opcode, segment }, i) => {
    const body = new ByteWriter().u8(0).u8(FC_BYTE).u32(opcode - FC).u32(segment)
    body.raw(markDropped(layout, i)).u8(OP.end)
    functions.push({ type: ADDED_TYPE.void, body: body.bytes(), exportName: `${ADDED.drop}${i}` })
  })
  return functions
}

/** Index of the added table of references, behind the guest's own. */
export const referencesTable = (layout: Layout): number => layout.module.tables.length

/** Segments that code drops, data first: one added global each, behind the countdown and the depth. */
export function droppable({ state }: Layout): { opcode: number, segment: number }[] {
  if (state === undefined) return []
  const { data, elements } = state.changes
  return [
    ...data.map(segment => ({ opcode: OP.dataDrop, segment })), ...elements.map(segment => ({ opcode: OP.elemDrop, segment })),
  ]
}

/** Index of the global that is 1 once segment `i` of `droppable` is dropped. */
export const droppedGlobal = (layout: Layout, i: number): number => layout.depthGlobal + 1 + i

/** What follows a `data.drop` or `elem.drop`; empty where drops are not kept. */
export function afterDrop(layout: Layout, opcode: number, segment: number): Uint8Array {
  const { state } = layout
  if (state === undefined) return new Uint8Array(0)
  const { data, elements } = state.changes
  return markDropped(layout, opcode === OP.dataDrop ? data.indexOf(segment) : data.length + elements.indexOf(segment))
}

const markDropped = (layout: Layout, i: number): Uint8Array =>
  new ByteWriter().ops(OP.i32Const, 1).u8(OP.globalSet).u32(droppedGlobal(layout, i)).bytes()

function globalReaders({ module }: Layout): AddedFunction[] {
  const readers: AddedFunction[] = []
  module.globals.forEach(({ type, mutable }, global) => {
    if (!mutable) return
    const read = [...new ByteWriter().u8(OP.globalGet).u32(global).bytes()]
    for (const tail of readerTails(type)) {
      const body = new ByteWriter().ops(0, ...(type === EXTERNREF ? [] : read), ...tail, OP.end).bytes()
      const result = type === FUNCREF ? ADDED_TYPE.toFuncref : ADDED_TYPE.toI32
      readers.push({ type: result, body, exportName: `${ADDED.word}${readers.length}` })
    }
  })
  return readers
}

const WRAP = 0xa7
const I32_REINTERPRET = 0xbc
const I64_REINTERPRET = 0xbd
const HIGH = [OP.i64Const, 32, 0x88]
const I32X4_EXTRACT = [0xfd, 0x1b]
const FC_BYTE = 0xfc

function readerTails(type: ValType): number[][] {
  switch (type) {
    case I32: case FUNCREF: return [[]]
    case F32: return [[I32_REINTERPRET]]
    case I64: return [[WRAP], [...HIGH, WRAP]]
    case F64: return [[I64_REINTERPRET, WRAP], [I64_REINTERPRET, ...HIGH, WRAP]]
    case V128: return [0, 1, 2, 3].map(lane => [...I32X4_EXTRACT, lane])
    // Nobody can give a guest an externref but null.
    case EXTERNREF: return [[OP.i32Const, 0]]
    default: throw new Error(`no reader for a global of type ${type}`)
  }
}

const EXTEND_U = 0xad
const I64_SHIFT_LEFT = 0x86
const I64_OR = 0x84
const F32_REINTERPRET = 0xbe
const F64_REINTERPRET = 0xbf
const I32X4_SPLAT = [0xfd, 0x11]
const I32X4_REPLACE = [0xfd, 0x1c]
const get = (local: number): number[] => [OP.localGet, local]
const JOIN = [...get(0), EXTEND_U, ...get(1), EXTEND_U, OP.i64Const, 32, I64_SHIFT_LEFT, I64_OR]

/** By ordinal among the mutable globals: the value from its words. */
function globalWriters({ module }: Layout): AddedFunction[] {
  const writers: AddedFunction[] = []
  module.globals.forEach(({ type, mutable }, global) => {
    if (!mutable) return
    const { from, code } = joined(type)
    const body = new ByteWriter().ops(0, ...code, OP.globalSet).u32(global).u8(OP.end).bytes()
    writers.push({ type: from, body, exportName: `${ADDED.write}${writers.length}` })
  })
  return writers
}

function joined(type: ValType): { from: number, code: number[] } {
  switch (type) {
    case I32: return { from: ADDED_TYPE.fromI32, code: get(0) }
    case F32: return { from: ADDED_TYPE.fromI32, code: [...get(0), F32_REINTERPRET] }
    case I64: return { from: ADDED_TYPE.fromI32x2, code: JOIN }
    case F64: return { from: ADDED_TYPE.fromI32x2, code: [...JOIN, F64_REINTERPRET] }
    case V128: {
      const lanes = [1, 2, 3].flatMap(lane => [...get(lane), ...I32X4_REPLACE, lane])
      return { from: ADDED_TYPE.fromI32x4, code: [...get(0), ...I32X4_SPLAT, ...lanes] }
    }
    case FUNCREF: return { from: ADDED_TYPE.fromFuncref, code: get(0) }
    case EXTERNREF: return { from: ADDED_TYPE.void, code: [OP.refNull, EXTERNREF] }
    default: throw new Error(`no writer for a global of type ${type}`)
  }
}

function reader(table: number, exportName: string): AddedFunction {
  const body = new ByteWriter().ops(0, ...get(0), OP.tableGet).u32(table).u8(OP.end).bytes()
  return { type: ADDED_TYPE.i32ToFuncref, body, exportName }
}

/** Size and growth of any table; entries of a table of functions only, as all others are null. */
function tableFunctions(table: number, type: ValType): AddedFunction[] {
  const prefixed = (code: number[], opcode: number): Uint8Array =>
    new ByteWriter().ops(0, ...code, FC_BYTE).u32(opcode - FC).u32(table).u8(OP.end).bytes()
  const functions: AddedFunction[] = [
    { type: ADDED_TYPE.toI32, body: prefixed([], OP.tableSize), exportName: `${ADDED.tableSize}${table}` },
    {
      type: ADDED_TYPE.i32ToI32, body: prefixed([OP.refNull, type, ...get(0)], OP.tableGrow),
      exportName: `${ADDED.tableGrow}${table}`,
    },
  ]
  if (type !== FUNCREF) return functions
  const write = new ByteWriter().ops(0, ...get(0), ...get(1), OP.tableSet).u32(table).u8(OP.end).bytes()
  const writer = { type: ADDED_TYPE.fromI32Funcref, body: write, exportName: `${ADDED.tableSet}${table}` }
  return [...functions, reader(table, `${ADDED.tableGet}${table}`), writer]
}
