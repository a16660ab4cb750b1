import { InstructionReader } from './instructions.ts'
import type { Span, WasmModule } from './module.ts'
import { OP, OPCODES } from './opcodes.ts'
import type { Opcode } from './opcodes.ts'
import { OperandStack } from './operand-stack.ts'
import { FUNCREF } from './types.ts'
import type { ValType } from './types.ts'

const PLAIN: ReadonlySet<number> = new Set([
  OP.i32Const, OP.i64Const, OP.f32Const, OP.f64Const, OP.v128Const,
  OP.i32Add, OP.i32Sub, OP.i32Sub + 1, OP.i64Add, OP.i64Sub, OP.i64Mul,
])

/**
 * Validates a constant expression of `type` that may read the first `globals` globals, if immutable: the constants
 * of WebAssembly 2.0, and integer add, sub and mul. Throws `WasmError`.
 */
export function validateConst(module: WasmModule, span: Span, type: ValType, globals: number): void {
  const code = new InstructionReader(module.bytes, span)
  const stack: OperandStack = new OperandStack(() => (
    { offset: code.start, instruction: OPCODES[code.opcode]?.name ?? 'the start', functionIndex: undefined }
  ))
  stack.pushFrame(OP.block, [], [type])
  while (stack.frames.length > 0) {
    code.next()
    constInstruction(module, code, stack, globals)
  }
}

function constInstruction(module: WasmModule, code: InstructionReader, stack: OperandStack, globals: number): void {
  const { opcode, a } = code
  if (PLAIN.has(opcode)) {
    const info = OPCODES[opcode] as Opcode
    stack.popAll(info.params ?? [])
    stack.pushAll(info.results)
  } else if (opcode === OP.globalGet) {
    if (a >= globals) stack.fail(`global ${a}`, `one below ${globals}: only imported globals are constant (unknown global)`)
    if (module.globals[a].mutable) stack.fail(`mutable global ${a}`, 'an immutable one (constant expression required)')
    stack.push(module.globals[a].type)
  } else if (opcode === OP.refNull) {
    stack.push(a)
  } else if (opcode === OP.refFunc) {
    if (a >= module.functions.length) stack.fail(`function ${a}`, `one below ${module.functions.length} (unknown function)`)
    stack.push(FUNCREF)
  } else if (opcode === OP.end) {
    stack.popFrame()
  } else {
    stack.fail('an instruction that is not constant', 'a constant expression')
  }
}
