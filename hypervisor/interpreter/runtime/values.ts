import { F64, I64, V128 } from '../../wasm/types.ts'
import type { ValType } from '../../wasm/types.ts'
import type { Core } from './core.ts'

/**
 * Raw bits of a value: i32 and f32 as a number (signed 32-bit integer), i64 and f64 as a bigint (signed 64 bits), a v128
 * as two of those, low half first. A reference is a number: 0 for null, else an address of a function's descriptor or a
 * handle of the store's.
 */
export type Bits = number | bigint

/** Reads the value of a type in a slot (or global), as one or two `Bits`. */
export function readBits(core: Core, at: number, type: ValType): Bits[] {
  const { view } = core
  if (type === V128) return [view.getBigInt64(at, true), view.getBigInt64(at + 8, true)]
  return [type === I64 || type === F64 ? view.getBigInt64(at, true) : view.getInt32(at, true)]
}

/** Writes values of the types from slot `at` on; gives the address behind them. */
export function writeBits(core: Core, at: number, types: readonly ValType[], values: readonly Bits[]): number {
  let next = 0
  let to = at
  for (const type of types) {
    const halves = type === V128 ? 2 : 1
    for (let half = 0; half < halves; half++) {
      const bits = values[next++]
      core.view.setBigInt64(to, typeof bits === 'bigint' ? bits : BigInt(bits >>> 0), true)
      to += 8
    }
  }
  return to
}

/** Reads values of the types from slot `at` on. */
export function readAll(core: Core, at: number, types: readonly ValType[]): Bits[] {
  const values: Bits[] = []
  let from = at
  for (const type of types) {
    values.push(...readBits(core, from, type))
    from += type === V128 ? 16 : 8
  }
  return values
}
