import { FUNCTION, FUNCTION_BYTES } from '../core/header.ts'
import { opcodeOf } from '../instructions/table.ts'
import { firstParameter } from '../translator/frame-layout.ts'
import { CodeWriter } from '../translator/code-writer.ts'
import { InstructionList } from '../translator/instruction-list.ts'
import { signature } from '../../wasm/types.ts'
import type { FuncType } from '../../wasm/types.ts'
import type { Core } from './core.ts'
import type { Instance } from './instance.ts'
import { createMemory } from './memories.ts'

const EMIT = {
  host: opcodeOf('host'), return: opcodeOf('return'), crossCall: opcodeOf('cross_call'), crossReturn: opcodeOf('cross_return'),
}

/** A function of the host: takes its arguments from the slots from address `at` on, and puts its results there. */
export type HostFunction = (core: Core, at: number) => void

/** What is known of a function, by its descriptor. */
export interface FunctionInfo {
  readonly descriptor: number
  readonly type: FuncType
  /** The instance it belongs to and its index there; undefined for the host's. */
  readonly instance: Instance | undefined
  readonly index: number
}

/** Everything that instances share: the core, the functions that references may lead to, the host's functions. */
export class Store {
  readonly core: Core
  readonly functions = new Map<number, FunctionInfo>()
  readonly hostFunctions: HostFunction[] = []
  readonly instances: Instance[] = []
  /** Descriptor of the memory that modules without one run with. */
  readonly noMemory: number
  private readonly stubs = new Map<string, number>()
  private keys = 0

  constructor(core: Core) {
    this.core = core
    this.noMemory = createMemory(core, 0, 0)
  }

  /** A key for function types of one instance that no other instance has. Functions of the host have key 0. */
  newKey(): number {
    return ++this.keys
  }

  /** Enters a function of the host; gives its descriptor. */
  addHostFunction(type: FuncType, call: HostFunction): number {
    const list = new InstructionList()
    const host = list.emit(EMIT.host)
    host.a = firstParameter(type)
    host.i = this.addHostCall(call)
    list.emit(EMIT.return)
    return this.addFunction(type, this.place(list), 0, undefined, 0)
  }

  /** Enters what a `host` instruction calls; gives its number. */
  addHostCall(call: HostFunction): number {
    return this.hostFunctions.push(call) - 1
  }

  addFunction(type: FuncType, code: number, key: number, instance: Instance | undefined, index: number): number {
    const descriptor = this.core.allocate(FUNCTION_BYTES, 8)
    this.core.setU32(descriptor + FUNCTION.code, code)
    this.core.setU32(descriptor + FUNCTION.key, key)
    this.functions.set(descriptor, { descriptor, type, instance, index })
    return descriptor
  }

  info(descriptor: number): FunctionInfo {
    const info = this.functions.get(descriptor)
    if (info === undefined) throw new Error(`no function has its descriptor at ${descriptor}`)
    return info
  }

  /** Code that calls any function for code that runs with memory `memory`. */
  stubFor(descriptor: number, memory: number): number {
    const info = this.info(descriptor)
    if (info.instance === undefined) return this.core.u32(descriptor + FUNCTION.code)
    const name = `${descriptor} ${memory}`
    let stub = this.stubs.get(name)
    if (stub === undefined) {
      const list = new InstructionList()
      list.emit(EMIT.crossCall).i = descriptor
      list.emit(EMIT.crossReturn).i = memory
      stub = this.place(list)
      this.stubs.set(name, stub)
    }
    return stub
  }

  /** The signature behind a key of some instance. */
  signatureOfKey(key: number): string {
    for (const { typeKeys, module } of this.instances) {
      const index = typeKeys.indexOf(key)
      if (index >= 0) return signature(module.types[index])
    }
    throw new Error(`no instance has type key ${key}`)
  }

  private place(list: InstructionList): number {
    // Written twice: the first time only to learn its length.
    const measure = new CodeWriter(0)
    list.write(measure)
    const at = this.core.allocate(measure.bytes().length)
    const writer = new CodeWriter(at)
    list.write(writer)
    this.core.bytes.set(writer.bytes(), at)
    return at
  }
}
