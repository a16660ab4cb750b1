import { WasmError } from './errors.ts'
import { NESTING_MAX, OPERAND_SLOTS_MAX } from './limits.ts'
import { ANY, typeName, V128 } from './types.ts'
import type { ValType } from './types.ts'

export interface Frame {
  /** `block`, `loop`, `if`, `else` or the function itself. */
  readonly opcode: number
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
  /** Operands below the frame. */
  readonly height: number
  readonly slotsBelow: number
  unreachable: boolean
}

/** Where the validator is, for error messages. */
export interface Place {
  readonly offset: number
  readonly instruction: string
  readonly functionIndex: number | undefined
}

const slotsOf = (type: ValType): number => (type === V128 ? 2 : 1)

/** The typed operand and control stacks of the specification's validation algorithm. */
export class OperandStack {
  readonly frames: Frame[] = []
  private types = new Uint8Array(32)
  /** Operands on the stack. */
  private count = 0
  private slots = 0
  /** The deepest operand stack so far, in 8-byte slots. */
  slotsMax = 0
  private readonly place: () => Place

  constructor(place: () => Place) {
    this.place = place
  }

  fail(found: string, expected: string): never {
    const { offset, instruction, functionIndex } = this.place()
    throw new WasmError({ offset, found: `${found} at ${instruction}`, expected, functionIndex })
  }

  get top(): Frame {
    return this.frames[this.frames.length - 1]
  }

  push(type: ValType): void {
    if (this.count === this.types.length) this.grow(1)
    this.types[this.count++] = type
    this.occupy(slotsOf(type))
  }

  private grow(more: number): void {
    const capacity = Math.max(2 * this.types.length, this.count + more)
    const { types } = this
    this.types = new Uint8Array(capacity)
    this.types.set(types)
  }

  private occupy(slots: number): void {
    this.slots += slots
    if (this.slots <= this.slotsMax) return
    this.slotsMax = this.slots
    if (this.slots > OPERAND_SLOTS_MAX) this.fail(`${this.slots} slots of operands`, `at most ${OPERAND_SLOTS_MAX} in a function`)
  }

  /** Takes the top operand, which must be of `expected` (or anything for `ANY`); gives its type, if known. */
  pop(expected: ValType): ValType {
    const frame = this.top
    if (this.count === frame.height) {
      if (frame.unreachable) return ANY
      this.fail('an empty operand stack', `${typeName(expected)} (type mismatch)`)
    }
    const type = this.types[--this.count]
    this.slots -= slotsOf(type)
    if (type !== expected && type !== ANY && expected !== ANY) this.fail(typeName(type), `${typeName(expected)} (type mismatch)`)
    return type
  }

  pushAll(types: readonly ValType[]): void {
    const { count } = this
    if (count + types.length > this.types.length) this.grow(types.length)
    const stack = this.types
    let slots = 0
    for (let i = 0; i < types.length; i++) {
      stack[count + i] = types[i]
      slots += slotsOf(types[i])
    }
    this.count = count + types.length
    this.occupy(slots)
  }

  popAll(types: readonly ValType[]): void {
    const { top } = this
    for (let i = types.length - 1 - this.popPlain(types, top.height); i >= 0; i--) {
      // Nothing is known of what unreachable code has there, so that nothing more can be wrong.
      if (this.count === top.height && top.unreachable) return
      this.pop(types[i])
    }
  }

  /** Pops from the end of `types` while operands are of just that type. Gives how many. */
  private popPlain(types: readonly ValType[], height: number): number {
    const { types: stack, count } = this
    const most = Math.min(types.length, count - height)
    let popped = 0
    for (; popped < most; popped++) {
      const type = stack[count - 1 - popped]
      if (type !== types[types.length - 1 - popped]) break
      this.slots -= slotsOf(type)
    }
    this.count = count - popped
    return popped
  }

  /** Checks that `types` lie on top, and leaves what was there. */
  peekAll(types: readonly ValType[]): void {
    const found: ValType[] = []
    for (let i = types.length - 1; i >= 0; i--) found.push(this.pop(types[i]))
    for (const type of found.reverse()) this.push(type)
  }

  pushFrame(opcode: number, params: readonly ValType[], results: readonly ValType[]): void {
    if (this.frames.length > NESTING_MAX) this.fail(`${this.frames.length} blocks one in another`, `at most ${NESTING_MAX}`)
    this.frames.push({ opcode, params, results, height: this.count, slotsBelow: this.slots, unreachable: false })
    this.pushAll(params)
  }

  popFrame(): Frame {
    const frame = this.top
    this.popAll(frame.results)
    const extra = this.count - frame.height
    if (extra !== 0) this.fail(`${extra} values too many`, 'an empty operand stack at the end of a block (type mismatch)')
    this.frames.pop()
    return frame
  }

  /** After an instruction that never continues: whatever is needed counts as there. */
  markUnreachable(): void {
    const frame = this.top
    this.count = frame.height
    this.slots = frame.slotsBelow
    frame.unreachable = true
  }

  /** The frame that label `index` names. */
  label(index: number): Frame {
    if (index >= this.frames.length) this.fail(`label ${index}`, `a label below ${this.frames.length} (unknown label)`)
    return this.frames[this.frames.length - 1 - index]
  }
}
