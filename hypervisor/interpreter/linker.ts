import { decodeModule } from '../wasm/decode.ts'
import { TABLE_ENTRIES_MAX } from '../wasm/limits.ts'
import { functionType } from '../wasm/module.ts'
import type { Import as ModuleImport } from '../wasm/module.ts'
import { EXTERNREF, FUNCREF, V128 } from '../wasm/types.ts'
import type { FuncType, GlobalType, Limits, TableType, ValType } from '../wasm/types.ts'
import { validateModule } from '../wasm/validate.ts'
import { checkLimits } from './check-limits.ts'
import { GLOBAL_BYTES } from './core/header.ts'
import { importMismatch } from './import-types.ts'
import type { Extern } from './import-types.ts'
import { Core } from './runtime/core.ts'
import { Instance } from './runtime/instance.ts'
import { createMemory, createTable, memoryBytes, PAGE_BYTES, resizeMemory } from './runtime/memories.ts'
import { Processor } from './runtime/processor.ts'
import { initialise, Trapped } from './runtime/segments.ts'
import { Store } from './runtime/store.ts'
import { readAll, writeBits } from './runtime/values.ts'
import type { Bits } from './runtime/values.ts'

/** An import is not there, or is not what the module asks for. */
export class LinkError extends Error {}

/** A funcref that is not null. */
export class FunctionReference {
  readonly descriptor: number
  constructor(descriptor: number) {
    this.descriptor = descriptor
  }
}

/** A value from outside: `Bits`, but for references: null, a `FunctionReference`, any other value for an externref. A v128 is two. */
export type OuterValue = unknown

/** A host function with values in order of its type, a v128 as two. */
export type OuterFunction = (args: readonly OuterValue[]) => readonly OuterValue[]

const FAR = 2 ** 52

/**
 * Instances of any modules in one core, linked by their imports: for the specification's suite and for experiments. Guests run
 * in `InterpreterEngine`.
 */
export class Linker {
  private readonly store: Store
  private readonly processor: Processor
  private readonly memoryPagesMax: number
  private readonly debugging: boolean
  private readonly registry = new Map<string, Map<string, Extern>>()
  /** By handle - 1: values that externrefs stand for. */
  private readonly externs: unknown[] = []

  /** @param debugging whether the core's debugging loop runs the code, as it does under a debugger */
  constructor(core: WebAssembly.Module, memoryPagesMax = 65536, debugging = false) {
    this.store = new Store(new Core(core))
    this.processor = new Processor(this.store)
    this.memoryPagesMax = memoryPagesMax
    this.debugging = debugging
  }

  /** Ticks counted in all calls so far. */
  get ticks(): number {
    return this.processor.ticks
  }

  /**
   * Decodes, validates, links and translates a module, applies its segments and runs its start function. Throws `WasmError`,
   * `LinkError`, or `Trapped` (what was written till then stays).
   */
  instantiate(bytes: Uint8Array): LinkedInstance {
    const module = decodeModule(bytes)
    const facts = validateModule(module)
    checkLimits(module, this.memoryPagesMax)
    const imports = module.imports.map(entry => {
      const found = this.registry.get(entry.module)?.get(entry.name)
      const problem = found === undefined ? 'nothing' : importMismatch(found, entry, module, this.store.core)
      if (found === undefined || problem !== undefined) throw new LinkError(`import ${where(entry)}: found ${problem}`)
      return { kind: found.kind, address: found.address }
    })
    const instance = new Instance(this.store, module, facts, imports, { memoryPagesMax: this.memoryPagesMax })
    initialise(instance)
    const linked = new LinkedInstance(this, instance)
    if (module.start !== undefined) this.call(instance, module.start, [])
    return linked
  }

  /** Makes an instance's exports importable under a module name. */
  register(name: string, instance: LinkedInstance): void {
    this.registry.set(name, new Map(instance.externs()))
  }

  defineFunction(module: string, name: string, type: FuncType, call: OuterFunction): void {
    const address = this.store.addHostFunction(type, (core, at) => {
      const args = this.outward(type.params, readAll(core, at, type.params))
      writeBits(core, at, type.results, this.inward(type.results, call(args)))
    })
    this.define(module, name, { kind: 'function', address, type })
  }

  defineGlobal(module: string, name: string, type: GlobalType, value: readonly OuterValue[]): void {
    const address = this.store.core.allocate(GLOBAL_BYTES)
    writeBits(this.store.core, address, [type.type], this.inward([type.type], value))
    this.define(module, name, { kind: 'global', address, type })
  }

  defineTable(module: string, name: string, type: TableType): void {
    const max = Math.min(type.max ?? TABLE_ENTRIES_MAX, TABLE_ENTRIES_MAX)
    this.define(module, name, { kind: 'table', address: createTable(this.store.core, type.min, max), type })
  }

  defineMemory(module: string, name: string, type: Limits): void {
    const address = createMemory(this.store.core, 0, Math.min(type.max ?? this.memoryPagesMax, this.memoryPagesMax))
    resizeMemory(this.store.core, address, type.min * PAGE_BYTES)
    this.define(module, name, { kind: 'memory', address, type })
  }

  /** Calls a function that has an entry (exported, or the start function). Throws `Trapped`. */
  call(instance: Instance, index: number, args: readonly OuterValue[]): OuterValue[] {
    const { processor, store: { core } } = this
    const { params, results } = functionType(instance.module, index)
    processor.enter(instance.code.entries.get(index) as number, instance.memory)
    const frame = processor.entryFrame
    writeBits(core, frame, params, this.inward(params, args))
    try {
      const outcome = this.debugging ? processor.runSteps(FAR, FAR, false) : processor.run(FAR)
      if (outcome.kind === 'trap') throw new Trapped(outcome.text)
    } catch (error) {
      processor.abandon()
      throw error
    }
    return this.outward(results, readAll(core, frame, results))
  }

  /** The value of a global. */
  read(instance: Instance, index: number): OuterValue[] {
    const { type } = instance.module.globals[index]
    return this.outward([type], readAll(this.store.core, instance.globals[index], [type]))
  }

  private define(module: string, name: string, extern: Extern): void {
    const names = this.registry.get(module) ?? new Map<string, Extern>()
    names.set(name, extern)
    this.registry.set(module, names)
  }

  private inward(types: readonly ValType[], values: readonly OuterValue[]): Bits[] {
    let next = 0
    return types.flatMap((type): Bits[] => {
      const value = values[next++]
      if (type === V128) return [value as bigint, values[next++] as bigint]
      if (value === null) return [0]
      if (value instanceof FunctionReference) return [value.descriptor]
      return [type === EXTERNREF ? this.handle(value) : value as Bits]
    })
  }

  private outward(types: readonly ValType[], bits: readonly Bits[]): OuterValue[] {
    let next = 0
    return types.flatMap((type): OuterValue[] => {
      if (type === V128) return [bits[next++], bits[next++]]
      const value = bits[next++]
      if (type !== EXTERNREF && type !== FUNCREF) return [value]
      if (value === 0) return [null]
      return [type === EXTERNREF ? this.externs[Number(value) - 1] : new FunctionReference(Number(value))]
    })
  }

  private handle(value: unknown): number {
    const known = this.externs.indexOf(value)
    return known >= 0 ? known + 1 : this.externs.push(value)
  }
}

const where = ({ module, name }: ModuleImport): string => `"${module}.${name}"`

export class LinkedInstance {
  private readonly linker: Linker
  private readonly instance: Instance

  constructor(linker: Linker, instance: Instance) {
    this.linker = linker
    this.instance = instance
  }

  /** Calls an exported function. Throws `Trapped`. */
  invoke(name: string, args: readonly OuterValue[]): OuterValue[] {
    return this.linker.call(this.instance, this.find(name, 'function'), args)
  }

  /** The value of an exported global. */
  read(name: string): OuterValue[] {
    return this.linker.read(this.instance, this.find(name, 'global'))
  }

  /** The bytes of memory 0, as a view that any call may detach. */
  memory(): Uint8Array {
    const { store: { core }, memory } = this.instance
    const base = core.u32(memory)
    return core.bytes.subarray(base, base + memoryBytes(core, memory))
  }

  /** Everything exported, by name. */
  externs(): (readonly [name: string, extern: Extern])[] {
    const { module, functions, tables, globals, memory } = this.instance
    return module.exports.map(({ name, kind, index }) => {
      switch (kind) {
        case 'function': return [name, { kind, address: functions[index], type: functionType(module, index) }]
        case 'table': return [name, { kind, address: tables[index], type: module.tables[index] }]
        case 'memory': return [name, { kind, address: memory, type: module.memories[index] }]
        case 'global': return [name, { kind, address: globals[index], type: module.globals[index] }]
      }
    })
  }

  private find(name: string, kind: Extern['kind']): number {
    const found = this.instance.module.exports.find(entry => entry.name === name && entry.kind === kind)
    if (found === undefined) throw new Error(`no exported ${kind} "${name}"`)
    return found.index
  }
}

