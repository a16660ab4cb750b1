import { functionType } from '../wasm/module.ts'
import type { Import, WasmModule } from '../wasm/module.ts'
import { sameSignature, signature, typeName } from '../wasm/types.ts'
import type { FuncType, GlobalType, Limits, TableType } from '../wasm/types.ts'
import type { Core } from './runtime/core.ts'
import { memoryBytes, PAGE_BYTES, tableSize } from './runtime/memories.ts'

/** Something that can be imported: where it is, and its type as declared. */
export type Extern =
  | { readonly kind: 'function', readonly address: number, readonly type: FuncType }
  | { readonly kind: 'table', readonly address: number, readonly type: TableType }
  | { readonly kind: 'memory', readonly address: number, readonly type: Limits }
  | { readonly kind: 'global', readonly address: number, readonly type: GlobalType }

/** What is wrong with `found` for an import; undefined if it fits (the specification's matching of external types). */
export function importMismatch(found: Extern, { kind, index }: Import, module: WasmModule, core: Core): string | undefined {
  if (found.kind !== kind) return `a ${found.kind}, expected a ${kind}`
  switch (found.kind) {
    case 'function': return functionMismatch(found.type, functionType(module, index))
    case 'global': return globalMismatch(found.type, module.globals[index])
    case 'memory': return limitsMismatch(memoryBytes(core, found.address) / PAGE_BYTES, found.type.max, module.memories[index])
    case 'table': {
      const { element } = module.tables[index]
      if (found.type.element !== element) return `a table of ${typeName(found.type.element)}, expected ${typeName(element)}`
      return limitsMismatch(tableSize(core, found.address), found.type.max, module.tables[index])
    }
  }
}

function functionMismatch(found: FuncType, wanted: FuncType): string | undefined {
  return sameSignature(found, wanted) ? undefined : `a function ${signature(found)}, expected ${signature(wanted)}`
}

function globalMismatch(found: GlobalType, wanted: GlobalType): string | undefined {
  if (found.type === wanted.type && found.mutable === wanted.mutable) return undefined
  const show = ({ type, mutable }: GlobalType): string => `${mutable ? 'a mutable' : 'an immutable'} ${typeName(type)}`
  return `${show(found)}, expected ${show(wanted)}`
}

function limitsMismatch(size: number, max: number | undefined, wanted: Limits): string | undefined {
  if (size < wanted.min) return `a size of ${size}, expected at least ${wanted.min}`
  if (wanted.max === undefined || (max !== undefined && max <= wanted.max)) return undefined
  return `a maximum of ${max ?? 'none'}, expected at most ${wanted.max}`
}
