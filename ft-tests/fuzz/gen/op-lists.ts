import { FC, IMM, OPCODES } from '../../../hypervisor/wasm/opcodes.ts'
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, V128 } from '../../../hypervisor/wasm/types.ts'
import type { ValType } from '../../../hypervisor/wasm/types.ts'

/** Opcodes by what they are used for, out of the table of all instructions: a new one there is generated here at once. */
export interface FixedOp {
  readonly op: number
  readonly params: readonly ValType[]
}

export const NUMBERS: readonly ValType[] = [I32, I64, F32, F64, V128]
export const ALL_TYPES: readonly ValType[] = [...NUMBERS, FUNCREF, EXTERNREF]

const PURE: ReadonlySet<number> = new Set([IMM.none, IMM.lane, IMM.shuffle])
const LOADS: ReadonlySet<number> = new Set([IMM.memarg, IMM.memargLane])
const NOP = 0x01

function collect(type: ValType | undefined, immediates: ReadonlySet<number>): FixedOp[] {
  const found: FixedOp[] = []
  OPCODES.forEach((info, op) => {
    if (info?.params === undefined || op === NOP || !immediates.has(info.immediate)) return
    if (info.results.length > 1 || info.results[0] !== type) return
    found.push({ op, params: info.params })
  })
  return found
}

const byType = (immediates: ReadonlySet<number>): ReadonlyMap<ValType, readonly FixedOp[]> =>
  new Map(NUMBERS.map(type => [type, collect(type, immediates)]))

/** Arithmetic, comparisons, conversions, lanes: by result type. */
export const PURE_OPS = byType(PURE)
/** Reads of memory by result type (those that also take a vector for its other lanes among them). */
export const LOAD_OPS = byType(LOADS)
export const STORE_OPS: readonly FixedOp[] = collect(undefined, LOADS)

const inRange = (op: number, from: number, to: number): boolean => op >= from && op <= to
/** Integer divisions and remainders, which trap on zero. */
export const divides = (op: number): boolean => inRange(op, 0x6d, 0x70) || inRange(op, 0x7f, 0x82)
/** Truncations that trap; each saturating one stands at `op - 0xa8` or `op - 0xaa` behind the prefix. */
export const truncates = (op: number): boolean => inRange(op, 0xa8, 0xab) || inRange(op, 0xae, 0xb1)
/** The truncation that can't trap. */
export const saturating = (op: number): number => FC + (op < 0xae ? op - 0xa8 : op - 0xaa)
