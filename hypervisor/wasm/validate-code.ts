import { EMPTY_BLOCK, InstructionReader } from './instructions.ts'
import { functionType } from './module.ts'
import type { FunctionBody, WasmModule } from './module.ts'
import { IMM, OP, OPCODES } from './opcodes.ts'
import type { Opcode } from './opcodes.ts'
import { LocalTypes } from './local-types.ts'
import { OperandStack } from './operand-stack.ts'
import { ANY, FUNCREF, I32, isReference, sameTypes, signature, typeName } from './types.ts'
import type { FuncType, ValType } from './types.ts'

/** What validation learns about a body and the engines need. */
export interface BodyFacts {
  /** Deepest operand stack, in 8-byte slots (a v128 takes two). */
  readonly operandSlots: number
  /** Instructions that change a table or drop a segment; see `mutable-state.ts`. */
  readonly changes: readonly StateChange[]
}

/** `index` is the table that `opcode` changes or the segment that it drops. */
export interface StateChange {
  readonly opcode: number
  readonly index: number
}

/** What most bodies have; never written to. */
const NO_CHANGES: StateChange[] = []
/** By operand slots: facts of bodies without anything else to tell, shared. */
const PLAIN_FACTS: BodyFacts[] = []

const NO_TYPES: readonly ValType[] = []
const EMPTY: FuncType = { params: NO_TYPES, results: NO_TYPES }
/** By value type, the block type of one result: made once, as blocks are many. */
const SINGLE: readonly FuncType[] = Array.from({ length: 128 }, (_, type) => ({ params: NO_TYPES, results: [type] }))

/** Parameters and results of a block type (see `InstructionReader.blockType`). */
export function blockSignature(module: WasmModule, blockType: number): FuncType | undefined {
  if (blockType === EMPTY_BLOCK) return EMPTY
  return blockType < 0 ? SINGLE[blockType + 128] : module.types[blockType]
}

/**
 * Validates one function body against its module. `referable` are the functions that `ref.func` may name.
 * Throws `WasmError`.
 */
export function validateBody(module: WasmModule, functionIndex: number, referable: ReadonlySet<number>): BodyFacts {
  return new BodyValidator(module, functionIndex, referable).validate()
}

class BodyValidator {
  private readonly module: WasmModule
  private readonly referable: ReadonlySet<number>
  private readonly body: FunctionBody
  private readonly type: FuncType
  private readonly locals: LocalTypes
  private readonly code: InstructionReader
  private readonly stack: OperandStack
  private changes = NO_CHANGES

  constructor(module: WasmModule, functionIndex: number, referable: ReadonlySet<number>) {
    this.module = module
    this.referable = referable
    this.body = module.bodies[functionIndex - module.importedFunctions]
    this.type = functionType(module, functionIndex)
    this.code = new InstructionReader(module.bytes, this.body.code, functionIndex)
    this.stack = new OperandStack(() => ({ offset: this.code.start, instruction: this.name(), functionIndex }))
    this.locals = new LocalTypes(this.type.params, this.body.locals)
  }

  validate(): BodyFacts {
    const { code, stack } = this
    stack.pushFrame(OP.block, [], this.type.results)
    while (stack.frames.length > 0) {
      code.next()
      this.instruction()
    }
    if (!code.atEnd) this.fail('more code behind it', 'the end of the function')
    const { slotsMax: operandSlots } = stack
    if (this.changes.length > 0) return { operandSlots, changes: this.changes }
    return PLAIN_FACTS[operandSlots] ??= { operandSlots, changes: NO_CHANGES }
  }

  private name(): string {
    return OPCODES[this.code.opcode]?.name ?? 'the start'
  }

  private fail(found: string, expected: string): never {
    return this.stack.fail(found, expected)
  }

  private instruction(): void {
    const { opcode } = this.code
    const info = OPCODES[opcode] as Opcode
    if (info.params === undefined) return this.special(opcode)
    if (info.immediate !== IMM.none) this.checkImmediate(info)
    this.stack.popAll(info.params)
    this.stack.pushAll(info.results)
  }

  private checkImmediate(info: Opcode): void {
    const { a, b } = this.code
    switch (info.immediate) {
      case IMM.memarg:
      case IMM.memargLane:
        this.needMemory()
        if (a > info.align) this.fail(`alignment 2^${a}`, `at most the natural one, 2^${info.align}`)
        break
      case IMM.memory:
      case IMM.memoryCopy: this.needMemory(); break
      case IMM.memoryInit: this.needMemory(); this.needData(a); break
      case IMM.data: this.needData(a); this.change(a); break
      case IMM.elem: this.elementType(a); this.change(a); break
      case IMM.table: this.tableType(a); break
      case IMM.tableInit: this.sameReferences(this.elementType(a), this.tableType(b)); this.change(b); break
      case IMM.tableCopy: this.sameReferences(this.tableType(b), this.tableType(a)); this.change(a); break
    }
  }

  private change(index: number): void {
    if (this.changes === NO_CHANGES) this.changes = []
    this.changes.push({ opcode: this.code.opcode, index })
  }

  private needMemory(): void {
    if (this.module.memories.length === 0) this.fail('no memory', 'a memory in the module (unknown memory)')
  }

  private needData(index: number): void {
    if (this.module.dataCount === undefined) this.fail('no data count section', 'one, as data segments are used by code')
    if (index >= this.module.dataCount) {
      this.fail(`data segment ${index}`, `one below ${this.module.dataCount} (unknown data segment)`)
    }
  }

  private elementType(index: number): ValType {
    const segment = this.module.elements[index]
    if (segment === undefined) {
      this.fail(`element segment ${index}`, `one below ${this.module.elements.length} (unknown elem segment)`)
    }
    return segment.type
  }

  private tableType(index: number): ValType {
    const table = this.module.tables[index]
    if (table === undefined) this.fail(`table ${index}`, `one below ${this.module.tables.length} (unknown table)`)
    return table.element
  }

  private sameReferences(from: ValType, to: ValType): void {
    if (from !== to) this.fail(`a copy of ${typeName(from)} into ${typeName(to)}`, 'references of one type (type mismatch)')
  }

  private special(opcode: number): void {
    switch (opcode) {
      case OP.unreachable: this.stack.markUnreachable(); break
      case OP.block:
      case OP.loop:
      case OP.if: this.open(opcode); break
      case OP.else: this.else(); break
      case OP.end: this.end(); break
      case OP.br: this.stack.popAll(this.labelTypes(this.code.a)); this.stack.markUnreachable(); break
      case OP.brIf: this.brIf(); break
      case OP.brTable: this.brTable(); break
      case OP.return: this.stack.popAll(this.type.results); this.stack.markUnreachable(); break
      case OP.call:
      case OP.returnCall: this.call(this.calledType(this.code.a), opcode === OP.returnCall); break
      case OP.callIndirect:
      case OP.returnCallIndirect: this.callIndirect(opcode === OP.returnCallIndirect); break
      default: this.variable(opcode)
    }
  }

  private variable(opcode: number): void {
    const { a } = this.code
    const { stack } = this
    switch (opcode) {
      case OP.drop: stack.pop(ANY); break
      case OP.select: this.select(); break
      case OP.selectTyped: this.selectTyped(); break
      case OP.localGet: stack.push(this.local(a)); break
      case OP.localSet: stack.pop(this.local(a)); break
      case OP.localTee: stack.pop(this.local(a)); stack.push(this.local(a)); break
      case OP.globalGet: stack.push(this.global(a).type); break
      case OP.globalSet: this.globalSet(a); break
      default: this.reference(opcode, a)
    }
  }

  private reference(opcode: number, a: number): void {
    const { stack } = this
    switch (opcode) {
      case OP.tableGet: stack.pop(I32); stack.push(this.tableType(a)); break
      case OP.tableSet: stack.pop(this.tableType(a)); stack.pop(I32); this.change(a); break
      case OP.tableGrow: stack.pop(I32); stack.pop(this.tableType(a)); stack.push(I32); this.change(a); break
      case OP.tableFill: stack.pop(I32); stack.pop(this.tableType(a)); stack.pop(I32); this.change(a); break
      case OP.refNull: stack.push(a); break
      case OP.refIsNull: this.refIsNull(); break
      case OP.refFunc: this.refFunc(a); break
      default: throw new Error(`no rule for opcode ${opcode}`)
    }
  }

  private open(opcode: number): void {
    const type = blockSignature(this.module, this.code.blockType)
    if (type === undefined) {
      this.fail(`block type ${this.code.blockType}`, `a type below ${this.module.types.length} (unknown type)`)
    }
    if (opcode === OP.if) this.stack.pop(I32)
    this.stack.popAll(type.params)
    this.stack.pushFrame(opcode, type.params, type.results)
  }

  private else(): void {
    if (this.stack.top.opcode !== OP.if) this.fail('no if open', 'an else inside its if')
    const frame = this.stack.popFrame()
    this.stack.pushFrame(OP.else, frame.params, frame.results)
  }

  private end(): void {
    const frame = this.stack.popFrame()
    if (frame.opcode === OP.if && !sameTypes(frame.params, frame.results)) {
      this.fail('an if without else', `no change of types: ${signature(frame)} (type mismatch)`)
    }
    if (this.stack.frames.length > 0) this.stack.pushAll(frame.results)
  }

  private labelTypes(index: number): readonly ValType[] {
    const frame = this.stack.label(index)
    return frame.opcode === OP.loop ? frame.params : frame.results
  }

  private brIf(): void {
    const types = this.labelTypes(this.code.a)
    this.stack.pop(I32)
    this.stack.popAll(types)
    this.stack.pushAll(types)
  }

  private brTable(): void {
    const labels = this.code.list
    this.stack.pop(I32)
    const last = this.labelTypes(labels[labels.length - 1])
    // Labels are many, but the lists of types that they stand for are few.
    const seen = new Set([last])
    for (const label of labels) {
      const types = this.labelTypes(label)
      if (seen.has(types)) continue
      seen.add(types)
      if (types.length !== last.length) this.fail(`label ${label} of ${types.length} values`, `${last.length} (type mismatch)`)
      this.stack.peekAll(types)
    }
    this.stack.popAll(last)
    this.stack.markUnreachable()
  }

  private calledType(index: number): FuncType {
    const type = this.module.functions[index]
    if (type === undefined) this.fail(`function ${index}`, `one below ${this.module.functions.length} (unknown function)`)
    return this.module.types[type]
  }

  private call(type: FuncType, tail: boolean): void {
    this.stack.popAll(type.params)
    if (!tail) return this.stack.pushAll(type.results)
    if (!sameTypes(type.results, this.type.results)) {
      this.fail(`a tail call of ${signature(type)}`, `results as in ${signature(this.type)} (type mismatch)`)
    }
    this.stack.markUnreachable()
  }

  private callIndirect(tail: boolean): void {
    const { a, b } = this.code
    if (this.tableType(b) !== FUNCREF) this.fail('a table of externref', 'a table of funcref (type mismatch)')
    const type = this.module.types[a]
    if (type === undefined) this.fail(`type ${a}`, `one below ${this.module.types.length} (unknown type)`)
    this.stack.pop(I32)
    this.call(type, tail)
  }

  private select(): void {
    this.stack.pop(I32)
    const second = this.stack.pop(ANY)
    const first = this.stack.pop(second)
    const type = first === ANY ? second : first
    if (isReference(type) || isReference(second)) this.fail('a reference', 'a select with its type, or numbers (type mismatch)')
    this.stack.push(type)
  }

  private selectTyped(): void {
    const { list } = this.code
    if (list.length !== 1) this.fail(`${list.length} types`, 'one type (invalid result arity)')
    this.stack.pop(I32)
    this.stack.pop(list[0])
    this.stack.pop(list[0])
    this.stack.push(list[0])
  }

  private local(index: number): ValType {
    return this.locals.at(index) ?? this.fail(`local ${index}`, `one below ${this.locals.length} (unknown local)`)
  }

  private global(index: number): { type: ValType, mutable: boolean } {
    const { globals } = this.module
    if (index >= globals.length) this.fail(`global ${index}`, `one below ${globals.length} (unknown global)`)
    return globals[index]
  }

  private globalSet(index: number): void {
    const { type, mutable } = this.global(index)
    if (!mutable) this.fail(`immutable global ${index}`, 'a mutable global (global is immutable)')
    this.stack.pop(type)
  }

  private refIsNull(): void {
    const type = this.stack.pop(ANY)
    if (type !== ANY && !isReference(type)) this.fail(typeName(type), 'a reference (type mismatch)')
    this.stack.push(I32)
  }

  private refFunc(index: number): void {
    this.calledType(index)
    if (!this.referable.has(index)) {
      this.fail(`function ${index}`, 'one that an element segment, export or global names (undeclared function reference)')
    }
    this.stack.push(FUNCREF)
  }
}
