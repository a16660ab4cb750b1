/** A module as lists that can be changed: what generators make, planted bugs alter and the reducer shrinks. */
import type { ExternKind, SegmentMode } from '../../../hypervisor/wasm/module.ts'
import { EMPTY_BLOCK } from '../../../hypervisor/wasm/instructions.ts'
import { IMM, OP, OPCODES } from '../../../hypervisor/wasm/opcodes.ts'
import { sameSignature } from '../../../hypervisor/wasm/types.ts'
import type { FuncType, GlobalType, Limits, TableType, ValType } from '../../../hypervisor/wasm/types.ts'

/** One instruction; which fields mean something depends on the opcode's immediate, as in `InstructionReader`. */
export interface Instr {
  op: number
  a: number
  b: number
  lane: number
  blockType: number
  list: readonly number[]
  /** The 16 literal bytes of `v128.const` and `i8x16.shuffle`. */
  bytes: Uint8Array | undefined
}

/** An expression is a flat list, blocks closed by `end`; a body and a constant end with their own `end`. */
export type Code = Instr[]

export interface IrImport {
  module: string
  name: string
  type: number
}

export interface IrFunction {
  type: number
  /** Types of the locals behind the parameters. */
  locals: ValType[]
  code: Code
}

export interface IrGlobal extends GlobalType {
  init: Code
}

export interface IrExport {
  name: string
  kind: ExternKind
  index: number
}

export interface IrElements {
  mode: SegmentMode
  table: number
  at: Code | undefined
  type: ValType
  items: Code[]
}

export interface IrData {
  mode: SegmentMode
  at: Code | undefined
  bytes: Uint8Array
}

/** Functions are counted imports first, as in the format. Only functions are imported. */
export interface IrModule {
  types: FuncType[]
  imports: IrImport[]
  functions: IrFunction[]
  tables: TableType[]
  memory: Limits | undefined
  globals: IrGlobal[]
  exports: IrExport[]
  start: number | undefined
  elements: IrElements[]
  data: IrData[]
}

export function instr(op: number, fields: Partial<Instr> = {}): Instr {
  return { op, a: 0, b: 0, lane: 0, blockType: EMPTY_BLOCK, list: [], bytes: undefined, ...fields }
}

export const end = (): Instr => instr(OP.end)
export const i32 = (value: number): Instr => instr(OP.i32Const, { a: value | 0 })
export const i64 = (low: number, high = low >> 31): Instr => instr(OP.i64Const, { a: low | 0, b: high | 0 })
export const get = (local: number): Instr => instr(OP.localGet, { a: local })
export const set = (local: number): Instr => instr(OP.localSet, { a: local })
export const call = (index: number): Instr => instr(OP.call, { a: index })

/** Does `a` hold a function's index? */
export const namesFunction = (op: number): boolean => OPCODES[op]?.immediate === IMM.func
export const opensBlock = (op: number): boolean => op === OP.block || op === OP.loop || op === OP.if

/** The index of a function type, added when it is new. */
export function typeIndex(module: IrModule, params: readonly ValType[], results: readonly ValType[]): number {
  const found = module.types.findIndex(type => sameSignature(type, { params, results }))
  return found >= 0 ? found : module.types.push({ params, results }) - 1
}

/** The type of function `index`, imports counted. */
export function typeOf(module: IrModule, index: number): FuncType {
  const imported = module.imports.length
  return module.types[index < imported ? module.imports[index].type : module.functions[index - imported].type]
}

/** Every expression of the module: bodies, initial values, offsets and items of segments. */
export function allCode(module: IrModule): Code[] {
  const codes = [...module.functions.map(({ code }) => code), ...module.globals.map(({ init }) => init)]
  for (const { at, items } of module.elements) codes.push(...(at === undefined ? items : [at, ...items]))
  for (const { at } of module.data) if (at !== undefined) codes.push(at)
  return codes
}

/** Gives every function a new index, wherever it is named. `move` maps old to new. */
export function moveFunctions(module: IrModule, move: (index: number) => number): void {
  for (const code of allCode(module)) for (const step of code) if (namesFunction(step.op)) step.a = move(step.a)
  for (const entry of module.exports) if (entry.kind === 'function') entry.index = move(entry.index)
  if (module.start !== undefined) module.start = move(module.start)
}

/** A copy that shares nothing that a change could reach. */
export function copyOf(module: IrModule): IrModule {
  return structuredClone(module)
}
