import { refuse } from './errors.ts'
import { InstructionReader, readRefType } from './instructions.ts'
import type { Span } from './module.ts'
import { OP } from './opcodes.ts'
import { hex } from './reader.ts'
import type { ByteReader } from './reader.ts'
import type { Limits, TableType } from './types.ts'

/** Reads the limits of a memory or table, refusing what shared and 64-bit ones set. */
export function decodeLimits(reader: ByteReader, what: 'memory' | 'table'): Limits {
  const at = reader.offset
  const flags = reader.u8(`the limits of a ${what}`)
  if (flags > 7) reader.fail(hex(flags), `limits of a ${what} (0 or 1)`, at)
  if ((flags & 4) !== 0) refuse('memory64', at)
  if ((flags & 2) !== 0) refuse('shared memory', at)
  const min = reader.u32(`the minimum of a ${what}`)
  return { min, max: flags === 1 ? reader.u32(`the maximum of a ${what}`) : undefined }
}

export function readTableType(reader: ByteReader): TableType {
  if (reader.peek('a table') === 0x40) refuse('typed function references', reader.offset)
  const element = readRefType(reader, 'the element type of a table')
  return { element, ...decodeLimits(reader, 'table') }
}

/** Skips a constant expression and gives its span, `end` included. The validator looks at what is inside. */
export function readConstSpan(reader: ByteReader): Span {
  const code = new InstructionReader(reader.bytes, { start: reader.offset, end: reader.end })
  const start = reader.offset
  do {
    code.next()
    if (code.opcode === OP.block || code.opcode === OP.loop || code.opcode === OP.if) {
      reader.fail('a block', 'a constant expression', code.start)
    }
  } while (code.opcode !== OP.end)
  reader.offset = code.end
  return { start, end: code.end }
}
