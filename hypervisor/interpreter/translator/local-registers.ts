import { functionType } from '../../wasm/module.ts'
import type { LocalGroup, WasmModule } from '../../wasm/module.ts'
import type { ValType } from '../../wasm/types.ts'
import { firstParameter } from './frame-layout.ts'
import { slotsOf } from './value-stack.ts'

/** Locals of one type whose registers follow each other. */
interface Run {
  readonly type: ValType
  readonly register: number
  readonly first: number
}

/**
 * Types and registers of a function's locals, parameters first. Kept by runs, as the module declares them: a few bytes
 * can declare 50,000 locals.
 */
export class LocalRegisters {
  /** Slots of the declared locals, from register 0 on. */
  readonly slots: number
  /** How many locals there are. */
  readonly count: number
  private readonly runs: readonly Run[]

  constructor(params: readonly ValType[], groups: readonly LocalGroup[], firstParameter: number) {
    const runs: Run[] = []
    let first = 0
    let register = firstParameter
    for (const type of params) {
      runs.push({ type, register, first: first++ })
      register += slotsOf(type)
    }
    register = 0
    for (const { count, type } of groups) {
      runs.push({ type, register, first })
      first += count
      register += count * slotsOf(type)
    }
    this.runs = runs
    this.count = first
    this.slots = register
  }

  typeOf(index: number): ValType {
    return this.runOf(index).type
  }

  registerOf(index: number): number {
    const { type, register, first } = this.runOf(index)
    return register + (index - first) * slotsOf(type)
  }

  private runOf(index: number): Run {
    const { runs } = this
    let low = 0
    for (let high = runs.length; high - low > 1;) {
      const middle = (low + high) >> 1
      if (runs[middle].first <= index) low = middle
      else high = middle
    }
    return runs[low]
  }
}

/** The locals of a module's own function. */
export function localRegisters(module: WasmModule, functionIndex: number): LocalRegisters {
  const type = functionType(module, functionIndex)
  return new LocalRegisters(type.params, module.bodies[functionIndex - module.importedFunctions].locals, firstParameter(type))
}
