import { TRAP } from '../wasm/traps.ts'
import { wasmJs } from './wasm-js.ts'

/** V8's message of each trap, and the text that both engines give it. */
const TEXTS: Readonly<Record<string, string>> = {
  'unreachable': TRAP.unreachable,
  'memory access out of bounds': TRAP.memory,
  'data segment out of bounds': TRAP.memory,
  'divide by zero': TRAP.divideByZero,
  'remainder by zero': TRAP.divideByZero,
  'divide result unrepresentable': TRAP.integerOverflow,
  'float unrepresentable in integer range': TRAP.floatToInteger,
  'table index is out of bounds': TRAP.table,
  'function signature mismatch': TRAP.indirectCall,
  'element segment out of bounds': TRAP.table,
}

/** The trap behind an error that V8 threw out of guest code; undefined if it is none. */
export function trapText(error: unknown): string | undefined {
  return error instanceof wasmJs.RuntimeError ? TEXTS[error.message] : undefined
}
