import { readConstSpan } from './decode-parts.ts'
import { readRefType } from './instructions.ts'
import type { DataSegment, ElementSegment, SegmentMode, Span } from './module.ts'
import { hex } from './reader.ts'
import type { ByteReader } from './reader.ts'
import { FUNCREF } from './types.ts'

const NO_EXPRESSIONS: readonly Span[] = []

/** Decodes the element section. */
export function decodeElements(reader: ByteReader, max: number): ElementSegment[] {
  const count = reader.count('element segments')
  if (count > max) reader.fail(`${count} element segments`, `at most ${max}`)
  const segments: ElementSegment[] = []
  for (let i = 0; i < count; i++) segments.push(elementSegment(reader))
  return segments
}

/** Bit 0: not active; bit 1: explicit table, or declarative; bit 2: items are expressions. */
function elementSegment(reader: ByteReader): ElementSegment {
  const offset = reader.offset
  const flags = reader.u32('the kind of an element segment')
  if (flags > 7) reader.fail(`${flags}`, 'the kind of an element segment (0 to 7)', offset)
  const active = (flags & 1) === 0
  const mode: SegmentMode = active ? 'active' : (flags & 2) !== 0 ? 'declarative' : 'passive'
  const table = active && (flags & 2) !== 0 ? reader.u32('a table index') : 0
  const at = active ? readConstSpan(reader) : undefined
  const typed = (flags & 3) !== 0
  if ((flags & 4) !== 0) {
    const type = typed ? readRefType(reader, 'the type of an element segment') : FUNCREF
    const count = reader.count('element expressions')
    const expressions: Span[] = []
    for (let i = 0; i < count; i++) expressions.push(readConstSpan(reader))
    return { mode, table, at, type, functions: undefined, expressions: expressions.slice(), offset }
  }
  if (typed && reader.u8('an element kind') !== 0) {
    reader.fail(hex(reader.bytes[reader.offset - 1]), 'the element kind of functions (0x00)', reader.offset - 1)
  }
  const functions: number[] = []
  const count = reader.count('element functions')
  for (let i = 0; i < count; i++) functions.push(reader.u32('a function index'))
  return { mode, table, at, type: FUNCREF, functions: functions.slice(), expressions: NO_EXPRESSIONS, offset }
}

/** Decodes the data section. */
export function decodeData(reader: ByteReader, max: number): DataSegment[] {
  const count = reader.count('data segments')
  if (count > max) reader.fail(`${count} data segments`, `at most ${max}`)
  const segments: DataSegment[] = []
  for (let i = 0; i < count; i++) {
    const offset = reader.offset
    const flags = reader.u32('the kind of a data segment')
    if (flags > 2) reader.fail(`${flags}`, 'the kind of a data segment (0 to 2)', offset)
    const memory = flags === 2 ? reader.u32('a memory index') : 0
    const at = flags === 1 ? undefined : readConstSpan(reader)
    const length = reader.u32('the length of a data segment')
    const start = reader.offset
    reader.skip(length, 'a data segment')
    segments.push({ mode: flags === 1 ? 'passive' : 'active', memory, at, bytes: { start, end: reader.offset }, offset })
  }
  return segments
}
