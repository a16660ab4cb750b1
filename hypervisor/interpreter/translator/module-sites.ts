import type { CallGraph } from '../../wasm/call-graph.ts'
import type { WasmModule } from '../../wasm/module.ts'
import type { StackBudget } from '../../wasm/stack-budget.ts'
import type { BodyFacts } from '../../wasm/validate-code.ts'

/** What an imported function is: one of the host's (by number), or another instance's (by its descriptor's address). */
export type ImportedFunction =
  | { readonly kind: 'host', readonly number: number }
  | { readonly kind: 'wasm', readonly descriptor: number }

/** A module to translate, with the addresses that its code refers to. */
export interface ModuleSites {
  readonly module: WasmModule
  readonly facts: readonly BodyFacts[]
  readonly graph: CallGraph
  readonly budget: StackBudget
  readonly importedFunctions: readonly ImportedFunction[]
  /** Descriptors by function index. */
  readonly functions: readonly number[]
  /** Cells by global index. */
  readonly globals: readonly number[]
  /** Descriptors by table index. */
  readonly tables: readonly number[]
  /** Descriptor of memory 0, or of the empty one. */
  readonly memory: number
  /** By type index: what a descriptor of this instance has for a function of the type. */
  readonly typeKeys: readonly number[]
}
