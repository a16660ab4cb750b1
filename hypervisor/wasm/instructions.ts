import { refuse, WasmError } from './errors.ts'
import type { RefusedFeature } from './errors.ts'
import type { Span } from './module.ts'
import { FC, FD, IMM, OPCODES } from './opcodes.ts'
import { ByteReader, hex } from './reader.ts'
import { EXTERNREF, FUNCREF, I32, V128 } from './types.ts'
import type { ValType } from './types.ts'

/** `InstructionReader.blockType` of a block without parameters and results. */
export const EMPTY_BLOCK = -64

/** Labels of a `br_table` besides the default: V8's limit. */
const LABELS_MAX = 65_520

/** Opcodes of proposals outside the machine, so that the refusal can name them. */
function refusedOpcode(byte: number): RefusedFeature | undefined {
  if ((byte >= 0x06 && byte <= 0x0a) || byte === 0x18 || byte === 0x19 || byte === 0x1f) return 'exception handling'
  if (byte === 0x14 || byte === 0x15 || (byte >= 0xd4 && byte <= 0xd6)) return 'typed function references'
  if (byte === 0xd3 || byte === 0xfb) return 'garbage collection'
  return byte === 0xfe ? 'threads' : undefined
}

/** Reads a value type, or refuses the proposal that it belongs to. */
export function readValType(reader: ByteReader, what: string): ValType {
  const at = reader.offset
  const type = reader.u8(what)
  if ((type >= V128 && type <= I32) || type === FUNCREF || type === EXTERNREF) return type
  if (type === 0x63 || type === 0x64) refuse('typed function references', at, reader.functionIndex)
  if (type === 0x69 || type === 0x74) refuse('exception handling', at, reader.functionIndex)
  if (type >= 0x6a && type <= 0x73) refuse('garbage collection', at, reader.functionIndex)
  return reader.fail(hex(type), what, at)
}

/** Reads a reference type. */
export function readRefType(reader: ByteReader, what: string): ValType {
  const at = reader.offset
  const type = readValType(reader, what)
  if (type !== FUNCREF && type !== EXTERNREF) reader.fail(hex(type), what, at)
  return type
}

/**
 * Steps through instructions: the one place that knows how they are laid out. `next` fills the fields for the
 * instruction at hand; what a field means depends on the opcode's immediate (`IMM`).
 */
export class InstructionReader {
  readonly reader: ByteReader
  /** Offset of the instruction's first byte. */
  start = 0
  opcode = 0
  /** Index, label, i32 value, float bits, low half of an i64, alignment, or offset of 16 literal bytes. */
  a = 0
  /** Table index of an indirect call, high half of an i64 or f64, memory offset, or second index. */
  b = 0
  /** Lane. */
  lane = 0
  /** Block type: `EMPTY_BLOCK`, a negative value type (`type - 128`), or a type index. */
  blockType = EMPTY_BLOCK
  /** Labels of a `br_table` (the default last) or types of a typed `select`. */
  list: number[] = []

  constructor(bytes: Uint8Array, span: Span, functionIndex?: number) {
    this.reader = new ByteReader(bytes, span.start, span.end)
    this.reader.functionIndex = functionIndex
  }

  /** Offset behind the instruction. */
  get end(): number {
    return this.reader.offset
  }

  get atEnd(): boolean {
    return this.reader.offset >= this.reader.end
  }

  /** Reads the next instruction. Throws `WasmError` if it is malformed or of a refused proposal. */
  next(): void {
    const reader = this.reader
    this.start = reader.offset
    const byte = reader.u8('an instruction')
    this.opcode = byte < 0xfb ? byte : this.prefixed(byte)
    const info = OPCODES[this.opcode]
    if (info === undefined) this.unknown(byte)
    else if (info.immediate !== IMM.none) this.immediate(info.immediate, info.lanes)
  }

  private prefixed(byte: number): number {
    if (byte !== 0xfc && byte !== 0xfd) return byte
    const sub = this.reader.u32('an instruction behind its prefix')
    if (byte === 0xfd && sub >= 0x100 && sub < 0x130) refuse('relaxed SIMD', this.start, this.reader.functionIndex)
    if (sub >= 0x100) this.unknown(byte)
    return (byte === 0xfc ? FC : FD) + sub
  }

  private unknown(byte: number): never {
    const feature = this.opcode < FC ? refusedOpcode(byte) : undefined
    if (feature !== undefined) refuse(feature, this.start, this.reader.functionIndex)
    const found = byte === 0xfc || byte === 0xfd ? `${hex(byte)} and an unknown number` : hex(byte)
    throw new WasmError({
      offset: this.start, found, expected: 'an instruction of WebAssembly 2.0', functionIndex: this.reader.functionIndex,
    })
  }

  private immediate(kind: number, lanes: number): void {
    const reader = this.reader
    switch (kind) {
      case IMM.block: this.readBlockType(); break
      case IMM.label: this.a = reader.u32('a label'); break
      case IMM.labels: this.readLabels(); break
      case IMM.types: this.readTypes(); break
      case IMM.func: this.a = reader.u32('a function index'); break
      case IMM.callIndirect: this.pair('a type index', 'a table index'); break
      case IMM.local: this.a = reader.u32('a local index'); break
      case IMM.global: this.a = reader.u32('a global index'); break
      case IMM.table: this.a = reader.u32('a table index'); break
      case IMM.elem: this.a = reader.u32('an element segment index'); break
      case IMM.data: this.a = reader.u32('a data segment index'); break
      case IMM.memarg: this.readMemarg(); break
      case IMM.memargLane: this.readMemarg(); this.readLane(lanes); break
      case IMM.lane: this.readLane(lanes); break
      case IMM.memory: this.memoryIndex(); break
      case IMM.i32: this.a = reader.s32('an i32 constant'); break
      case IMM.i64: this.a = reader.s64('an i64 constant'); this.b = reader.high; break
      case IMM.f32: this.a = this.word(); break
      case IMM.f64: this.a = this.word(); this.b = this.word(); break
      case IMM.v128: this.literal(); break
      case IMM.shuffle: this.readShuffle(lanes); break
      case IMM.refType: this.readNullType(); break
      case IMM.memoryInit: this.a = reader.u32('a data segment index'); this.memoryIndex(); break
      case IMM.memoryCopy: this.memoryIndex(); this.memoryIndex(); break
      case IMM.tableInit: this.pair('an element segment index', 'a table index'); break
      case IMM.tableCopy: this.pair('a table index', 'a table index'); break
      default: throw new Error(`no reader for immediate ${kind}`)
    }
  }

  private pair(first: string, second: string): void {
    this.a = this.reader.u32(first)
    this.b = this.reader.u32(second)
  }

  private word(): number {
    const at = this.reader.offset
    this.reader.skip(4, 'a float constant')
    const bytes = this.reader.bytes
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
  }

  private literal(): void {
    this.a = this.reader.offset
    this.reader.skip(16, 'a 16-byte literal')
  }

  private readShuffle(lanes: number): void {
    this.literal()
    for (let i = 0; i < 16; i++) {
      const lane = this.reader.bytes[this.a + i]
      if (lane >= lanes) this.reader.fail(`lane ${lane}`, `a lane below ${lanes}`, this.a + i)
    }
  }

  private readLane(lanes: number): void {
    this.lane = this.reader.u8('a lane')
    if (this.lane >= lanes) this.reader.fail(`lane ${this.lane}`, `a lane below ${lanes}`, this.reader.offset - 1)
  }

  private readMemarg(): void {
    const at = this.reader.offset
    this.a = this.reader.u32('an alignment')
    if (this.a >= 64 && this.a < 128) refuse('multiple memories', at, this.reader.functionIndex)
    if (this.a >= 32) this.reader.fail(`alignment 2^${this.a}`, 'an alignment below 2^32', at)
    this.b = this.reader.u32('a memory offset')
  }

  private memoryIndex(): void {
    const index = this.reader.u8('memory index 0')
    if (index !== 0) refuse('multiple memories', this.reader.offset - 1, this.reader.functionIndex)
  }

  private readBlockType(): void {
    const at = this.reader.offset
    const byte = this.reader.peek('a block type')
    if (byte === 0x40) {
      this.reader.offset++
      this.blockType = EMPTY_BLOCK
    } else if (byte < 0x40 || byte >= 0x80) {
      this.blockType = this.reader.s33('a block type')
      if (this.blockType < 0) this.reader.fail(`block type ${this.blockType}`, 'a type index', at)
    } else {
      this.blockType = readValType(this.reader, 'a block type') - 128
    }
  }

  /** A type index stands for a typed null. */
  private readNullType(): void {
    const { reader } = this
    const byte = reader.peek('a reference type')
    if (byte < 0x40 || byte >= 0x80) refuse('typed function references', reader.offset, reader.functionIndex)
    this.a = readRefType(reader, 'a reference type')
  }

  private readLabels(): void {
    const at = this.reader.offset
    const count = this.reader.count('labels')
    if (count > LABELS_MAX) this.reader.fail(`a table of ${count} labels`, `at most ${LABELS_MAX}`, at)
    this.list = []
    for (let i = 0; i <= count; i++) this.list.push(this.reader.u32('a label'))
  }

  private readTypes(): void {
    const count = this.reader.count('types of select')
    this.list = []
    for (let i = 0; i < count; i++) this.list.push(readValType(this.reader, 'a value type'))
  }
}
