import { stateShape } from '../machine/state-shape.ts'
import type { StateShape } from '../machine/state-shape.ts'
import { analyseCalls } from '../wasm/call-graph.ts'
import type { CallGraph } from '../wasm/call-graph.ts'
import { memoryMax, tableMax } from '../wasm/size-limits.ts'
import type { WasmModule } from '../wasm/module.ts'
import { stackBudget } from '../wasm/stack-budget.ts'
import type { StackBudget } from '../wasm/stack-budget.ts'
import { EXTERNREF, FUNCREF, I32 } from '../wasm/types.ts'
import type { FuncType } from '../wasm/types.ts'
import type { BodyFacts } from '../wasm/validate-code.ts'
import { ALL_INSTRUMENTATION, conventions } from './conventions.ts'
import type { Conventions, Instrumentation } from './conventions.ts'
import { ExtendedTypes } from './extended-types.ts'

/** Functions imported from module `HOOK_MODULE`, behind the guest's own imports. */
export const HOOKS = ['tick', 'depth', 'supply'] as const
export type Hook = typeof HOOKS[number]
/** No name of the guest's can be this one: the guest's imports all come from `ft`. */
export const HOOK_MODULE = 'ft:hooks'

/** Names of the exports that the rewriter adds. Guests may not export names that begin with `ft:`. */
export const ADDED = {
  start: 'ft:start', interrupt: 'ft:interrupt', left: 'ft:left', depth: 'ft:depth', word: 'ft:word', write: 'ft:write',
  reference: 'ft:reference', tableGet: 'ft:get', tableSet: 'ft:set', tableSize: 'ft:size', tableGrow: 'ft:grow',
  dropped: 'ft:dropped', drop: 'ft:drop',
} as const

/** Added types, in the order they stand behind the guest's own. */
export const ADDED_TYPES: readonly FuncType[] = [
  { params: [], results: [] },
  { params: [I32], results: [I32] },
  { params: [FUNCREF, I32], results: [I32] },
  { params: [EXTERNREF, I32], results: [I32] },
  { params: [], results: [I32] },
  { params: [I32], results: [] },
  { params: [I32, I32], results: [] },
  { params: [I32, I32, I32, I32], results: [] },
  { params: [FUNCREF], results: [] },
  { params: [], results: [FUNCREF] },
  { params: [I32], results: [FUNCREF] },
  { params: [I32, FUNCREF], results: [] },
]

/** A function that the rewriter appends to a module. */
export interface AddedFunction {
  /** Index into `ADDED_TYPES`. */
  readonly type: number
  /** Local declarations and code, `end` included. */
  readonly body: Uint8Array
  readonly exportName?: string
}

export const ADDED_TYPE = {
  void: 0, i32ToI32: 1, growFuncref: 2, growExternref: 3, toI32: 4, fromI32: 5,
  fromI32x2: 6, fromI32x4: 7, fromFuncref: 8, toFuncref: 9, i32ToFuncref: 10, fromI32Funcref: 11,
} as const

export interface RewriteOptions {
  readonly memoryPagesMax: number
  /** A guest of ABI `ft`, with its entries; otherwise any module (for the specification's tests). */
  readonly guest: boolean
  /** Everything, unless something is to be measured or seen without it. */
  readonly instrumentation?: Instrumentation | undefined
}

/** Where everything stands in the rewritten module. */
export interface Layout {
  readonly module: WasmModule
  readonly options: RewriteOptions
  readonly facts: readonly BodyFacts[]
  readonly graph: CallGraph
  readonly budget: StackBudget
  readonly instrumentation: Instrumentation
  readonly conventions: Conventions
  /** Types behind the guest's own and `ADDED_TYPES`. */
  readonly extended: ExtendedTypes
  /** Wrappers of the old type, in index order, by the threaded function that is exported, started or has its address taken. */
  readonly wrappers: ReadonlyMap<number, number>
  /** Index of the global that counts down to the next tick hook. */
  readonly leftGlobal: number
  /** Index of the global that holds the stack bytes left to the function about to be entered. */
  readonly depthGlobal: number
  /** First function that the rewriter appends. */
  readonly addedFunctions: number
  readonly hook: Readonly<Record<Hook, number>>
  /** Maximum of the module's own memory and tables, as rewritten. */
  readonly memoryMax: number
  readonly tableMax: readonly number[]
  /** What snapshots need; undefined unless the module is a guest. */
  readonly state: StateShape | undefined
}

export function layOut(module: WasmModule, facts: readonly BodyFacts[], options: RewriteOptions): Layout {
  const graph = analyseCalls(module)
  const at = module.importedFunctions
  const instrumentation = options.instrumentation ?? ALL_INSTRUMENTATION
  const known = conventions(module, graph, instrumentation)
  const firstWrapper = module.functions.length + HOOKS.length
  const wrappers = new Map(wrappedFunctions(module, graph, known).map((index, i) => [index, firstWrapper + i]))
  return {
    module, options, facts, graph, instrumentation,
    budget: stackBudget(module, graph, facts),
    conventions: known,
    extended: new ExtendedTypes(module, known, module.types.length + ADDED_TYPES.length),
    wrappers,
    leftGlobal: module.globals.length,
    depthGlobal: module.globals.length + 1,
    addedFunctions: firstWrapper + wrappers.size,
    hook: { tick: at, depth: at + 1, supply: at + 2 },
    memoryMax: memoryMax(module, options.memoryPagesMax),
    tableMax: tableMax(module),
    state: options.guest ? stateShape(module, facts, options.memoryPagesMax) : undefined,
  }
}

/** A function's index in the rewritten module: the hooks stand between imports and the module's own. */
export const movedFunction = (layout: Layout, index: number): number =>
  index < layout.module.importedFunctions ? index : index + HOOKS.length

/** The function that stands for `index` wherever something refers to it but a direct call: its wrapper, if it has one. */
export const referredFunction = (layout: Layout, index: number): number =>
  layout.wrappers.get(index) ?? movedFunction(layout, index)

function wrappedFunctions(module: WasmModule, graph: CallGraph, { threaded }: Conventions): number[] {
  const taken = new Set(graph.addressTaken)
  if (module.start !== undefined) taken.add(module.start)
  return [...taken].filter(index => threaded[index] === 1).sort((a, b) => a - b)
}
