/** What is wrong with a module: where, what was found there, and what should have been. */
export interface WasmFault {
  /** Byte offset in the module file. */
  readonly offset: number
  readonly found: string
  readonly expected: string
  /** Index of the function whose body is at fault, imports counted. */
  readonly functionIndex?: number | undefined
}

const SHOWN_MAX = 80
const CONTROL = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A name out of a module as messages show it: quoted, in one line, cut if it is long. */
export function quoted(name: string): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  const shown = JSON.stringify(name.slice(0, SHOWN_MAX)).replace(CONTROL, escape)
  return name.length > SHOWN_MAX ? `${shown} (cut: ${name.length} characters)` : shown
}

const PART_MAX = 400
/** Signatures can have a thousand types. */
const cut = (text: string): string => (text.length > PART_MAX ? `${text.slice(0, PART_MAX)}…` : text)

/** The one error of decoding, validation and admission: a module that this machine will not run. */
export class WasmError extends Error {
  readonly offset: number
  readonly found: string
  readonly expected: string
  readonly functionIndex: number | undefined

  constructor(fault: WasmFault) {
    const place = fault.functionIndex === undefined ? '' : ` in function ${fault.functionIndex}`
    super(`bad module at byte ${fault.offset}${place}: found ${cut(fault.found)}, expected ${cut(fault.expected)}`)
    this.name = 'WasmError'
    this.offset = fault.offset
    this.found = fault.found
    this.expected = fault.expected
    this.functionIndex = fault.functionIndex
  }
}

/** Features outside the machine (DESIGN §1: one processor, deterministic), refused by name. */
export type RefusedFeature =
  | 'threads' | 'shared memory' | 'relaxed SIMD' | 'memory64' | 'multiple memories' | 'exception handling'
  | 'garbage collection' | 'typed function references'

/** Throws the `WasmError` that names a feature this machine leaves out. */
export function refuse(feature: RefusedFeature, offset: number, functionIndex?: number): never {
  throw new WasmError({ offset, found: `a use of ${feature}`, expected: `a module built without ${feature}`, functionIndex })
}
