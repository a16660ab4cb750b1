import { loadCore } from '../../hypervisor/host/interpreter/load.ts'
import { FunctionReference, Linker, LinkError } from '../../hypervisor/interpreter/linker.ts'
import type { LinkedInstance, OuterValue } from '../../hypervisor/interpreter/linker.ts'
import { Trapped as InterpreterTrap } from '../../hypervisor/interpreter/runtime/segments.ts'
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { F32, F64, FUNCREF, I32, I64 } from '../../hypervisor/wasm/types.ts'
import { validateModule } from '../../hypervisor/wasm/validate.ts'
import { FUNCTION, LinkFailure, Trapped } from './engine.ts'
import type { Bits, SpecEngine, SpecInstance } from './engine.ts'

/** Runs modules on the interpreter, those of a script linked in one core. */
export class InterpreterSpecEngine implements SpecEngine {
  private readonly linker: Linker

  /** @param debugging whether the core's debugging loop runs the code */
  constructor(debugging = false) {
    this.linker = new Linker(loadCore(), undefined, debugging)
    defineSpectest(this.linker)
  }

  compile(bytes: Uint8Array): unknown {
    return validateModule(decodeModule(bytes))
  }

  instantiate(bytes: Uint8Array): InterpreterInstance {
    return new InterpreterInstance(asSpec(() => this.linker.instantiate(bytes)))
  }

  register(name: string, instance: InterpreterInstance): void {
    this.linker.register(name, instance.linked)
  }
}

class InterpreterInstance implements SpecInstance {
  readonly linked: LinkedInstance

  constructor(linked: LinkedInstance) {
    this.linked = linked
  }

  invoke(field: string, args: readonly Bits[]): readonly Bits[] {
    return asSpec(() => this.linked.invoke(field, args)).map(bits)
  }

  read(field: string): readonly Bits[] {
    return this.linked.read(field).map(bits)
  }
}

const bits = (value: OuterValue): Bits => (value instanceof FunctionReference ? FUNCTION : value as Bits)

const PRINTS = {
  print: [], print_i32: [I32], print_i64: [I64], print_f32: [F32], print_f64: [F64], print_i32_f32: [I32, F32],
  print_f64_f64: [F64, F64],
} as const

function defineSpectest(linker: Linker): void {
  for (const [name, params] of Object.entries(PRINTS)) linker.defineFunction('spectest', name, { params, results: [] }, () => [])
  linker.defineGlobal('spectest', 'global_i32', { type: I32, mutable: false }, [666])
  linker.defineGlobal('spectest', 'global_i64', { type: I64, mutable: false }, [666n])
  linker.defineGlobal('spectest', 'global_f32', { type: F32, mutable: false }, [0x4426a666])
  linker.defineGlobal('spectest', 'global_f64', { type: F64, mutable: false }, [0x4084d4cccccccccdn])
  linker.defineTable('spectest', 'table', { element: FUNCREF, min: 10, max: 20 })
  linker.defineMemory('spectest', 'memory', { min: 1, max: 2 })
}

/** Gives the interpreter's errors as the runner knows them. */
function asSpec<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof InterpreterTrap) throw new Trapped(error.text)
    throw error instanceof LinkError ? new LinkFailure(error.message) : error
  }
}
