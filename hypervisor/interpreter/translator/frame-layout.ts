/** Where things lie in a frame: parameters and results share slots, then comes the linkage, then registers from 0 on. */
import type { FuncType, ValType } from '../../wasm/types.ts'
import { slotsOf } from './value-stack.ts'

/** Return address, caller's frame and stack bytes left. */
export const LINKAGE_SLOTS = 2

export const countSlots = (types: readonly ValType[]): number => types.reduce((sum, type) => sum + slotsOf(type), 0)

/** Slots that parameters and results share, below a frame's linkage. */
export const sharedSlots = ({ params, results }: FuncType): number => Math.max(countSlots(params), countSlots(results))

/** The register where a function's parameters begin, and its results. */
export const firstParameter = (type: FuncType): number => -sharedSlots(type) - LINKAGE_SLOTS
