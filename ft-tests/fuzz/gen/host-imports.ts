import { GUEST_IMPORTS, GUEST_MODULE } from '../../../hypervisor/wasm/guest-abi.ts'
import { moveFunctions, typeIndex } from '../ir/ir.ts'
import type { IrModule } from '../ir/ir.ts'

/** Host calls that random guests make: every signature of the ABI, one that writes memory and one that ends the guest. */
export const FUZZ_IMPORTS = [
  'net_end', 'net_recv', 'net_events', 'timer_set', 'timer_next', 'clock_wall', 'entropy', 'power_off',
] as const

/** Puts these host calls before all functions of a module without imports. Gives the index of each. */
export function addHostImports(module: IrModule, names: readonly string[]): Map<string, number> {
  if (module.imports.length > 0) throw new Error('the module has imports already')
  moveFunctions(module, index => index + names.length)
  return new Map(names.map((name, i) => {
    const { params, results } = GUEST_IMPORTS[name]
    module.imports.push({ module: GUEST_MODULE, name, type: typeIndex(module, params, results) })
    return [name, i]
  }))
}

