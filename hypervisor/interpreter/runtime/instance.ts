import { analyseCalls } from '../../wasm/call-graph.ts'
import { TABLE_ENTRIES_MAX } from '../../wasm/limits.ts'
import { functionType } from '../../wasm/module.ts'
import type { WasmModule } from '../../wasm/module.ts'
import { stackBudget } from '../../wasm/stack-budget.ts'
import type { StackBudget } from '../../wasm/stack-budget.ts'
import { signature } from '../../wasm/types.ts'
import type { BodyFacts } from '../../wasm/validate-code.ts'
import { FUNCTION, FUNCTION_BYTES, GLOBAL_BYTES } from '../core/header.ts'
import { opcodeOf } from '../instructions/table.ts'
import { LINKAGE_SLOTS, sharedSlots } from '../translator/frame-layout.ts'
import type { ImportedFunction } from '../translator/module-sites.ts'
import { translateModule } from '../translator/translate-module.ts'
import type { TranslatedModule } from '../translator/translate-module.ts'
import { createMemory, createTable, PAGE_BYTES, resizeMemory } from './memories.ts'
import type { Store } from './store.ts'

const ENTER = opcodeOf('enter')

/** What a module's imports are bound to, in order; a function of the guest's host is a number of `Store.addHostCall`. */
export type Import =
  | { readonly kind: 'host', readonly number: number }
  | { readonly kind: 'function' | 'table' | 'memory' | 'global', readonly address: number }

export interface InstanceOptions {
  readonly memoryPagesMax: number
}

/** A module laid out in the core's memory and translated. Its segments are not yet applied (see `segments.ts`). */
export class Instance {
  readonly store: Store
  readonly module: WasmModule
  readonly budget: StackBudget
  /** Addresses of descriptors, by index; of globals: of their cells. */
  readonly functions: number[] = []
  readonly tables: number[] = []
  readonly globals: number[] = []
  /** Descriptor of memory 0, or the store's empty one. */
  readonly memory: number
  /** By type index; equal for equal types. */
  readonly typeKeys: readonly number[]
  readonly code: TranslatedModule
  readonly codeStart: number
  readonly codeEnd: number
  /** By segment: 1 once it is dropped. */
  readonly droppedData: Uint8Array
  readonly droppedElements: Uint8Array

  constructor(
    store: Store, module: WasmModule, facts: readonly BodyFacts[], imports: readonly Import[], { memoryPagesMax }: InstanceOptions,
  ) {
    const { core } = store
    this.store = store
    this.module = module
    this.droppedData = new Uint8Array(module.data.length)
    this.droppedElements = new Uint8Array(module.elements.length)
    const graph = analyseCalls(module)
    this.budget = stackBudget(module, graph, facts)
    const keys = new Map<string, number>()
    this.typeKeys = module.types.map(type => {
      const name = signature(type)
      const key = keys.get(name) ?? store.newKey()
      keys.set(name, key)
      return key
    })
    const importedFunctions = this.bindImports(imports)
    const own = core.allocate((module.functions.length - module.importedFunctions) * FUNCTION_BYTES)
    for (let i = module.importedFunctions; i < module.functions.length; i++) {
      this.functions[i] = own + (i - module.importedFunctions) * FUNCTION_BYTES
    }
    for (let i = module.importedGlobals; i < module.globals.length; i++) this.globals[i] = core.allocate(GLOBAL_BYTES)
    for (const { min, max } of module.tables.slice(module.importedTables)) {
      this.tables.push(createTable(core, min, Math.min(max ?? TABLE_ENTRIES_MAX, TABLE_ENTRIES_MAX)))
    }
    const importedMemory = imports.find(({ kind }) => kind === 'memory')
    const memory = module.memories[module.importedMemories]
    if (importedMemory !== undefined && importedMemory.kind !== 'host') this.memory = importedMemory.address
    else if (memory === undefined) this.memory = store.noMemory
    else this.memory = createMemory(core, 0, Math.min(memory.max ?? memoryPagesMax, memoryPagesMax))
    const sites = {
      module, facts, graph, budget: this.budget, importedFunctions, functions: this.functions, globals: this.globals,
      tables: this.tables, memory: this.memory, typeKeys: this.typeKeys,
    }
    this.codeStart = core.end
    this.code = translateModule(sites, this.codeStart)
    this.codeEnd = this.codeStart + this.code.bytes.length
    core.append(this.code.bytes)
    // The memory comes last, so that it can grow where it is.
    if (importedMemory === undefined && memory !== undefined) resizeMemory(core, this.memory, memory.min * PAGE_BYTES)
    this.describeFunctions()
    store.instances.push(this)
  }

  /** The most slots that an entry's own frame uses: arguments and results of a function called from outside, and linkage. */
  get entrySlotsMax(): number {
    return this.module.types.reduce((most, type) => Math.max(most, sharedSlots(type)), 0) + LINKAGE_SLOTS
  }

  /** Index of the function that a code address belongs to; undefined for what calls it from outside. */
  functionAt(pc: number): number | undefined {
    const { functions, codeEnd } = this.code
    if (pc < this.codeStart || pc >= codeEnd) return undefined
    return lastAtMost(functions, pc)
  }

  /** Offset in the module of the Wasm instruction that the code at an address was made for. */
  sourceAt(pc: number): number {
    const { addresses, sources } = this.code
    return sources[lastAtMost(addresses, pc)]
  }

  /**
   * Address of the first instruction that was made for the Wasm instruction at `offset`, or for the first one behind it in
   * its function; undefined if the offset is in no function.
   */
  addressOf(offset: number): number | undefined {
    const { module, code: { addresses, sources, functions, codeEnd } } = this
    const body = module.bodies.findIndex(({ body: { start, end } }) => offset >= start && offset < end)
    if (body < 0) return undefined
    const index = body + module.importedFunctions
    const end = functions[index + 1] ?? codeEnd
    let best: number | undefined
    let nearest = Infinity
    for (let i = lastAtMost(addresses, functions[index]); i < addresses.length && addresses[i] < end; i++) {
      // A direct call of a recursive function passes its first instruction by.
      const passed = addresses[i] === functions[index] && this.store.core.view.getUint16(addresses[i], true) === ENTER
      if (passed || sources[i] < offset || sources[i] >= nearest) continue
      nearest = sources[i]
      best = addresses[i]
    }
    return best
  }

  private bindImports(imports: readonly Import[]): ImportedFunction[] {
    const { store, module } = this
    const functions: ImportedFunction[] = []
    imports.forEach((bound, i) => {
      const { kind, index } = module.imports[i]
      if (kind === 'function' && bound.kind === 'host') functions[index] = bound
      if (bound.kind === 'host') return
      if (kind === 'table') this.tables[index] = bound.address
      if (kind === 'global') this.globals[index] = bound.address
      if (kind !== 'function') return
      this.functions[index] = bound.address
      functions[index] = { kind: 'wasm', descriptor: bound.address }
    })
    // Functions of the host that come without a descriptor get one, as references may lead to them.
    functions.forEach((bound, index) => {
      if (bound.kind === 'host') this.functions[index] = store.addFunction(functionType(module, index), 0, 0, this, index)
    })
    return functions
  }

  private describeFunctions(): void {
    const { store, module, code } = this
    this.functions.forEach((descriptor, index) => {
      if (index < module.importedFunctions && store.info(descriptor).instance !== this) return
      store.core.setU32(descriptor + FUNCTION.code, code.functions[index])
      store.core.setU32(descriptor + FUNCTION.key, this.typeKeys[module.functions[index]])
      store.functions.set(descriptor, { descriptor, type: functionType(module, index), instance: this, index })
    })
  }
}

/** Index of the last number in an ascending list that is at most `value`. */
function lastAtMost(list: ArrayLike<number>, value: number): number {
  let low = 0
  let high = list.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (list[middle] <= value) low = middle
    else high = middle
  }
  return low
}
