import { analyseCalls } from '../../hypervisor/wasm/call-graph.ts'
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { WasmError } from '../../hypervisor/wasm/errors.ts'
import { stackBudget } from '../../hypervisor/wasm/stack-budget.ts'
import { validateModule } from '../../hypervisor/wasm/validate.ts'

/**
 * The refusal of a module by everything that looks at it before an engine does; undefined if it passes. Any error but
 * `WasmError` passes through.
 */
export function refusalOf(bytes: Uint8Array): WasmError | undefined {
  try {
    const module = decodeModule(bytes)
    const facts = validateModule(module)
    stackBudget(module, analyseCalls(module), facts)
    return undefined
  } catch (error) {
    if (error instanceof WasmError) return error
    throw error
  }
}

interface V8 {
  validate(bytes: Uint8Array): boolean
}

/** V8's own verdict. */
export const v8Accepts = (bytes: Uint8Array): boolean =>
  (globalThis as unknown as { WebAssembly: V8 }).WebAssembly.validate(bytes)

/** Refusals where V8 may accept: proposals that this machine leaves out, and limits of its own. */
const OURS_ALONE = /a use of |at most|only imported globals|multiple memories/

/**
 * What is wrong with our verdict on these bytes, measured by V8's: we are stricter only where we say so, never laxer. Undefined
 * if nothing is.
 */
export function disagreement(bytes: Uint8Array): string | undefined {
  const refusal = refusalOf(bytes)
  const accepted = v8Accepts(bytes)
  if (refusal === undefined) return accepted ? undefined : 'accepted what V8 refuses'
  return accepted && !OURS_ALONE.test(refusal.message) ? `refused what V8 accepts: ${refusal.message}` : undefined
}
