import { V128 } from '../../wasm/types.ts'
import type { ValType } from '../../wasm/types.ts'

/** Where an operand is: in its own slot, still in a local, or a constant. */
export const AT = { slot: 0, local: 1, constant: 2 } as const

/** An operand of the Wasm code. Its slot is the register that its place on the operand stack owns. */
export interface Operand {
  at: number
  type: ValType
  readonly slot: number
  /** Register of the local. */
  local: number
  /** The constant's bits; for a v128, `low` is the offset of its 16 bytes in the module. */
  low: number
  high: number
}

export const slotsOf = (type: ValType): number => (type === V128 ? 2 : 1)

/** The operand stack at translation: nothing is emitted for an operand until something needs it in a register. */
export class ValueStack {
  readonly operands: Operand[] = []
  /** Register of the first slot above the stack. */
  slotTop: number
  /** How many operands are still in locals. */
  inLocals = 0

  constructor(firstSlot: number) {
    this.slotTop = firstSlot
  }

  get height(): number {
    return this.operands.length
  }

  private push(at: number, type: ValType, local: number, low: number, high: number): Operand {
    const operand = { at, type, slot: this.slotTop, local, low, high }
    this.operands.push(operand)
    if (at === AT.local) this.inLocals++
    this.slotTop += slotsOf(type)
    return operand
  }

  pushSlot(type: ValType): Operand {
    return this.push(AT.slot, type, 0, 0, 0)
  }

  pushLocal(type: ValType, local: number): Operand {
    return this.push(AT.local, type, local, 0, 0)
  }

  pushConstant(type: ValType, low: number, high = 0): Operand {
    return this.push(AT.constant, type, 0, low, high)
  }

  pop(): Operand {
    const operand = this.operands.pop()
    if (operand === undefined) throw new Error('translation of an invalid function')
    this.slotTop = operand.slot
    if (operand.at === AT.local) this.inLocals--
    return operand
  }

  /** Notes that an operand of this stack was put into its slot. */
  toSlot(operand: Operand): void {
    if (operand.at === AT.local) this.inLocals--
    operand.at = AT.slot
  }

  /** The operand `depth` below the top. */
  peek(depth = 0): Operand {
    return this.operands[this.operands.length - 1 - depth]
  }

  /** Forgets everything above `height`. */
  cut(height: number, slotTop: number): void {
    while (this.operands.length > height) this.pop()
    this.slotTop = slotTop
  }
}
