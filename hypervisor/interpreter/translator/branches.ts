import { opcodeOf } from '../instructions/table.ts'
import type { ValType } from '../../wasm/types.ts'
import { fusedBranch } from './fusion.ts'
import { BACKWARD, FORWARD } from './opcode-map.ts'
import type { Emitted } from './instruction-list.ts'
import type { Operands } from './operands.ts'
import { AT, slotsOf } from './value-stack.ts'
import type { Operand } from './value-stack.ts'

const OP = {
  notZero: opcodeOf('i32.ne_i'), brTable: opcodeOf('br_table'), return: opcodeOf('return'), returnOne: opcodeOf('return_one'),
  add: opcodeOf('i32.add_i'),
}

/** Backward branches that add to a counter; by the comparison, and by the branch out of the loop that its body begins with. */
const COUNT = fusedBranch('br_count')
const LOOP = fusedBranch('br_loop', 'br_if ')
const NEXT = fusedBranch('br_next', 'br_if ')

/** A block, loop, if or the function itself, while it is open. */
export interface Block {
  readonly kind: 'block' | 'loop' | 'if' | 'function'
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
  /** Operands below the block's parameters, and the register of the first slot above them. */
  readonly height: number
  readonly firstSlot: number
  /** Where a branch goes: behind the block, or behind the tick of the loop's header. */
  readonly label: number
  /** Of a loop: the tick at its header. */
  readonly header: number
  /** Of an `if`: the beginning of its `else`, while that is still to come. */
  otherwise: number | undefined
  /** Whether a branch to `label` was emitted. */
  used: boolean
}

/** A condition taken from the operand stack: a comparison not yet emitted. */
export interface Condition {
  readonly opcode: number
  readonly a: number
  readonly b: number
  readonly i: number
}

/** Branches: values to where the label expects them, comparison and jump in one instruction, ticks of loop headers. */
export class Branches {
  private readonly operands: Operands
  /** Register of the function's first result. */
  private readonly resultRegister: number
  readonly blocks: Block[] = []
  /** Code that comes behind the function: the ways of branches that have values to move. */
  private readonly detours: (() => void)[] = []

  constructor(operands: Operands, resultRegister: number) {
    this.operands = operands
    this.resultRegister = resultRegister
  }

  /** Pops a condition. If the last instruction is the comparison that makes it, that is taken back. */
  takeCondition(): Condition {
    const { operands } = this
    const value = operands.stack.pop()
    const made = operands.maker(value)
    if (made !== undefined && FORWARD.onTrue[made.opcode] >= 0) {
      operands.code.dropLast()
      return made
    }
    return { opcode: OP.notZero, a: operands.register(value), b: 0, i: 0 }
  }

  /** Emits a jump to a label if the condition holds (or does not); `forms` says whether it counts a loop header's tick. */
  jump(label: number, condition: Condition | undefined, holds: boolean, isLoop: boolean): void {
    const forms = isLoop ? BACKWARD : FORWARD
    const emitted = this.operands.code.emit(
      condition === undefined ? forms.always : (holds ? forms.onTrue : forms.onFalse)[condition.opcode],
    )
    emitted.a = condition?.a ?? 0
    emitted.b = condition?.b ?? 0
    emitted.i = condition?.i ?? 0
    emitted.t = label
  }

  /** `br` and, with a condition, `br_if`. */
  branch(depth: number, condition: Condition | undefined): void {
    const block = this.at(depth)
    const types = this.typesOf(block)
    // Results go to where parameters are: several could be in each other's way.
    if (block.kind === 'function' && types.length > 1) this.operands.settle(types.length)
    if (this.arrives(block, types)) {
      this.operands.settle(types.length)
      if (block.kind === 'loop' && types.length === 0 && this.repeat(block, condition)) return
      this.jump(block.label, condition, true, block.kind === 'loop')
      block.used = true
      return
    }
    if (condition === undefined) return this.leaveTo(block, types)
    const past = this.operands.code.newLabel()
    this.jump(past, condition, false, false)
    this.leaveTo(block, types)
    this.operands.code.bind(past)
  }

  /**
   * Goes back to a loop's header with an addition to a counter before it, and the comparison that the loop begins with behind it,
   * in one instruction where there is one.
   */
  private repeat(block: Block, condition: Condition | undefined): boolean {
    const { code } = this.operands
    const first = condition === undefined ? code.after(block.label) : undefined
    const last = code.last()
    const counts = last !== undefined && last.opcode === OP.add && last.d === last.a && last.i === (last.i << 16) >> 16
    const comparison = condition ?? first
    if (comparison === undefined) return false
    const forms = condition !== undefined ? COUNT : counts ? LOOP : NEXT
    if (forms[comparison.opcode] < 0 || (condition !== undefined && !counts)) return false
    if (counts) code.dropLast()
    const emitted = code.emit(forms[comparison.opcode])
    emitted.a = comparison.a
    emitted.b = comparison.b
    emitted.i = comparison.i
    emitted.c = counts ? last.d : 0
    emitted.n = counts ? last.i : 0
    emitted.t = first === undefined ? block.label : code.labelPast(block.label)
    emitted.u = first?.t ?? 0
    block.used = true
    return true
  }

  at(depth: number): Block {
    return this.blocks[this.blocks.length - 1 - depth]
  }

  typesOf(block: Block): readonly ValType[] {
    return block.kind === 'loop' ? block.params : block.results
  }

  /** Whether the branch's values, once in their slots, are where the label expects them. */
  private arrives(block: Block, types: readonly ValType[]): boolean {
    if (block.kind === 'function') return false
    return types.length === 0 || this.operands.firstSlotOf(types) === block.firstSlot
  }

  /** Emits the moves of a branch's values and the jump; the operand stack stays as it was. */
  private leaveTo(block: Block, types: readonly ValType[]): void {
    if (block.kind === 'function') return this.return(types)
    this.moveTo(block.firstSlot, types)
    this.jump(block.label, undefined, true, block.kind === 'loop')
    block.used = true
  }

  /** Copies the top operands to registers from `register` on; upwards, which is safe as nothing moves up. */
  moveTo(register: number, types: readonly ValType[]): void {
    const { stack } = this.operands
    let to = register
    for (let depth = types.length - 1; depth >= 0; depth--) {
      this.operands.copyTo(to, stack.peek(depth))
      to += slotsOf(types[types.length - depth - 1])
    }
  }

  /** Emits the function's return with the results on top of the stack. */
  return(types: readonly ValType[]): void {
    const { code, stack } = this.operands
    if (types.length === 1 && slotsOf(types[0]) === 1 && this.returnOne(stack.peek())) return
    this.moveTo(this.resultRegister, types)
    code.emit(OP.return)
  }

  private returnOne(value: Operand): boolean {
    if (value.at === AT.constant) return false
    const emitted = this.operands.code.emit(OP.returnOne)
    emitted.d = this.resultRegister
    emitted.a = this.operands.register(value)
    return true
  }

  /** `br_table`: the default label is the last of `depths`. */
  table(depths: readonly number[]): void {
    const { operands } = this
    const index = operands.stack.pop()
    const a = operands.register(index)
    const types = this.typesOf(this.at(depths[depths.length - 1]))
    operands.settle(types.length)
    const emitted: Emitted = operands.code.emit(OP.brTable)
    emitted.a = a
    emitted.i = depths.length - 1
    const known = new Map<number, number>()
    emitted.targets = depths.map(depth => {
      const label = known.get(depth) ?? this.tableTarget(this.at(depth))
      known.set(depth, label)
      return label
    })
    for (const detour of this.detours.splice(0)) detour()
  }

  private tableTarget(block: Block): number {
    const types = this.typesOf(block)
    if (this.arrives(block, types)) {
      block.used = true
      return block.kind === 'loop' ? block.header : block.label
    }
    const label = this.operands.code.newLabel()
    this.detours.push(() => {
      this.operands.code.bind(label)
      this.leaveTo(block, types)
    })
    return label
  }
}
