import { validateConst } from './validate-const.ts'
import { validateBody } from './validate-code.ts'
import type { BodyFacts } from './validate-code.ts'
import { InstructionReader } from './instructions.ts'
import { quoted, WasmError } from './errors.ts'
import { functionType } from './module.ts'
import type { Span, WasmModule } from './module.ts'
import { OP } from './opcodes.ts'
import { FUNCREF, I32, signature, typeName } from './types.ts'

/** Entries that a table can begin with: V8's limit. */
const ENTRIES_MAX = 10_000_000

/** Pages of 64 KiB that a 32-bit memory can have. */
export const MEMORY_PAGES_MAX = 65536

/**
 * Validates a decoded module: WebAssembly 2.0 with tail calls and extended constant expressions. Gives the facts
 * of every body, in order. Throws `WasmError`.
 */
export function validateModule(module: WasmModule): BodyFacts[] {
  checkFunctions(module)
  checkTablesAndMemories(module)
  const referable = new Set<number>()
  checkGlobals(module, referable)
  checkExports(module, referable)
  checkStart(module)
  checkElements(module, referable)
  checkData(module)
  return module.bodies.map((_, i) => validateBody(module, module.importedFunctions + i, referable))
}

function fail(offset: number, found: string, expected: string): never {
  throw new WasmError({ offset, found, expected })
}

/** Where section `id` is, for faults that have no place of their own. */
function sectionAt(module: WasmModule, id: number): number {
  return module.sections.find(section => section.id === id)?.start ?? 0
}

function checkFunctions(module: WasmModule): void {
  module.functions.forEach((type, i) => {
    if (type >= module.types.length) {
      fail(sectionAt(module, i < module.importedFunctions ? 2 : 3), `function ${i} of type ${type}`,
        `a type below ${module.types.length} (unknown type)`)
    }
  })
}

function checkTablesAndMemories(module: WasmModule): void {
  const { tables, memories } = module
  const tableAt = sectionAt(module, 4)
  for (const { min, max } of tables) {
    if (max !== undefined && max < min) fail(tableAt, `a table of minimum ${min} and maximum ${max}`, 'minimum at most maximum')
    if (min > ENTRIES_MAX) fail(tableAt, `a table of at least ${min} entries`, `at most ${ENTRIES_MAX}`)
  }
  const memoryAt = sectionAt(module, 5)
  if (memories.length > 1) fail(memoryAt, `${memories.length} memories`, 'at most one: a module built without multiple memories')
  for (const { min, max } of memories) {
    if (min > MEMORY_PAGES_MAX || (max ?? 0) > MEMORY_PAGES_MAX) {
      fail(memoryAt, `a memory of ${Math.max(min, max ?? 0)} pages`, `at most ${MEMORY_PAGES_MAX} pages (4 GiB)`)
    }
    if (max !== undefined && max < min) fail(memoryAt, `a memory of minimum ${min} and maximum ${max}`, 'minimum at most maximum')
  }
}

function checkGlobals(module: WasmModule, referable: Set<number>): void {
  module.globals.forEach(({ type, init }, i) => {
    if (init === undefined) return
    // Imported globals only: what WebAssembly 2.0 allows, and enough for what compilers emit.
    validateConst(module, init, type, Math.min(i, module.importedGlobals))
    collectReferences(module, init, referable)
  })
}

function collectReferences(module: WasmModule, span: Span, into: Set<number>): void {
  const code = new InstructionReader(module.bytes, span)
  while (!code.atEnd) {
    code.next()
    if (code.opcode === OP.refFunc) into.add(code.a)
  }
}

function checkExports(module: WasmModule, referable: Set<number>): void {
  const sizes = {
    function: module.functions.length, table: module.tables.length, memory: module.memories.length, global: module.globals.length,
  }
  const names = new Set<string>()
  for (const { name, kind, index, offset } of module.exports) {
    if (names.has(name)) fail(offset, `a second export ${quoted(name)}`, 'export names that differ (duplicate export name)')
    names.add(name)
    if (index >= sizes[kind]) {
      fail(offset, `export ${quoted(name)} of ${kind} ${index}`, `one below ${sizes[kind]} (unknown ${kind})`)
    }
    if (kind === 'function') referable.add(index)
  }
}

function checkStart(module: WasmModule): void {
  const { start } = module
  if (start === undefined) return
  const at = sectionAt(module, 8)
  if (start >= module.functions.length) {
    fail(at, `start function ${start}`, `one below ${module.functions.length} (unknown function)`)
  }
  const type = functionType(module, start)
  if (type.params.length + type.results.length > 0) fail(at, `a start function ${signature(type)}`, '() -> ()')
}

function checkElements(module: WasmModule, referable: Set<number>): void {
  for (const segment of module.elements) {
    if (segment.mode === 'active') {
      const table = module.tables[segment.table]
      if (table === undefined) fail(segment.offset, `table ${segment.table}`, `one below ${module.tables.length} (unknown table)`)
      if (table.element !== segment.type) {
        const expected = `${typeName(table.element)}, as its table has (type mismatch)`
        fail(segment.offset, `a segment of ${typeName(segment.type)}`, expected)
      }
      validateConst(module, segment.at as Span, I32, module.importedGlobals)
    }
    for (const index of segment.functions ?? []) {
      if (index >= module.functions.length) {
        fail(segment.offset, `function ${index}`, `one below ${module.functions.length} (unknown function)`)
      }
      referable.add(index)
    }
    for (const span of segment.expressions) {
      validateConst(module, span, segment.type, module.importedGlobals)
      if (segment.type === FUNCREF) collectReferences(module, span, referable)
    }
  }
}

function checkData(module: WasmModule): void {
  for (const segment of module.data) {
    if (segment.mode !== 'active') continue
    if (segment.memory >= module.memories.length) {
      fail(segment.offset, `memory ${segment.memory}`, `one below ${module.memories.length} (unknown memory)`)
    }
    validateConst(module, segment.at as Span, I32, module.importedGlobals)
  }
}
