import { decodeModule } from '../../../hypervisor/wasm/decode.ts'
import { InstructionReader } from '../../../hypervisor/wasm/instructions.ts'
import type { ElementSegment, Span, WasmModule } from '../../../hypervisor/wasm/module.ts'
import { IMM, OP, OPCODES } from '../../../hypervisor/wasm/opcodes.ts'
import { isReference } from '../../../hypervisor/wasm/types.ts'
import { end, instr } from './ir.ts'
import type { Code, IrElements, IrGlobal, IrModule } from './ir.ts'

/**
 * Decodes a valid module. An imported global becomes one of its own, null, and constants that read it get a copy of its value:
 * guests import functions only.
 */
export function decodeIr(bytes: Uint8Array): IrModule {
  const module = decodeModule(bytes)
  const globals = globalsOf(module)
  const constant = (span: Span): Code => inlined(codeOf(module, span), globals)
  return {
    types: module.types.map(({ params, results }) => ({ params: [...params], results: [...results] })),
    imports: module.imports.filter(({ kind }) => kind === 'function')
      .map(({ module: from, name, index }) => ({ module: from, name, type: module.functions[index] })),
    functions: module.bodies.map(({ locals, code }, i) => ({
      type: module.functions[module.importedFunctions + i],
      locals: locals.flatMap(({ count, type }) => new Array<number>(count).fill(type)),
      code: codeOf(module, code),
    })),
    tables: module.tables.map(table => ({ ...table })),
    memory: module.memories.length > 0 ? { ...module.memories[0] } : undefined,
    globals,
    exports: module.exports.map(({ name, kind, index }) => ({ name, kind, index })),
    start: module.start,
    elements: module.elements.map(segment => elementsOf(segment, constant)),
    data: module.data.map(({ mode, at, bytes: { start, end: to } }) => ({
      mode, at: at === undefined ? undefined : constant(at), bytes: module.bytes.slice(start, to),
    })),
  }
}

function codeOf(module: WasmModule, span: Span): Code {
  const reader = new InstructionReader(module.bytes, span)
  const code: Code = []
  while (!reader.atEnd) {
    reader.next()
    const { opcode, a, b, lane, blockType, list } = reader
    const immediate = OPCODES[opcode]?.immediate
    const literal = immediate === IMM.v128 || immediate === IMM.shuffle
    const fields = { lane, list: immediate === IMM.labels || immediate === IMM.types ? [...list] : [] }
    if (literal) code.push(instr(opcode, { ...fields, bytes: module.bytes.slice(a, a + 16) }))
    else code.push(instr(opcode, immediate === IMM.block ? { blockType } : { ...fields, a, b }))
  }
  return code
}

function globalsOf(module: WasmModule): IrGlobal[] {
  const globals: IrGlobal[] = []
  for (const { type, mutable, init } of module.globals) {
    if (init === undefined && !isReference(type)) throw new Error('an imported global that is no reference')
    const code = init === undefined ? [instr(OP.refNull, { a: type }), end()] : codeOf(module, init)
    globals.push({ type, mutable, init: inlined(code, globals) })
  }
  return globals
}

function inlined(code: Code, globals: readonly IrGlobal[]): Code {
  return code.flatMap(step => (step.op === OP.globalGet ? globals[step.a].init.slice(0, -1).map(part => ({ ...part })) : [step]))
}

function elementsOf(segment: ElementSegment, constant: (span: Span) => Code): IrElements {
  const { mode, table, at, type, functions, expressions } = segment
  const items = functions?.map(index => [instr(OP.refFunc, { a: index }), end()]) ?? expressions.map(constant)
  return { mode, table, at: at === undefined ? undefined : constant(at), type, items }
}
