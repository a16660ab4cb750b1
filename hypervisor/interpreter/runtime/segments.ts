import { InstructionReader } from '../../wasm/instructions.ts'
import type { ElementSegment, Span } from '../../wasm/module.ts'
import { OP, OPCODES } from '../../wasm/opcodes.ts'
import { TRAP } from '../../wasm/traps.ts'
import type { Instance } from './instance.ts'
import { memoryView, tableEntry, tableSize } from './memories.ts'
import type { Bits } from './values.ts'
import { readBits, writeBits } from './values.ts'

/** A trap of code that the TypeScript side runs. */
export class Trapped extends Error {
  readonly text: string
  constructor(text: string) {
    super(text)
    this.text = text
  }
}

/** Gives globals their first values and applies active segments in order. Throws `Trapped` where one does not fit. */
export function initialise(instance: Instance): void {
  const { module, store: { core } } = instance
  module.globals.forEach(({ type, init }, index) => {
    if (init !== undefined) writeBits(core, instance.globals[index], [type], evaluate(instance, init))
  })
  module.elements.forEach(({ mode, at, table, functions, expressions }, index) => {
    if (mode === 'active') {
      const to = Number(evaluate(instance, at as Span)[0]) >>> 0
      initTable(instance, index, instance.tables[table], to, 0, functions?.length ?? expressions.length)
    }
    if (mode !== 'passive') instance.droppedElements[index] = 1
  })
  module.data.forEach(({ mode, at, bytes }, index) => {
    if (mode !== 'active') return
    initMemory(instance, index, Number(evaluate(instance, at as Span)[0]) >>> 0, 0, bytes.end - bytes.start)
    instance.droppedData[index] = 1
  })
}

const half = (bytes: Uint8Array, at: number): bigint => new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigInt64(0, true)

/** The value of a validated constant expression. */
export function evaluate(instance: Instance, span: Span): Bits[] {
  const { module: { bytes, globals }, store: { core } } = instance
  const code = new InstructionReader(bytes, span)
  const stack: Bits[][] = []
  for (;;) {
    code.next()
    const { opcode, a, b } = code
    switch (opcode) {
      case OP.end: return stack[0]
      case OP.i32Const:
      case OP.f32Const: stack.push([a]); break
      case OP.i64Const:
      case OP.f64Const: stack.push([BigInt.asIntN(64, (BigInt(b) << 32n) | BigInt(a >>> 0))]); break
      case OP.v128Const: stack.push([half(bytes, a), half(bytes, a + 8)]); break
      case OP.refNull: stack.push([0]); break
      case OP.refFunc: stack.push([instance.functions[a]]); break
      case OP.globalGet: stack.push(readBits(core, instance.globals[a], globals[a].type)); break
      default: {
        const [right] = stack.pop() as Bits[]
        const [left] = stack.pop() as Bits[]
        stack.push([combine(opcode, left, right)])
      }
    }
  }
}

function combine(opcode: number, left: Bits, right: Bits): Bits {
  const name = OPCODES[opcode]?.name.split('.')[1]
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    return BigInt.asIntN(64, name === 'add' ? left + right : name === 'sub' ? left - right : left * right)
  }
  const [a, b] = [Number(left), Number(right)]
  return name === 'add' ? (a + b) | 0 : name === 'sub' ? (a - b) | 0 : Math.imul(a, b)
}

/** `memory.init`; all numbers are unsigned. Throws `Trapped`. */
export function initMemory(instance: Instance, segment: number, to: number, from: number, count: number): void {
  const { bytes } = instance.module.data[segment]
  const memory = memoryView(instance.store.core, instance.memory)
  const size = instance.droppedData[segment] === 1 ? 0 : bytes.end - bytes.start
  if (from + count > size || to + count > memory.length) throw new Trapped(TRAP.memory)
  memory.set(instance.module.bytes.subarray(bytes.start + from, bytes.start + from + count), to)
}

/** `table.init`; all numbers are unsigned. Throws `Trapped`. */
export function initTable(instance: Instance, segment: number, table: number, to: number, from: number, count: number): void {
  const { core } = instance.store
  const elements = instance.module.elements[segment]
  const size = instance.droppedElements[segment] === 1 ? 0 : elements.functions?.length ?? elements.expressions.length
  if (from + count > size || to + count > tableSize(core, table)) throw new Trapped(TRAP.table)
  for (let i = 0; i < count; i++) core.setU32(tableEntry(core, table, to + i), element(instance, elements, from + i))
}

function element(instance: Instance, { functions, expressions }: ElementSegment, index: number): number {
  return functions !== undefined ? instance.functions[functions[index]] : Number(evaluate(instance, expressions[index])[0])
}

