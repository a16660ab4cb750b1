import { FORMS, INSTRUCTIONS, findOpcode, opcodeOf } from '../instructions/table.ts'
import type { Emitted } from './instruction-list.ts'
import type { Operands } from './operands.ts'
import { AT } from './value-stack.ts'
import type { Operand } from './value-stack.ts'

const SOURCES = ['a', 'b', 'c'] as const

/** How far back the instruction that made an address is looked for. */
const REACH = 8

/** `FIRST+SECOND` as `instructions/fused.ts` names them: by second and first instruction. */
const pairs = new Map<number, Map<number, number>>()
INSTRUCTIONS.forEach(({ name }, opcode) => {
  const [, type, first, second] = /^(\w+)\.(\w+)\+(\w+)$/.exec(name) ?? []
  if (first === undefined) return
  // A shift that is fused is one by a constant.
  const isShift = /^(sh|rot)/.test(first)
  const byFirst = pairs.get(opcodeOf(`${type}.${second}`)) ?? new Map<number, number>()
  byFirst.set(opcodeOf(isShift ? `${type}.${first}_i` : `${type}.${first}`), opcode)
  pairs.set(opcodeOf(`${type}.${second}`), byFirst)
})

/** `sub` of a float product, on its left and on its right. */
const products = new Map(['f32', 'f64'].map(type => [
  opcodeOf(`${type}.sub`), { mul: opcodeOf(`${type}.mul`), left: opcodeOf(`${type}.mul-sub`), right: opcodeOf(`${type}.sub-mul`) },
] as const))

/** Instructions whose registers fused ones can do without being made: they write no register but `d`, if they have one. */
const HARMLESS = INSTRUCTIONS.map(({ name, operands }) =>
  (operands.includes('d') ? !/grow|zero/.test(name) : /store|^br_(if|unless)|^global\.set/.test(name)))
const READS = FORMS.map(({ fields }) => SOURCES.filter(source => fields.some(({ letter }) => letter === source)))
const reads = (emitted: Emitted, register: number): boolean => READS[emitted.opcode].some(source => emitted[source] === register)
const WRITES = FORMS.map(({ fields }) => fields.some(({ letter }) => letter === 'd'))

/** Instructions that add up addresses. */
const SUM = {
  add: opcodeOf('i32.add'), addImmediate: opcodeOf('i32.add_i'), shiftAdd: opcodeOf('i32.shl+add'),
  shiftAddImmediate: opcodeOf('i32.shl+add_i'),
}

/** An address as the forms of loads and stores have it. */
export type Address =
  | { readonly form: 'x', readonly a: number, readonly b: number, readonly k: number }
  | { readonly form: 'c', readonly a: number, readonly k: number, readonly j: number }

/** Two instructions in one: what it is called, the first of them, and the second one's other operand. */
export interface Pair {
  readonly opcode: number
  readonly first: Emitted
  readonly other: Operand | undefined
}

/** Finds instructions just emitted that the one at hand can take in, and takes them back. */
export class Fusion {
  private readonly operands: Operands

  constructor(operands: Operands) {
    this.operands = operands
  }

  /**
   * An instruction in the place of `second` and of what made one of its operands, which is taken back; undefined if there is
   * none.
   */
  pair(second: number, left: Operand, right: Operand | undefined): Pair | undefined {
    const firsts = pairs.get(second)
    const product = products.get(second)
    for (const [made, other] of [[right, left], [left, right]]) {
      // A constant would be put into a slot that the first instruction may still read.
      if (made === undefined || other?.at === AT.constant) continue
      const first = this.operands.maker(made)
      if (first === undefined) continue
      const difference = made === left ? product?.left : product?.right
      const opcode = product?.mul === first.opcode ? difference : firsts?.get(first.opcode)
      if (opcode === undefined) return undefined
      this.operands.code.dropLast()
      return { opcode, first, other }
    }
    return undefined
  }

  /**
   * How an address was added up, if that can be done by the access itself: the instructions that did it are taken back.
   * `plain`: without a second register.
   */
  address(operand: Operand, plain: boolean): Address | undefined {
    if (operand.at !== AT.slot) return undefined
    const { code } = this.operands
    for (let back = 0; back < REACH; back++) {
      const made = code.last(back)
      if (made === undefined || !HARMLESS[made.opcode]) return undefined
      // A `local.tee` between may have copied the address: then it is needed where it is.
      if (reads(made, operand.slot) && made.d !== operand.slot) return undefined
      if (made.d === operand.slot && WRITES[made.opcode]) return made.makes ? this.takeSum(made, back, plain) : undefined
    }
    return undefined
  }

  private takeSum(sum: Emitted, back: number, plain: boolean): Address | undefined {
    const address = addressOf(sum)
    if (address === undefined || (plain && address.form === 'x')) return undefined
    if (!this.keeps(address.form === 'x' ? [address.a, address.b] : [address.a], back)) return undefined
    this.operands.code.drop(back)
    return address
  }

  /** Whether the last `count` instructions leave registers as they were. */
  private keeps(registers: readonly number[], count: number): boolean {
    for (let back = 0; back < count; back++) {
      const { opcode, d } = this.operands.code.last(back) as Emitted
      // A vector is written to two slots.
      if (WRITES[opcode] && registers.some(register => register === d || register === d + 1)) return false
    }
    return true
  }
}

function addressOf({ opcode, a, b, c, k, i }: Emitted): Address | undefined {
  switch (opcode) {
    case SUM.add: return { form: 'x', a, b, k: 0 }
    case SUM.addImmediate: return { form: 'c', a, k: 0, j: i }
    case SUM.shiftAdd: return { form: 'x', a: c, b: a, k }
    case SUM.shiftAddImmediate: return { form: 'c', a, k, j: i }
    default: return undefined
  }
}

/** By register opcode of a comparison of integers: its branch of a kind (`br_next`, `br_loop`, `br_count`), or -1. */
export const fusedBranch = (kind: string, prefix = ''): Int16Array =>
  Int16Array.from(INSTRUCTIONS, ({ name }) => (name.startsWith(prefix) ? findOpcode(`${kind} ${name.slice(prefix.length)}`) ?? -1 : -1))
