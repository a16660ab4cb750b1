import { InstructionReader } from '../wasm/instructions.ts'
import { EXTERN_KINDS } from '../wasm/module.ts'
import type { ElementSegment, Span, WasmModule } from '../wasm/module.ts'
import { OP } from '../wasm/opcodes.ts'
import { STACK_BYTES_MAX } from '../wasm/stack-budget.ts'
import { FUNCREF, I32 } from '../wasm/types.ts'
import type { Limits } from '../wasm/types.ts'
import type { BodyFacts } from '../wasm/validate-code.ts'
import { ByteWriter } from '../wasm/writer.ts'
import { addedFunctions } from './added-functions.ts'
import { BranchHints } from './branch-hints.ts'
import { customSections } from './custom-sections.ts'
import { ADDED, ADDED_TYPE, ADDED_TYPES, HOOK_MODULE, HOOKS, layOut, movedFunction, referredFunction } from './layout.ts'
import type { AddedFunction, Layout, RewriteOptions } from './layout.ts'
import { CodeOffsetMap } from './offset-map.ts'
import { rewriteBody } from './rewrite-code.ts'
import { droppable, droppedGlobal, referencesTable } from './state-functions.ts'
import { wrapperBody } from './wrappers.ts'

export interface RewrittenModule {
  readonly bytes: Uint8Array
  /** Where the guest's code went. */
  readonly places: CodeOffsetMap
}

/**
 * Rewrites a validated module for V8: the same program, that also counts ticks, bounds call depth and growth, and
 * makes NaNs canonical. Pure: the same bytes give the same bytes. Throws `WasmError` for a module that can't fit the limits.
 */
export function rewrite(module: WasmModule, facts: readonly BodyFacts[], options: RewriteOptions): RewrittenModule {
  const layout = layOut(module, facts, options)
  const added = addedFunctions(layout)
  const out = new ByteWriter().ops(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  // Functions and their code may ask for further types.
  const functionSection = functions(layout, added)
  const { hints, contents, starts } = code(layout, added)
  out.section(1, types(layout)).section(2, imports(layout)).section(3, functionSection)
  if (module.tables.length > module.importedTables || references(layout).length > 0) out.section(4, tables(layout))
  if (module.memories.length > module.importedMemories) out.section(5, memories(layout))
  out.section(6, globals(layout)).section(7, exports(layout, added))
  if (module.start !== undefined && !options.guest) out.section(8, new ByteWriter().u32(referredFunction(layout, module.start)))
  if (module.elements.length > 0 || references(layout).length > 0) out.section(9, elements(layout))
  if (module.dataCount !== undefined) out.section(12, new ByteWriter().u32(module.dataCount))
  hints.write(out)
  out.section(10, contents)
  const shift = out.length - contents.length
  copySection(module, 11, out)
  customSections(layout, out)
  return { bytes: out.bytes().slice(), places: new CodeOffsetMap(layout, starts.map(start => start + shift)) }
}

/** As `rewrite`; only the bytes. */
export const rewriteModule = (module: WasmModule, facts: readonly BodyFacts[], options: RewriteOptions): Uint8Array =>
  rewrite(module, facts, options).bytes

function copySection(module: WasmModule, id: number, out: ByteWriter): void {
  const section = module.sections.find(candidate => candidate.id === id)
  if (section !== undefined) out.raw(module.bytes.subarray(section.start, section.end))
}

function types({ module, extended }: Layout): ByteWriter {
  const all = [...module.types, ...ADDED_TYPES, ...extended.types]
  const out = new ByteWriter().u32(all.length)
  for (const { params, results } of all) {
    out.u8(0x60).u32(params.length).ops(...params).u32(results.length).ops(...results)
  }
  return out
}

function imports({ module }: Layout): ByteWriter {
  const out = new ByteWriter().u32(module.imports.length + HOOKS.length)
  for (const { module: from, name, kind, index } of module.imports) {
    out.name(from).name(name).u8(EXTERN_KINDS.indexOf(kind))
    if (kind === 'function') out.u32(module.functions[index])
    if (kind === 'table') limits(out.u8(module.tables[index].element), module.tables[index])
    if (kind === 'memory') limits(out, module.memories[index])
    if (kind === 'global') out.u8(module.globals[index].type).u8(Number(module.globals[index].mutable))
  }
  for (const hook of HOOKS) out.name(HOOK_MODULE).name(hook).u8(0).u32(module.types.length + ADDED_TYPE.void)
  return out
}

function limits(out: ByteWriter, { min, max }: Limits): void {
  if (max === undefined) out.u8(0).u32(min)
  else out.u8(1).u32(min).u32(max)
}

function functions({ module, extended, wrappers }: Layout, added: readonly AddedFunction[]): ByteWriter {
  const out = new ByteWriter().u32(module.bodies.length + wrappers.size + added.length)
  for (let i = module.importedFunctions; i < module.functions.length; i++) out.u32(extended.ofFunction(i))
  for (const wrapped of wrappers.keys()) out.u32(module.functions[wrapped])
  for (const { type } of added) out.u32(module.types.length + type)
  return out
}

function tables(layout: Layout): ByteWriter {
  const { module, tableMax } = layout
  const added = references(layout).length
  const out = new ByteWriter().u32(module.tables.length - module.importedTables + Number(added > 0))
  module.tables.forEach(({ element, min }, i) => {
    if (i >= module.importedTables) limits(out.u8(element), { min, max: tableMax[i] })
  })
  if (added > 0) limits(out.u8(FUNCREF), { min: added, max: added })
  return out
}

const references = ({ state }: Layout): readonly number[] => state?.references ?? []

function memories({ module, memoryMax }: Layout): ByteWriter {
  const out = new ByteWriter().u32(1)
  limits(out, { min: module.memories[module.importedMemories].min, max: memoryMax })
  return out
}

function globals(layout: Layout): ByteWriter {
  const { module } = layout
  const drops = droppable(layout)
  const out = new ByteWriter().u32(module.globals.length - module.importedGlobals + 2 + drops.length)
  for (const { type, mutable, init } of module.globals) {
    if (init !== undefined) constant(layout, init, out.u8(type).u8(Number(mutable)))
  }
  out.ops(I32, 1, OP.i32Const).signed(0).u8(OP.end)
  out.ops(I32, 1, OP.i32Const).signed(STACK_BYTES_MAX).u8(OP.end)
  for (const _ of drops) out.ops(I32, 1, OP.i32Const, 0, OP.end)
  return out
}

/** Copies a constant expression, with its function indices moved. */
function constant(layout: Layout, span: Span, out: ByteWriter): void {
  const source = new InstructionReader(layout.module.bytes, span)
  while (!source.atEnd) {
    source.next()
    if (source.opcode === OP.refFunc) out.u8(OP.refFunc).u32(referredFunction(layout, source.a))
    else out.raw(layout.module.bytes.subarray(source.start, source.end))
  }
}

function exports(layout: Layout, added: readonly AddedFunction[]): ByteWriter {
  const { module } = layout
  const names = added.filter(({ exportName }) => exportName !== undefined).length
  const drops = droppable(layout)
  const out = new ByteWriter().u32(module.exports.length + names + 2 + drops.length)
  for (const { name, kind, index } of module.exports) {
    out.name(name).u8(EXTERN_KINDS.indexOf(kind)).u32(kind === 'function' ? referredFunction(layout, index) : index)
  }
  added.forEach(({ exportName }, i) => {
    if (exportName !== undefined) out.name(exportName).u8(0).u32(layout.addedFunctions + i)
  })
  drops.forEach((_, i) => out.name(`${ADDED.dropped}${i}`).u8(3).u32(droppedGlobal(layout, i)))
  out.name(ADDED.left).u8(3).u32(layout.leftGlobal)
  return out.name(ADDED.depth).u8(3).u32(layout.depthGlobal)
}

function elements(layout: Layout): ByteWriter {
  const added = references(layout)
  const out = new ByteWriter().u32(layout.module.elements.length + Number(added.length > 0))
  for (const segment of layout.module.elements) element(layout, segment, out)
  if (added.length === 0) return out
  out.u32(2).u32(referencesTable(layout)).ops(OP.i32Const, 0, OP.end).u8(0).u32(added.length)
  for (const index of added) out.u32(referredFunction(layout, index))
  return out
}

function element(layout: Layout, segment: ElementSegment, out: ByteWriter): void {
  const { mode, table, at, type, functions: plain, expressions } = segment
  // Active segments always name their table (flag 2), as passive and declarative ones name their kind.
  const flags = (mode === 'passive' ? 1 : mode === 'declarative' ? 3 : 2) | (plain === undefined ? 4 : 0)
  out.u32(flags)
  if (mode === 'active') out.u32(table)
  if (at !== undefined) constant(layout, at, out)
  if (plain !== undefined) {
    out.u8(0).u32(plain.length)
    for (const index of plain) out.u32(referredFunction(layout, index))
  } else {
    out.u8(type).u32(expressions.length)
    for (const span of expressions) constant(layout, span, out)
  }
}

interface Code {
  readonly hints: BranchHints
  readonly contents: ByteWriter
  /** Where in `contents` the guest's bodies begin, and where the last one ends. */
  readonly starts: Uint32Array
}

function code(layout: Layout, added: readonly AddedFunction[]): Code {
  const { module, wrappers } = layout
  const contents = new ByteWriter().u32(module.bodies.length + wrappers.size + added.length)
  const hints = new BranchHints()
  const starts = new Uint32Array(module.bodies.length + 1)
  module.bodies.forEach((_, i) => {
    const { bytes, unlikely } = rewriteBody(layout, module.importedFunctions + i)
    contents.sized(bytes)
    starts[i] = contents.length - bytes.length
    hints.add(movedFunction(layout, module.importedFunctions + i), unlikely)
  })
  starts[module.bodies.length] = contents.length
  for (const wrapped of wrappers.keys()) contents.sized(wrapperBody(layout, wrapped))
  for (const { body } of added) contents.sized(body)
  return { hints, contents, starts }
}
