import { WasmError } from './errors.ts'
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

/**
 * The typed operand and control stacks of the specification's validation algorithm. Besides types it follows, for
 * every operand, a *tag*: the offset of the float instruction that made it and the shape of NaN it may hold.
 */
export class OperandStack {
  readonly frames: Frame[] = []
  private readonly types: ValType[] = []
  private readonly tags: number[] = []
  private slots = 0
  /** The deepest operand stack so far, in 8-byte slots. */
  slotsMax = 0
  /** Offsets of float instructions whose NaN bits something looks at. */
  readonly exposed = new Set<number>()
  /** Shape of NaN whose bits the instruction at hand ignores. */
  accepts = 0
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

  push(type: ValType, tag = 0): void {
    this.types.push(type)
    this.tags.push(tag)
    this.slots += slotsOf(type)
    if (this.slots > this.slotsMax) this.slotsMax = this.slots
  }

  /** Takes the top operand, which must be of `expected` (or anything for `ANY`); gives its type, if known. */
  pop(expected: ValType): ValType {
    const frame = this.top
    if (this.types.length === frame.height) {
      if (frame.unreachable) return ANY
      this.fail('an empty operand stack', `${typeName(expected)} (type mismatch)`)
    }
    const type = this.types.pop() as ValType
    const tag = this.tags.pop() as number
    this.slots -= slotsOf(type)
    if (tag !== 0 && tag % 8 !== this.accepts) this.exposed.add((tag - (tag % 8)) / 8)
    if (type !== expected && type !== ANY && expected !== ANY) this.fail(typeName(type), `${typeName(expected)} (type mismatch)`)
    return type
  }

  pushAll(types: readonly ValType[]): void {
    for (const type of types) this.push(type)
  }

  popAll(types: readonly ValType[]): void {
    for (let i = types.length - 1; i >= 0; i--) this.pop(types[i])
  }

  /** Checks that `types` lie on top, and leaves what was there. */
  peekAll(types: readonly ValType[]): void {
    const found: ValType[] = []
    for (let i = types.length - 1; i >= 0; i--) found.push(this.pop(types[i]))
    for (const type of found.reverse()) this.push(type)
  }

  pushFrame(opcode: number, params: readonly ValType[], results: readonly ValType[]): void {
    this.frames.push({ opcode, params, results, height: this.types.length, slotsBelow: this.slots, unreachable: false })
    this.pushAll(params)
  }

  popFrame(): Frame {
    const frame = this.top
    this.popAll(frame.results)
    const extra = this.types.length - frame.height
    if (extra !== 0) this.fail(`${extra} values too many`, 'an empty operand stack at the end of a block (type mismatch)')
    this.frames.pop()
    return frame
  }

  /** After an instruction that never continues: whatever is needed counts as there. */
  markUnreachable(): void {
    const frame = this.top
    this.types.length = frame.height
    this.tags.length = frame.height
    this.slots = frame.slotsBelow
    frame.unreachable = true
  }

  /** The frame that label `index` names. */
  label(index: number): Frame {
    if (index >= this.frames.length) this.fail(`label ${index}`, `a label below ${this.frames.length} (unknown label)`)
    return this.frames[this.frames.length - 1 - index]
  }
}
