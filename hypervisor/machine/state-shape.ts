import { addressTaken } from '../wasm/call-graph.ts'
import type { SegmentMode, WasmModule } from '../wasm/module.ts'
import { mutableState } from '../wasm/mutable-state.ts'
import type { MutableState } from '../wasm/mutable-state.ts'
import { FUNCREF, F64, I64, V128 } from '../wasm/types.ts'
import type { ValType } from '../wasm/types.ts'
import type { BodyFacts } from '../wasm/validate-code.ts'
import { memoryMax, tableMax } from '../wasm/size-limits.ts'

/** What a snapshot of a guest consists of, and what a state to be restored must fit. */
export interface StateShape {
  /** Types of the mutable globals, in index order. */
  readonly globals: readonly ValType[]
  /** Entries of `EngineState.globals`. */
  readonly globalWords: number
  readonly tables: readonly { readonly type: ValType, readonly min: number, readonly max: number, readonly mutable: boolean }[]
  /** Functions that a table or global can refer to, ascending: the contents of the added table of references. */
  readonly references: readonly number[]
  readonly changes: MutableState
  /** By segment index, before any code has run. */
  readonly droppedData: Uint8Array
  readonly droppedElements: Uint8Array
  readonly memoryPagesMin: number
  readonly memoryPagesMax: number
}

export const wordsOf = (type: ValType): number => (type === V128 ? 4 : type === I64 || type === F64 ? 2 : 1)

/** Throws `WasmError` for a memory that begins with more pages than `pagesCap`. */
export function stateShape(module: WasmModule, facts: readonly BodyFacts[], pagesCap: number): StateShape {
  const changes = mutableState(facts)
  const globals = module.globals.filter(({ mutable }) => mutable).map(({ type }) => type)
  const max = tableMax(module)
  const refers = globals.includes(FUNCREF) || module.tables.some(({ element }) => element === FUNCREF)
  return {
    globals, changes,
    globalWords: globals.reduce((sum, type) => sum + wordsOf(type), 0),
    tables: module.tables.map(({ element, min }, i) => {
      return { type: element, min, max: max[i], mutable: changes.tables.includes(i) }
    }),
    references: refers ? [...addressTaken(module)].sort((a, b) => a - b) : [],
    droppedData: dropped(module.data),
    droppedElements: dropped(module.elements),
    memoryPagesMin: module.memories[0].min,
    memoryPagesMax: memoryMax(module, pagesCap),
  }
}

const dropped = (segments: readonly { readonly mode: SegmentMode }[]): Uint8Array =>
  Uint8Array.from(segments, ({ mode }) => (mode === 'passive' ? 0 : 1))
