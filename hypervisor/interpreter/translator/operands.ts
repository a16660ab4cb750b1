import { opcodeOf } from '../instructions/table.ts'
import { F32, V128 } from '../../wasm/types.ts'
import type { ValType } from '../../wasm/types.ts'
import { InstructionList } from './instruction-list.ts'
import type { Emitted } from './instruction-list.ts'
import type { LocalRegisters } from './local-registers.ts'
import { AT, slotsOf, ValueStack } from './value-stack.ts'
import type { Operand } from './value-stack.ts'

const OP = {
  copy: opcodeOf('copy'), copy32: opcodeOf('copy32'), copy128: opcodeOf('copy128'), const32: opcodeOf('const32'),
  const64: opcodeOf('const64'), const128: opcodeOf('v128.const'),
}

/** Operands and the instructions that move them: what the rest of the translation of a function stands on. */
export class Operands {
  readonly code = new InstructionList()
  readonly stack: ValueStack
  readonly locals: LocalRegisters
  private readonly module: Uint8Array

  constructor(locals: LocalRegisters, module: Uint8Array) {
    this.locals = locals
    this.stack = new ValueStack(locals.slots)
    this.module = module
  }

  /** The register that holds an operand now; a constant is put into its slot first. */
  register(operand: Operand): number {
    if (operand.at === AT.local) return operand.local
    if (operand.at === AT.constant) this.toOwnSlot(operand)
    return operand.slot
  }

  /** Puts an operand into the slot of its own. */
  toOwnSlot(operand: Operand): void {
    if (operand.at === AT.slot) return
    this.copyTo(operand.slot, operand)
    this.stack.toSlot(operand)
  }

  /** Emits what puts an operand into a register. */
  copyTo(register: number, operand: Operand): void {
    const { type, at, low, high } = operand
    if (at === AT.constant) {
      if (type === V128) this.vectorConstant(register, low)
      else this.constant(register, low, high)
      return
    }
    const from = at === AT.local ? operand.local : operand.slot
    if (from === register) return
    const copy = this.code.emit(type === V128 ? OP.copy128 : type === F32 ? OP.copy32 : OP.copy)
    copy.d = register
    copy.a = from
  }

  private constant(register: number, low: number, high: number): void {
    const set = this.code.emit(high === 0 ? OP.const32 : OP.const64)
    set.d = register
    set.i = low
    set.j = high
  }

  private vectorConstant(register: number, offset: number): void {
    const set = this.code.emit(OP.const128)
    set.d = register
    set.v = this.module.subarray(offset, offset + 16)
  }

  /** Puts the top `count` operands into their slots. */
  settle(count: number): void {
    for (let depth = count - 1; depth >= 0; depth--) this.toOwnSlot(this.stack.peek(depth))
  }

  /** Takes out of locals what still is there (of one local, if it is given by its register), as they may change. */
  leaveLocals(register?: number): void {
    const { stack } = this
    for (let i = stack.height - 1, left = stack.inLocals; i >= 0 && left > 0; i--) {
      const operand = stack.operands[i]
      if (operand.at !== AT.local) continue
      left--
      if (register === undefined || operand.local === register) this.toOwnSlot(operand)
    }
  }

  /** The instruction that put an operand into its slot, if it was the last one and can still be changed. */
  maker(operand: Operand): Emitted | undefined {
    if (operand.at !== AT.slot) return undefined
    const last = this.code.last()
    return last !== undefined && last.d === operand.slot && last.makes ? last : undefined
  }

  /** `local.set` and `local.tee`. */
  setLocal(index: number, keep: boolean): void {
    const register = this.locals.registerOf(index)
    const value = this.stack.pop()
    const made = this.maker(value)
    const shared = this.stack.inLocals > 0 &&
      this.stack.operands.some(operand => operand.at === AT.local && operand.local === register)
    if (made !== undefined && !shared) {
      made.d = register
      if (keep) this.stack.pushLocal(this.locals.typeOf(index), register)
      return
    }
    if (shared && !(value.at === AT.local && value.local === register)) this.leaveLocals(register)
    this.copyTo(register, value)
    if (keep) this.pushAgain(value)
  }

  /** Puts back an operand just popped. */
  pushAgain({ at, type, local, low, high }: Operand): void {
    if (at === AT.slot) this.stack.pushSlot(type)
    else if (at === AT.local) this.stack.pushLocal(type, local)
    else this.stack.pushConstant(type, low, high)
  }

  /** Emits an instruction whose result is the new top of the stack. */
  make(opcode: number, type: ValType): Emitted {
    const { slot } = this.stack.pushSlot(type)
    const emitted = this.code.emit(opcode)
    emitted.d = slot
    emitted.makes = true
    return emitted
  }

  /** The register that `slots` results or arguments from the top of the stack begin at. */
  firstSlotOf(types: readonly ValType[]): number {
    return this.stack.slotTop - types.reduce((sum, type) => sum + slotsOf(type), 0)
  }
}
