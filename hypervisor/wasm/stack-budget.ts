import type { CallGraph } from './call-graph.ts'
import { WasmError } from './errors.ts'
import { functionType } from './module.ts'
import type { WasmModule } from './module.ts'
import { V128 } from './types.ts'
import type { ValType } from './types.ts'
import type { BodyFacts } from './validate-code.ts'

/**
 * Call depth by our own accounting, so that it ends at the same call everywhere. Each entry from outside (start, interrupt)
 * has `STACK_BYTES_MAX` to spend. A frame costs `frame`; what is left is passed to its callees, and a tail call
 * passes on what its caller got. Only a recursive function checks: on entry, before its tick, it traps with
 * "call stack exhausted" if less is left than `need`: its own frame and all that the longest chain of calls
 * below it takes before the next recursive function checks for itself.
 */
export interface StackBudget {
  /** By function index, in bytes; 0 for imports. */
  readonly frame: Int32Array
  readonly need: Int32Array
}

/** About half of what V8 gives a stack by default (984 KiB), as optimised frames may be larger than counted. */
export const STACK_BYTES_MAX = 448 * 1024
/** The largest single frame. It is laid before its function can check, so it comes on top of `STACK_BYTES_MAX`. */
export const FRAME_BYTES_MAX = 80 * 1024
/** Return address, frame links, instance and spill slots of the instrumentation. */
const FRAME_BYTES_FIXED = 80
/** An optimising compiler keeps common subexpressions across calls: a share of the code's size stands for them. */
const CODE_BYTES_PER_FRAME_BYTE = 8
const CODE_SHARE_BYTES_MAX = 16 * 1024

const slots = (type: ValType): number => (type === V128 ? 2 : 1)

function frameBytes(module: WasmModule, functionIndex: number, facts: BodyFacts): number {
  const body = module.bodies[functionIndex - module.importedFunctions]
  let total = facts.operandSlots
  for (const type of functionType(module, functionIndex).params) total += slots(type)
  for (const { count, type } of body.locals) total += count * slots(type)
  const share = Math.floor((body.code.end - body.code.start) / CODE_BYTES_PER_FRAME_BYTE)
  return FRAME_BYTES_FIXED + 8 * total + Math.min(share, CODE_SHARE_BYTES_MAX)
}

/** Computes the budget. Throws `WasmError` for a frame or a chain of calls that can never fit. */
export function stackBudget(module: WasmModule, graph: CallGraph, facts: readonly BodyFacts[]): StackBudget {
  const { importedFunctions: imported } = module
  const functions = module.functions.length
  const frame = new Int32Array(functions)
  facts.forEach((fact, i) => {
    const bytes = frameBytes(module, imported + i, fact)
    if (bytes > FRAME_BYTES_MAX) tooBig(module, imported + i, `a frame of ${bytes} bytes`, FRAME_BYTES_MAX)
    frame[imported + i] = bytes
  })
  const need = new Int32Array(graph.calls.length)
  const checksItself = (node: number): boolean => node < functions && graph.recursive[node] === 1
  const below = (node: number): number => (checksItself(node) ? 0 : need[node])
  // Nothing depends on the need of a recursive function, but it depends on nodes of its own cycle: hence last.
  const order = [...graph.order.filter(node => !checksItself(node)), ...graph.order.filter(checksItself)]
  for (const node of order) {
    const own = node < functions ? frame[node] : 0
    let most = own
    for (const callee of graph.calls[node]) most = Math.max(most, own + below(callee))
    for (const callee of graph.tailCalls[node]) most = Math.max(most, below(callee))
    if (most > STACK_BYTES_MAX) tooBig(module, node, `a chain of calls that takes ${most} bytes of stack`, STACK_BYTES_MAX)
    need[node] = most
  }
  return { frame, need: need.slice(0, functions) }
}

function tooBig(module: WasmModule, functionIndex: number, found: string, max: number): never {
  const body = module.bodies[functionIndex - module.importedFunctions]
  throw new WasmError({ offset: body?.body.start ?? 0, found, expected: `at most ${max} bytes`, functionIndex })
}
