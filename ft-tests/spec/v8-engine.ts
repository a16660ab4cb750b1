import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { functionType } from '../../hypervisor/wasm/module.ts'
import type { ExternKind, WasmModule } from '../../hypervisor/wasm/module.ts'
import { STACK_BYTES_MAX } from '../../hypervisor/wasm/stack-budget.ts'
import { validateModule } from '../../hypervisor/wasm/validate.ts'
import { TRAP } from '../../hypervisor/wasm/traps.ts'
import { ADDED, HOOK_MODULE } from '../../hypervisor/v8/layout.ts'
import { rewriteModule } from '../../hypervisor/v8/rewrite.ts'
import { trapText } from '../../hypervisor/v8/trap-text.ts'
import { wasmJs } from '../../hypervisor/v8/wasm-js.ts'
import type { WasmExports, WasmGlobal } from '../../hypervisor/v8/wasm-js.ts'
import { LinkFailure, Trapped } from './engine.ts'
import type { Bits, SpecEngine, SpecInstance } from './engine.ts'
import { rawCall, rawGlobal } from './v8-raw.ts'
import type { RawCall } from './v8-raw.ts'

class Exhausted extends Error {}

const FULL_COUNT = 2 ** 31 - 1

interface HostApi {
  readonly Global: new (type: object, value?: unknown) => unknown
  readonly Table: new (type: object) => unknown
  readonly Memory: new (type: object) => unknown
  readonly LinkError: new () => Error
}

const hostApi = wasmJs as unknown as HostApi

/** The module `spectest` that the suite imports from. */
function spectest(): Record<string, unknown> {
  const { Global, Table, Memory } = hostApi
  const print = (): void => undefined
  return {
    print, print_i32: print, print_i64: print, print_f32: print, print_f64: print, print_i32_f32: print, print_f64_f64: print,
    global_i32: new Global({ value: 'i32' }, 666), global_i64: new Global({ value: 'i64' }, 666n),
    global_f32: new Global({ value: 'f32' }, 666.6), global_f64: new Global({ value: 'f64' }, 666.6),
    table: new Table({ element: 'anyfunc', initial: 10, maximum: 20 }), memory: new Memory({ initial: 1, maximum: 2 }),
  }
}

/** Runs modules on V8, rewritten as guests are. */
export class V8SpecEngine implements SpecEngine {
  private readonly registry: Record<string, object> = { spectest: spectest() }
  private readonly all: V8Instance[] = []

  compile(bytes: Uint8Array): { module: WasmModule, code: object } {
    const module = decodeModule(bytes)
    const rewritten = rewriteModule(module, validateModule(module), { memoryPagesMax: 65536, guest: false })
    return { module, code: new wasmJs.Module(rewritten) }
  }

  instantiate(bytes: Uint8Array): V8Instance {
    const { module, code } = this.compile(bytes)
    this.charge()
    const instance = new V8Instance(this, module, trapping(() => this.link(code)))
    this.all.push(instance)
    return instance
  }

  register(name: string, instance: V8Instance): void {
    this.registry[name] = instance.exports
  }

  /** Full ticks and stack for an entry from outside, whichever modules it runs through. */
  charge(): void {
    for (const { exports } of this.all) {
      (exports[ADDED.left] as WasmGlobal).value = FULL_COUNT;
      (exports[ADDED.depth] as WasmGlobal).value = STACK_BYTES_MAX
    }
  }

  private link(code: object): WasmExports {
    const hooks = {
      tick: () => undefined,
      depth: () => { throw new Exhausted() },
      supply: () => { throw new Error('growth failed within its maximum') },
    }
    try {
      return new wasmJs.Instance(code, { ...this.registry, [HOOK_MODULE]: hooks }).exports
    } catch (error) {
      // A module name that nothing was registered under is a TypeError.
      if (error instanceof hostApi.LinkError || error instanceof TypeError) throw new LinkFailure(error.message)
      throw error
    }
  }
}

/** V8's messages of traps while it applies the segments of a new instance. */
const SEGMENT_TRAPS: readonly (readonly [RegExp, string])[] = [
  [/data segment \d+ is out of bounds/, TRAP.memory],
  [/table index is out of bounds/, TRAP.table],
]

/** Gives traps, ours and V8's, as `Trapped`. */
function trapping<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    const text = error instanceof Exhausted ? TRAP.stack : trapText(error) ?? segmentTrap(error)
    throw text === undefined ? error : new Trapped(text)
  }
}

function segmentTrap(error: unknown): string | undefined {
  if (!(error instanceof wasmJs.RuntimeError)) return undefined
  return SEGMENT_TRAPS.find(([pattern]) => pattern.test(error.message))?.[1]
}

class V8Instance implements SpecInstance {
  readonly exports: WasmExports
  private readonly engine: V8SpecEngine
  private readonly module: WasmModule
  private readonly calls = new Map<string, RawCall>()

  constructor(engine: V8SpecEngine, module: WasmModule, exports: WasmExports) {
    this.engine = engine
    this.module = module
    this.exports = exports
  }

  invoke(field: string, args: readonly Bits[]): readonly Bits[] {
    const call = this.calls.get(field) ?? rawCall(this.exports[field], functionType(this.module, this.index(field, 'function')))
    this.calls.set(field, call)
    this.engine.charge()
    return trapping(() => call(args))
  }

  read(field: string): readonly Bits[] {
    return rawGlobal(this.exports[field], this.module.globals[this.index(field, 'global')])
  }

  private index(field: string, kind: ExternKind): number {
    const found = this.module.exports.find(entry => entry.name === field && entry.kind === kind)
    if (found === undefined) throw new Error(`no exported ${kind} "${field}"`)
    return found.index
  }
}
