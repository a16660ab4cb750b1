import { OP } from './opcodes.ts'
import type { BodyFacts } from './validate-code.ts'

/** What a guest's code can change besides memory and mutable globals: a static property of the module, the same for every engine. */
export interface MutableState {
  /** Indices of tables that some instruction sets, grows, fills, copies to or initialises; ascending. */
  readonly tables: readonly number[]
  /** Indices of data segments that some instruction drops; ascending. */
  readonly data: readonly number[]
  /** Indices of element segments that some instruction drops; ascending. */
  readonly elements: readonly number[]
}

export function mutableState(facts: readonly BodyFacts[]): MutableState {
  const tables = new Set<number>()
  const data = new Set<number>()
  const elements = new Set<number>()
  for (const { changes } of facts) {
    for (const { opcode, index } of changes) (opcode === OP.dataDrop ? data : opcode === OP.elemDrop ? elements : tables).add(index)
  }
  const ascending = (set: Set<number>): number[] => [...set].sort((a, b) => a - b)
  return { tables: ascending(tables), data: ascending(data), elements: ascending(elements) }
}
