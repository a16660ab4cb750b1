/** What is wrong with a module: where, what was found there, and what should have been. */
export interface WasmFault {
  /** Byte offset in the module file. */
  readonly offset: number
  readonly found: string
  readonly expected: string
  /** Index of the function whose body is at fault, imports counted. */
  readonly functionIndex?: number | undefined
}

/** The one error of decoding, validation and admission: a module that this machine will not run. */
export class WasmError extends Error {
  readonly offset: number
  readonly found: string
  readonly expected: string
  readonly functionIndex: number | undefined

  constructor(fault: WasmFault) {
    const place = fault.functionIndex === undefined ? '' : ` in function ${fault.functionIndex}`
    super(`bad module at byte ${fault.offset}${place}: found ${fault.found}, expected ${fault.expected}`)
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
