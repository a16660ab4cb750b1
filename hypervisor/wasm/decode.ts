import { refuse } from './errors.ts'
import { decodeData, decodeElements } from './decode-segments.ts'
import { decodeLimits, readConstSpan, readTableType } from './decode-parts.ts'
import { readValType } from './instructions.ts'
import { EXTERN_KINDS, FunctionBody } from './module.ts'
import type {
  DataSegment, ElementSegment, Export, ExternKind, Import, LocalGroup, ModuleGlobal, Section, WasmModule,
} from './module.ts'
import { ByteReader, hex } from './reader.ts'
import type { FuncType, Limits, TableType, ValType } from './types.ts'

/** Implementation limits, V8's own or below: a module beyond V8's could not run on one of the engines. */
export const DECODE_LIMITS = {
  types: 1_000_000, functions: 1_000_000, imports: 1_000_000, exports: 1_000_000, globals: 1_000_000, dataSegments: 100_000,
  tables: 100_000, elementSegments: 100_000, memories: 1000, params: 1000, results: 1000, locals: 50_000, bodyBytes: 7_654_321,
} as const

const SECTION_NAMES = [
  'custom', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start', 'element', 'code', 'data', 'data count',
]
/** The order sections must come in: the data count stands before the code. */
const SECTION_ORDER = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10]
const TAG_SECTION = 13

/** Shared, as hostile modules have many of them. */
const NO_TYPES: readonly ValType[] = []
const NO_LOCALS: readonly LocalGroup[] = []

/** Decodes a module file. Throws `WasmError` if it is malformed or uses a refused proposal; does not validate. */
export function decodeModule(bytes: Uint8Array): WasmModule {
  return new Decoder(bytes).decode()
}

class Decoder {
  private readonly bytes: Uint8Array
  private readonly sections: Section[] = []
  private readonly types: FuncType[] = []
  private readonly knownTypes = new Map<string, FuncType>()
  private readonly imports: Import[] = []
  private readonly imported: Record<ExternKind, number> = { function: 0, table: 0, memory: 0, global: 0 }
  private readonly functions: number[] = []
  private readonly tables: TableType[] = []
  private readonly memories: Limits[] = []
  private readonly globals: ModuleGlobal[] = []
  private readonly exports: Export[] = []
  private start: number | undefined = undefined
  private elements: ElementSegment[] = []
  private dataCount: number | undefined = undefined
  private readonly bodies: FunctionBody[] = []
  private data: DataSegment[] = []

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  decode(): WasmModule {
    const reader = new ByteReader(this.bytes, 0, this.bytes.length)
    this.header(reader)
    let last = 0
    while (reader.offset < reader.end) last = this.section(reader, last)
    this.checkCounts()
    return {
      bytes: this.bytes, sections: this.sections, types: this.types, imports: this.imports,
      importedFunctions: this.imported.function, importedGlobals: this.imported.global,
      importedTables: this.imported.table, importedMemories: this.imported.memory,
      functions: this.functions, tables: this.tables, memories: this.memories, globals: this.globals, exports: this.exports,
      start: this.start, elements: this.elements, dataCount: this.dataCount, bodies: this.bodies, data: this.data,
    }
  }

  private header(reader: ByteReader): void {
    const magic = [0, 0x61, 0x73, 0x6d]
    if (magic.some((byte, i) => this.bytes[i] !== byte)) {
      const found = this.bytes.length === 0 ? 'an empty file' : 'a file that does not begin with "\\0asm"'
      reader.fail(found, 'a WebAssembly module in binary form')
    }
    reader.skip(4, 'the magic number')
    const version = reader.bytes.subarray(4, 8)
    if (version.length < 4) reader.fail('the end of the file', 'version 1 of the binary format')
    if (version[0] === 0x0d && version[2] === 1) reader.fail('a component', 'a core module (version 1)')
    if (version[0] !== 1 || version[1] + version[2] + version[3] !== 0) {
      reader.fail(`version bytes ${[...version].map(hex).join(' ')}`, 'version 1 of the binary format')
    }
    reader.skip(4, 'the version')
  }

  private section(reader: ByteReader, last: number): number {
    const at = reader.offset
    const id = reader.u8('a section')
    if (id === TAG_SECTION) refuse('exception handling', at)
    if (id >= SECTION_NAMES.length) reader.fail(`section ${id}`, 'a section of WebAssembly 2.0', at)
    const size = reader.u32('the size of a section')
    const contents = reader.sub(size, `the ${SECTION_NAMES[id]} section`)
    const section = { id, start: at, end: reader.offset, contents: contents.offset, name: '' }
    if (id === 0) {
      const name = contents.name('the name of a custom section')
      this.sections.push({ ...section, name, contents: contents.offset })
      return last
    }
    const order = SECTION_ORDER[id]
    if (order <= last) reader.fail(`a ${SECTION_NAMES[id]} section here`, 'sections in order, each once', at)
    this.sections.push(section)
    this.contents(id, contents)
    if (contents.offset !== contents.end) {
      const expected = `the end of the ${SECTION_NAMES[id]} section (section size mismatch)`
      contents.fail(`${contents.end - contents.offset} bytes more`, expected)
    }
    return order
  }

  private contents(id: number, reader: ByteReader): void {
    switch (id) {
      case 1: this.vector(reader, 'types', () => this.types.push(this.funcType(reader))); break
      case 2: this.vector(reader, 'imports', () => this.import(reader)); break
      case 3: this.vector(reader, 'functions', () => this.functions.push(reader.u32('a type index'))); break
      case 4: this.vector(reader, 'tables', () => this.tables.push(readTableType(reader))); break
      case 5: this.vector(reader, 'memories', () => this.memories.push(decodeLimits(reader, 'memory'))); break
      case 6: this.vector(reader, 'globals', () => this.globals.push(this.global(reader))); break
      case 7: this.vector(reader, 'exports', () => this.export(reader)); break
      case 8: this.start = reader.u32('a function index'); break
      case 9: this.elements = decodeElements(reader, DECODE_LIMITS.elementSegments); break
      case 10: this.vector(reader, 'functions', () => this.bodies.push(this.body(reader))); break
      case 11: this.data = decodeData(reader, DECODE_LIMITS.dataSegments); break
      case 12: this.dataCount = reader.u32('the number of data segments'); break
      default: throw new Error(`no decoder for section ${id}`)
    }
  }

  private vector(reader: ByteReader, what: keyof typeof DECODE_LIMITS, each: () => void): void {
    const at = reader.offset
    const count = reader.count(what)
    const limit = DECODE_LIMITS[what]
    if (count > limit) reader.fail(`${count} ${what}`, `at most ${limit}`, at)
    for (let i = 0; i < count; i++) each()
  }

  private funcType(reader: ByteReader): FuncType {
    const at = reader.offset
    const form = reader.u8('a function type')
    if (form === 0x5e || form === 0x5f || (form >= 0x4e && form <= 0x50)) refuse('garbage collection', at)
    if (form !== 0x60) reader.fail(hex(form), 'a function type (0x60)', at)
    const type = { params: this.valTypes(reader, 'params'), results: this.valTypes(reader, 'results') }
    // Equal types are one object.
    const key = String.fromCharCode(...type.params, 0, ...type.results)
    const known = this.knownTypes.get(key) ?? type
    this.knownTypes.set(key, known)
    return known
  }

  private valTypes(reader: ByteReader, what: 'params' | 'results'): readonly ValType[] {
    const types: ValType[] = []
    this.vector(reader, what, () => types.push(readValType(reader, 'a value type')))
    return types.length === 0 ? NO_TYPES : types.slice()
  }

  private import(reader: ByteReader): void {
    const offset = reader.offset
    const module = reader.name('an import module name')
    const name = reader.name('an import name')
    const kindAt = reader.offset
    const kindByte = reader.u8('an import kind')
    if (kindByte === 4) refuse('exception handling', kindAt)
    const kind = EXTERN_KINDS[kindByte]
    if (kind === undefined) reader.fail(hex(kindByte), 'an import kind (0 to 3)', kindAt)
    this.imports.push({ module, name, kind, index: this.imported[kind]++, offset })
    if (kind === 'function') this.functions.push(reader.u32('a type index'))
    if (kind === 'table') this.tables.push(readTableType(reader))
    if (kind === 'memory') this.memories.push(decodeLimits(reader, 'memory'))
    if (kind === 'global') this.globals.push({ ...this.globalType(reader), init: undefined })
  }

  private globalType(reader: ByteReader): { type: ValType, mutable: boolean } {
    const type = readValType(reader, 'the type of a global')
    const mutable = reader.u8('the mutability of a global')
    if (mutable > 1) reader.fail(hex(mutable), 'the mutability of a global (0 or 1)', reader.offset - 1)
    return { type, mutable: mutable === 1 }
  }

  private global(reader: ByteReader): ModuleGlobal {
    return { ...this.globalType(reader), init: readConstSpan(reader) }
  }

  private export(reader: ByteReader): void {
    const offset = reader.offset
    const name = reader.name('an export name')
    const kindAt = reader.offset
    const kindByte = reader.u8('an export kind')
    if (kindByte === 4) refuse('exception handling', kindAt)
    const kind = EXTERN_KINDS[kindByte]
    if (kind === undefined) reader.fail(hex(kindByte), 'an export kind (0 to 3)', kindAt)
    this.exports.push({ name, kind, index: reader.u32('an index'), offset })
  }

  private body(outer: ByteReader): FunctionBody {
    const functionIndex = this.imported.function + this.bodies.length
    const at = outer.offset
    const size = outer.u32('the size of a function body')
    if (size > DECODE_LIMITS.bodyBytes) outer.fail(`a function body of ${size} bytes`, `at most ${DECODE_LIMITS.bodyBytes}`, at)
    const reader = outer.sub(size, 'a function body')
    reader.functionIndex = functionIndex
    const start = reader.offset
    const locals = localGroups(reader)
    return new FunctionBody(start, reader.offset, reader.end, locals)
  }

  private checkCounts(): void {
    const end = new ByteReader(this.bytes, this.bytes.length, this.bytes.length)
    const declared = this.functions.length - this.imported.function
    if (declared !== this.bodies.length) {
      end.fail(`${this.bodies.length} function bodies`, `${declared}, as many as the function section has`)
    }
    if (this.dataCount !== undefined && this.dataCount !== this.data.length) {
      end.fail(`${this.data.length} data segments`, `${this.dataCount}, as the data count section has`)
    }
  }
}

/** Local declarations, equal neighbours joined and empty ones left out: a group of none takes two bytes only. */
function localGroups(reader: ByteReader): readonly LocalGroup[] {
  const groups: { count: number, type: ValType }[] = []
  let total = 0
  const declared = reader.count('groups of locals')
  for (let i = 0; i < declared; i++) {
    const at = reader.offset
    const count = reader.u32('a number of locals')
    total += count
    if (total > DECODE_LIMITS.locals) reader.fail(`${total} locals`, `at most ${DECODE_LIMITS.locals} (too many locals)`, at)
    const type = readValType(reader, 'the type of locals')
    const last = groups[groups.length - 1]
    if (last?.type === type) last.count += count
    else if (count > 0) groups.push({ count, type })
  }
  // A list that grew has room to spare; a copy has none.
  return groups.length === 0 ? NO_LOCALS : groups.slice()
}
