import { translateModule } from '../../hypervisor/interpreter/translator/translate-module.ts'
import { rewriteModule } from '../../hypervisor/v8/rewrite.ts'
import { analyseCalls } from '../../hypervisor/wasm/call-graph.ts'
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { WasmError } from '../../hypervisor/wasm/errors.ts'
import { stackBudget } from '../../hypervisor/wasm/stack-budget.ts'
import { validateModule } from '../../hypervisor/wasm/validate.ts'

/** What a `WasmError` stopped; any other error passes through. */
function refusedBy(action: () => void): WasmError | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (error instanceof WasmError) return error
    throw error
  }
}

/**
 * The refusal of a module by everything that looks at it before an engine does; undefined if it passes. Any error but
 * `WasmError` passes through.
 */
export function refusalOf(bytes: Uint8Array): WasmError | undefined {
  return refusedBy(() => {
    const module = decodeModule(bytes)
    const facts = validateModule(module)
    stackBudget(module, analyseCalls(module), facts)
  })
}

/** The module as V8 gets it, or why it does not fit the limits of the machine. */
function rewritten(bytes: Uint8Array): Uint8Array | WasmError {
  let out = bytes
  const refusal = refusedBy(() => {
    const module = decodeModule(bytes)
    out = rewriteModule(module, validateModule(module), { memoryPagesMax: 65536, guest: false })
  })
  return refusal ?? out
}

/** Translates an accepted module for the interpreter, as if it were at made-up addresses. Throws if the translator does. */
function translate(bytes: Uint8Array): void {
  const module = decodeModule(bytes)
  const facts = validateModule(module)
  const graph = analyseCalls(module)
  const places = (list: readonly unknown[]): number[] => list.map((_, i) => 1024 + i * 16)
  translateModule({
    module, facts, graph, budget: stackBudget(module, graph, facts),
    importedFunctions: module.imports.filter(({ kind }) => kind === 'function').map(() => ({ kind: 'host', number: 0 })),
    functions: places(module.functions), globals: places(module.globals), tables: places(module.tables), memory: 1024,
    typeKeys: places(module.types),
  }, 65536)
}

interface V8 {
  validate(bytes: Uint8Array): boolean
}

/** V8's own verdict. */
const v8Accepts = (bytes: Uint8Array): boolean =>
  (globalThis as unknown as { WebAssembly: V8 }).WebAssembly.validate(bytes)

/**
 * Refusals where V8 may accept: proposals that this machine leaves out, limits of its own, and memory offsets that V8 reads as
 * 64-bit integers whatever the memory.
 */
const OURS_ALONE = /a use of |at most|only imported globals|multiple memories|a memory offset in 32 bits/

/**
 * What is wrong with our verdict on these bytes, measured by V8's: we are stricter only where we say so, never laxer, and what
 * we accept is still accepted once it is rewritten. Undefined if nothing is; what the translator throws passes through.
 */
export function disagreement(bytes: Uint8Array): string | undefined {
  const accepted = v8Accepts(bytes)
  const judged = refusalOf(bytes) ?? rewritten(bytes)
  if (judged instanceof WasmError) {
    return accepted && !OURS_ALONE.test(judged.message) ? `refused what V8 accepts: ${judged.message}` : undefined
  }
  if (!accepted) return 'accepted what V8 refuses'
  translate(bytes)
  return v8Accepts(judged) ? undefined : 'rewritten into what V8 refuses'
}
