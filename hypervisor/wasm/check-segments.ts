import { WasmError } from './errors.ts'
import { InstructionReader } from './instructions.ts'
import type { Span, WasmModule } from './module.ts'
import { OP } from './opcodes.ts'

const PAGE_BYTES = 65536

/** Value of a validated i32 constant expression that reads no global, unsigned. */
export function evaluateOffset(module: WasmModule, span: Span): number {
  const code = new InstructionReader(module.bytes, span)
  const stack: number[] = []
  for (;;) {
    code.next()
    if (code.opcode === OP.end) return stack[0] >>> 0
    if (code.opcode === OP.i32Const) {
      stack.push(code.a)
      continue
    }
    const right = stack.pop() as number
    const left = stack.pop() as number
    if (code.opcode === OP.i32Add) stack.push((left + right) | 0)
    else if (code.opcode === OP.i32Sub) stack.push((left - right) | 0)
    else stack.push(Math.imul(left, right))
  }
}

/**
 * Checks that the active segments of a validated guest, which imports no global, fit its memory and tables: a module whose
 * set-up would trap is refused before it runs. Throws `WasmError`.
 */
export function checkSegments(module: WasmModule): void {
  for (const { at, bytes, memory, offset } of module.data) {
    if (at === undefined) continue
    const size = module.memories[memory].min * PAGE_BYTES
    checkFit(evaluateOffset(module, at), bytes.end - bytes.start, size, 'a data segment', 'a memory', offset)
  }
  for (const { at, table, functions, expressions, offset } of module.elements) {
    if (at === undefined) continue
    const length = functions?.length ?? expressions.length
    checkFit(evaluateOffset(module, at), length, module.tables[table].min, 'an element segment', 'a table', offset)
  }
}

function checkFit(at: number, length: number, size: number, what: string, where: string, offset: number): void {
  if (at + length <= size) return
  throw new WasmError({ offset, found: `${what} of ${length} at ${at}`, expected: `one that fits ${where} of ${size}` })
}
