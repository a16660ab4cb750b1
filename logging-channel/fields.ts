/**
 * The field types that binary-parser lacks, as parser pieces. Parsers are synchronous, so what one piece hands
 * to the next travels in a module variable; the decoded object keeps nothing but the field itself.
 */
import { Parser } from 'binary-parser'

const TWO_TO_32 = 4294967296

/** A field whose value the format forbids. */
export class FieldError extends Error {}

let low = 0
let length = 0

function keepLow(half: number): number {
  low = half
  return 0
}

function joinHigh(half: number): number {
  const value = half * TWO_TO_32 + low
  if (value > Number.MAX_SAFE_INTEGER) throw new FieldError(`64-bit number ${half}:${low} is not below 2^53`)
  return value
}

function keepLength(value: number): number {
  length = value
  return 0
}

const takeLength = (): number => length

function decodeText(value: Uint8Array): string {
  try {
    return decoder.decode(value)
  } catch (error) {
    throw new FieldError('text is not well-formed UTF-8', { cause: error })
  }
}

// Fatal: replacement characters would be a silent repair. A leading BOM is part of the text.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** An integer below 2^53 in two 32-bit halves, low half first. */
export function u64(parser: Parser, name: string): Parser {
  return parser.uint32le(name, { formatter: keepLow }).uint32le(name, { formatter: joinHigh })
}

/** Bytes after their 32-bit length, as a view of the input (no copy). */
export function bytes(parser: Parser, name: string): Parser {
  return parser.uint32le(name, { formatter: keepLength }).buffer(name, { length: takeLength })
}

/** UTF-8 text after its 32-bit length in bytes. */
export function text(parser: Parser, name: string): Parser {
  return parser.uint32le(name, { formatter: keepLength }).buffer(name, { length: takeLength, formatter: decodeText })
}

/** One byte that must be one of `values`. */
export function oneOf(parser: Parser, name: string, values: Readonly<Record<string, number>>): Parser {
  const allowed = Object.values(values)
  const formatter = (value: number): number => {
    if (!allowed.includes(value)) throw new FieldError(`${name} is ${value}: must be one of ${allowed.join(', ')}`)
    return value
  }
  return parser.uint8(name, { formatter })
}
