/** Value types by their byte in the binary format. `ANY` stands for an unknown type in unreachable code. */
export const I32 = 0x7f
export const I64 = 0x7e
export const F32 = 0x7d
export const F64 = 0x7c
export const V128 = 0x7b
export const FUNCREF = 0x70
export const EXTERNREF = 0x6f
export const ANY = 0
export type ValType = number

const NAMES: Readonly<Record<number, string>> = {
  [I32]: 'i32', [I64]: 'i64', [F32]: 'f32', [F64]: 'f64', [V128]: 'v128', [FUNCREF]: 'funcref', [EXTERNREF]: 'externref',
  [ANY]: 'any value',
}

export const typeName = (type: ValType): string => NAMES[type] ?? 'an unknown type'
export const isReference = (type: ValType): boolean => type === FUNCREF || type === EXTERNREF

export interface FuncType {
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
}

/** `(i32, f64) -> i32`, as messages and documents write it. */
export function signature(type: FuncType): string {
  const list = (types: readonly ValType[]): string => types.map(typeName).join(', ')
  return `(${list(type.params)}) -> ${type.results.length === 1 ? list(type.results) : `(${list(type.results)})`}`
}

export const sameTypes = (a: readonly ValType[], b: readonly ValType[]): boolean =>
  a.length === b.length && a.every((type, i) => type === b[i])

export const sameSignature = (a: FuncType, b: FuncType): boolean =>
  sameTypes(a.params, b.params) && sameTypes(a.results, b.results)

export interface Limits {
  readonly min: number
  readonly max: number | undefined
}

export interface TableType extends Limits {
  readonly element: ValType
}

export interface GlobalType {
  readonly type: ValType
  readonly mutable: boolean
}
