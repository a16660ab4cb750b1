import { opcodeOf } from '../instructions/table.ts'
import type { InstructionReader } from '../../wasm/instructions.ts'
import { IMM, OP, OPCODES } from '../../wasm/opcodes.ts'
import type { Opcode } from '../../wasm/opcodes.ts'
import { F32, F64, FUNCREF, I32, I64, V128 } from '../../wasm/types.ts'
import type { ValType } from '../../wasm/types.ts'
import type { Emitted } from './instruction-list.ts'
import type { ModuleSites } from './module-sites.ts'
import { Fusion } from './fusion.ts'
import { COMMUTES, COMPUTED, COMPUTED_CONSTANT, IMMEDIATE, INDEXED, INVERSE, LONG, PLAIN } from './opcode-map.ts'
import type { Operands } from './operands.ts'
import { AT } from './value-stack.ts'
import type { Operand } from './value-stack.ts'

const EMIT = {
  isZero32: opcodeOf('i32.eq_i'), isZero64: opcodeOf('i64.eq_i'),
  select: opcodeOf('select'), select32: opcodeOf('select32'), select128: opcodeOf('select128'),
  globalGet: opcodeOf('global.get'), globalGet32: opcodeOf('global.get32'), globalGet128: opcodeOf('global.get128'),
  globalSet: opcodeOf('global.set'), globalSet32: opcodeOf('global.set32'), globalSet128: opcodeOf('global.set128'),
}

const I64_EQZ = 0x50
const WRAP = 0xa7
const EXTEND_S = 0xac
const EXTEND_U = 0xad
const REINTERPRET = { first: 0xbc, last: 0xbf }

/** Registers in the order in which operands are entered. */
const SOURCES = ['a', 'b', 'c'] as const

/** The instructions that are not control: their operands become registers or immediates, their result a register. */
export class Plain {
  private readonly sites: ModuleSites
  private readonly operands: Operands
  private readonly source: InstructionReader
  private readonly fusion: Fusion

  constructor(sites: ModuleSites, operands: Operands, source: InstructionReader) {
    this.sites = sites
    this.operands = operands
    this.source = source
    this.fusion = new Fusion(operands)
  }

  instruction(): void {
    const { source: { opcode, a, b }, operands } = this
    const { stack } = operands
    switch (opcode) {
      case OP.nop: break
      case OP.drop: stack.pop(); break
      case OP.localGet: stack.pushLocal(operands.locals.typeOf(a), operands.locals.registerOf(a)); break
      case OP.localSet: operands.setLocal(a, false); break
      case OP.localTee: operands.setLocal(a, true); break
      case OP.i32Const: stack.pushConstant(I32, a); break
      case OP.i64Const: stack.pushConstant(I64, a, b); break
      case OP.f32Const: stack.pushConstant(F32, a); break
      case OP.f64Const: stack.pushConstant(F64, a, b); break
      case OP.v128Const: stack.pushConstant(V128, a); break
      case OP.refNull: stack.pushConstant(a, 0); break
      case OP.refFunc: stack.pushConstant(FUNCREF, this.sites.functions[a]); break
      default: this.reinterpretation(opcode)
    }
  }

  /** Instructions that only see a slot's bits in another way; they emit nothing. */
  private reinterpretation(opcode: number): void {
    if (opcode === WRAP || (opcode >= REINTERPRET.first && opcode <= REINTERPRET.last)) {
      const value = this.operands.stack.peek()
      value.type = (OPCODES[opcode] as Opcode).results[0]
      if (opcode === WRAP) value.high = 0
    } else if ((opcode === EXTEND_S || opcode === EXTEND_U) && this.operands.stack.peek().at === AT.constant) {
      const { low } = this.operands.stack.pop()
      this.operands.stack.pushConstant(I64, low, opcode === EXTEND_S ? low >> 31 : 0)
    } else {
      this.typed(opcode)
    }
  }

  private typed(opcode: number): void {
    switch (opcode) {
      case OP.i32Eqz: this.isZero(EMIT.isZero32); break
      case I64_EQZ: this.isZero(EMIT.isZero64); break
      case OP.refIsNull: this.isZero(EMIT.isZero32); break
      case OP.select:
      case OP.selectTyped: this.select(); break
      case OP.globalGet: this.globalGet(this.source.a); break
      case OP.globalSet: this.globalSet(this.source.a); break
      default: this.regular(opcode, OPCODES[opcode] as Opcode)
    }
  }

  private isZero(opcode: number): void {
    const { operands } = this
    const value = operands.stack.pop()
    const made = operands.maker(value)
    if (made !== undefined && INVERSE[made.opcode] >= 0 && opcode === EMIT.isZero32) {
      made.opcode = INVERSE[made.opcode]
      operands.stack.pushSlot(I32)
      return
    }
    const a = operands.register(value)
    operands.make(opcode, I32).a = a
  }

  private select(): void {
    const { operands } = this
    const c = operands.register(operands.stack.pop())
    const right = operands.stack.pop()
    const left = operands.stack.pop()
    const { type } = left
    const a = operands.register(left)
    const b = operands.register(right)
    const emitted = operands.make(type === V128 ? EMIT.select128 : type === F32 ? EMIT.select32 : EMIT.select, type)
    emitted.a = a
    emitted.b = b
    emitted.c = c
  }

  private globalGet(index: number): void {
    const { type } = this.sites.module.globals[index]
    const opcode = type === V128 ? EMIT.globalGet128 : type === F32 ? EMIT.globalGet32 : EMIT.globalGet
    this.operands.make(opcode, type).i = this.sites.globals[index]
  }

  private globalSet(index: number): void {
    const { operands } = this
    const value = operands.stack.pop()
    const a = operands.register(value)
    const opcode = value.type === V128 ? EMIT.globalSet128 : value.type === F32 ? EMIT.globalSet32 : EMIT.globalSet
    const emitted = operands.code.emit(opcode)
    emitted.a = a
    emitted.i = this.sites.globals[index]
  }

  /** Everything whose operands and results the opcode alone tells, and the table instructions. */
  private regular(opcode: number, info: Opcode): void {
    const { operands } = this
    const { params, results } = this.signature(opcode, info)
    const values: Operand[] = []
    for (let i = params.length - 1; i >= 0; i--) values[i] = operands.stack.pop()
    if (params.length === 2 && info.immediate === IMM.none && this.twoOperands(opcode, values, results[0])) return
    if (info.immediate === IMM.memarg && this.computed(opcode, values, results)) return
    if (info.immediate === IMM.memarg && this.storedConstant(opcode, values)) return
    const plain = PLAIN[opcode]
    if (plain < 0) throw new Error(`no register instruction for ${info.name}`)
    const registers = values.map(value => operands.register(value))
    const emitted = results.length > 0 ? operands.make(plain, results[0]) : operands.code.emit(plain)
    this.enter(emitted, registers)
    this.immediates(emitted, info)
  }

  private signature(opcode: number, info: Opcode): { readonly params: readonly ValType[], readonly results: readonly ValType[] } {
    if (info.params !== undefined) return { params: info.params, results: info.results }
    const { element } = this.sites.module.tables[this.source.a]
    switch (opcode) {
      case OP.tableGet: return { params: [I32], results: [element] }
      case OP.tableSet: return { params: [I32, element], results: [] }
      case OP.tableGrow: return { params: [element, I32], results: [I32] }
      case OP.tableFill: return { params: [I32, element, I32], results: [] }
      default: throw new Error(`no signature of ${info.name}`)
    }
  }

  /** Registers go to a, b, c in the order of the operands. */
  private enter(emitted: Emitted, registers: readonly number[]): void {
    registers.forEach((register, i) => { emitted[SOURCES[i]] = register })
  }

  private immediates(emitted: Emitted, info: Opcode): void {
    const { sites, source: { a, b, lane } } = this
    switch (info.immediate) {
      case IMM.memarg: emitted.i = b; break
      case IMM.memargLane: emitted.i = b; emitted.k = lane; break
      case IMM.lane: emitted.k = lane; break
      case IMM.shuffle: emitted.v = sites.module.bytes.subarray(a, a + 16); break
      case IMM.memory: emitted.i = sites.memory; break
      case IMM.table: emitted.i = sites.tables[a]; break
      case IMM.tableCopy: emitted.i = sites.tables[a]; emitted.j = sites.tables[b]; break
      case IMM.tableInit: emitted.i = a; emitted.j = sites.tables[b]; break
      case IMM.elem:
      case IMM.data:
      case IMM.memoryInit: emitted.i = a; break
    }
  }

  /** Two operands of which one is a constant that fits an immediate, or of which one was just made. */
  private twoOperands(opcode: number, values: Operand[], type: ValType): boolean {
    if (values[0].at === AT.constant && values[1].at !== AT.constant && COMMUTES.has(opcode)) values.reverse()
    const [left, right] = values
    if (right.at === AT.constant && IMMEDIATE[opcode] >= 0 && fitsWord(right)) {
      this.withImmediate(IMMEDIATE[opcode], left, right.low, type)
      return true
    }
    if (right.at === AT.constant && LONG[opcode] >= 0) {
      const a = this.operands.register(left)
      const emitted = this.operands.make(LONG[opcode], type)
      emitted.a = a
      emitted.i = right.low
      emitted.j = right.high
      return true
    }
    return PLAIN[opcode] >= 0 && this.fusedPair(PLAIN[opcode], left, right, type)
  }

  private withImmediate(opcode: number, left: Operand, immediate: number, type: ValType): void {
    const { operands } = this
    const pair = this.fusion.pair(opcode, left, undefined)
    const a = pair === undefined ? operands.register(left) : pair.first.a
    const emitted = operands.make(pair?.opcode ?? opcode, type)
    emitted.a = a
    emitted.b = pair?.first.b ?? 0
    emitted.k = (pair?.first.i ?? 0) & 63
    emitted.i = immediate
  }

  /** An instruction that does what the last one did, too. */
  private fusedPair(second: number, left: Operand, right: Operand, type: ValType): boolean {
    const pair = this.fusion.pair(second, left, right)
    if (pair === undefined) return false
    const { first, other } = pair
    const c = this.operands.register(other as Operand)
    const emitted = this.operands.make(pair.opcode, type)
    emitted.a = first.a
    emitted.b = first.b
    emitted.c = c
    emitted.i = first.i
    emitted.k = first.i & 63
    return true
  }

  /** A load or store whose address was added up just before: the addition becomes part of it. */
  private computed(opcode: number, values: readonly Operand[], results: readonly ValType[]): boolean {
    const { operands } = this
    const [, value] = values
    if (COMPUTED[opcode] < 0) return false
    const immediate = value?.at === AT.constant && fitsWord(value)
    const stored = value === undefined || immediate ? [] : [operands.register(value)]
    // There is no form for base, index and a constant value.
    const address = this.fusion.address(values[0], immediate)
    if (address === undefined) return false
    const registers = address.form === 'x' ? [address.a, address.b, ...stored] : [address.a, ...stored]
    const form = immediate ? COMPUTED_CONSTANT[opcode] : address.form === 'c' ? COMPUTED[opcode] : INDEXED[opcode]
    const emitted = results.length > 0 ? operands.make(form, results[0]) : operands.code.emit(form)
    this.enter(emitted, registers)
    emitted.k = address.k
    emitted.i = this.source.b
    if (address.form === 'c') emitted.j = address.j
    if (immediate) emitted.w = value.low
    return true
  }

  private storedConstant(opcode: number, values: readonly Operand[]): boolean {
    const value = values[1]
    if (value === undefined || value.at !== AT.constant || IMMEDIATE[opcode] < 0 || !fitsWord(value)) return false
    const a = this.operands.register(values[0])
    const emitted = this.operands.code.emit(IMMEDIATE[opcode])
    emitted.a = a
    emitted.i = this.source.b
    emitted.j = value.low
    return true
  }
}

/** Whether a constant is its own low word, sign-extended if it has 64 bits. */
const fitsWord = ({ type, low, high }: Operand): boolean =>
  type === I32 || type === F32 || ((type === I64 || type === F64) && high === low >> 31)
