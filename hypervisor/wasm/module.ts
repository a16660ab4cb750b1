import type { FuncType, GlobalType, Limits, TableType, ValType } from './types.ts'

/** A byte range of the module file. */
export interface Span {
  readonly start: number
  readonly end: number
}

export type ExternKind = 'function' | 'table' | 'memory' | 'global'
export const EXTERN_KINDS: readonly ExternKind[] = ['function', 'table', 'memory', 'global']

export interface Import {
  readonly module: string
  readonly name: string
  readonly kind: ExternKind
  /** Index in the index space of its kind. */
  readonly index: number
  readonly offset: number
}

export interface Export {
  readonly name: string
  readonly kind: ExternKind
  readonly index: number
  readonly offset: number
}

export interface ModuleGlobal extends GlobalType {
  /** The constant expression, `end` included; undefined for an import. */
  readonly init: Span | undefined
}

export type SegmentMode = 'active' | 'passive' | 'declarative'

export interface ElementSegment {
  readonly mode: SegmentMode
  readonly table: number
  /** Offset expression of an active segment. */
  readonly at: Span | undefined
  readonly type: ValType
  /** Function indices, when the segment lists them plainly; else `expressions` holds the items. */
  readonly functions: readonly number[] | undefined
  readonly expressions: readonly Span[]
  readonly offset: number
}

export interface DataSegment {
  readonly mode: SegmentMode
  readonly memory: number
  readonly at: Span | undefined
  readonly bytes: Span
  readonly offset: number
}

export interface LocalGroup {
  readonly count: number
  readonly type: ValType
}

/** A function of the module's own. A small object, as a module can have a function for every four bytes. */
export class FunctionBody {
  private readonly start: number
  private readonly codeStart: number
  private readonly end: number
  /** Neighbours differ in type. */
  readonly locals: readonly LocalGroup[]

  constructor(start: number, codeStart: number, end: number, locals: readonly LocalGroup[]) {
    this.start = start
    this.codeStart = codeStart
    this.end = end
    this.locals = locals
  }

  /** From the local declarations to the final `end`: what code offsets of branch hints count from. */
  get body(): Span {
    return { start: this.start, end: this.end }
  }

  /** The instructions, the final `end` included. */
  get code(): Span {
    return { start: this.codeStart, end: this.end }
  }
}

export interface Section extends Span {
  readonly id: number
  /** Of a custom section; empty otherwise. */
  readonly name: string
  /** Where the section's contents begin, after id and size (and name). */
  readonly contents: number
}

/** A decoded module: every index space with imports first, and offsets into `bytes` for what is not unfolded. */
export interface WasmModule {
  readonly bytes: Uint8Array
  readonly sections: readonly Section[]
  readonly types: readonly FuncType[]
  readonly imports: readonly Import[]
  readonly importedFunctions: number
  readonly importedGlobals: number
  readonly importedTables: number
  readonly importedMemories: number
  /** Type index of every function. */
  readonly functions: readonly number[]
  readonly tables: readonly TableType[]
  readonly memories: readonly Limits[]
  readonly globals: readonly ModuleGlobal[]
  readonly exports: readonly Export[]
  readonly start: number | undefined
  readonly elements: readonly ElementSegment[]
  readonly dataCount: number | undefined
  /** Bodies of the functions that are not imported. */
  readonly bodies: readonly FunctionBody[]
  readonly data: readonly DataSegment[]
}

/** The type of function `index` (imports counted). */
export const functionType = (module: WasmModule, index: number): FuncType => module.types[module.functions[index]]
