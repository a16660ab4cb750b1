import { opcodeOf } from '../instructions/table.ts'
import { InstructionReader } from '../../wasm/instructions.ts'
import { functionType } from '../../wasm/module.ts'
import { OP } from '../../wasm/opcodes.ts'
import type { FuncType, ValType } from '../../wasm/types.ts'
import { blockSignature } from '../../wasm/validate-code.ts'
import { Branches } from './branches.ts'
import type { Block } from './branches.ts'
import { Calls } from './calls.ts'
import { firstParameter } from './frame-layout.ts'
import type { CodeWriter } from './code-writer.ts'
import { localRegisters } from './local-registers.ts'
import type { ModuleSites } from './module-sites.ts'
import { Operands } from './operands.ts'
import { Plain } from './plain.ts'

const EMIT = { enter: opcodeOf('enter'), zero: opcodeOf('zero'), tick: opcodeOf('tick'), unreachable: opcodeOf('unreachable') }

/** Translates one function of a validated module and appends its code to `out`. */
export function translateFunction(sites: ModuleSites, functionIndex: number, out: CodeWriter): void {
  new FunctionTranslator(sites, functionIndex).translate().write(out)
}

class FunctionTranslator {
  private readonly sites: ModuleSites
  private readonly functionIndex: number
  private readonly type: FuncType
  private readonly source: InstructionReader
  private readonly operands: Operands
  private readonly branches: Branches
  private readonly calls: Calls
  private readonly plain: Plain
  /** Slots of the declared locals. */
  private readonly localSlots: number
  /** Blocks opened in code that is never reached; -1 in reachable code. */
  private skipped = -1

  constructor(sites: ModuleSites, functionIndex: number) {
    const { module } = sites
    const body = module.bodies[functionIndex - module.importedFunctions]
    this.sites = sites
    this.functionIndex = functionIndex
    this.type = functionType(module, functionIndex)
    this.source = new InstructionReader(module.bytes, body.code, functionIndex)
    const locals = localRegisters(module, functionIndex)
    this.localSlots = locals.slots
    this.operands = new Operands(locals, module.bytes)
    this.branches = new Branches(this.operands, firstParameter(this.type))
    this.calls = new Calls(sites, this.operands, functionIndex)
    this.plain = new Plain(sites, this.operands, this.source)
  }

  translate(): Operands['code'] {
    const { source, operands } = this
    operands.code.source = source.reader.offset
    this.prologue()
    this.open('function', { params: [], results: this.type.results })
    while (this.branches.blocks.length > 0) {
      source.next()
      operands.code.source = source.start
      if (this.skipped >= 0) this.skip()
      else this.instruction()
    }
    return operands.code
  }

  private prologue(): void {
    const { graph, budget } = this.sites
    const { code } = this.operands
    if (graph.recursive[this.functionIndex] === 1) code.emit(EMIT.enter).i = budget.need[this.functionIndex]
    if (this.localSlots > 0) {
      const zero = code.emit(EMIT.zero)
      zero.d = 0
      zero.n = this.localSlots
    }
  }

  private instruction(): void {
    const { opcode, a, b, list } = this.source
    const { branches, calls } = this
    switch (opcode) {
      case OP.block: this.open('block', this.blockType()); break
      case OP.loop: this.open('loop', this.blockType()); break
      case OP.if: this.open('if', this.blockType()); break
      case OP.else: this.else(true); break
      case OP.end: this.end(true); break
      case OP.br: branches.branch(a, undefined); this.skipped = 0; break
      case OP.brIf: branches.branch(a, branches.takeCondition()); break
      case OP.brTable: branches.table(list); this.skipped = 0; break
      case OP.return: branches.branch(branches.blocks.length - 1, undefined); this.skipped = 0; break
      case OP.unreachable: this.operands.code.emit(EMIT.unreachable); this.skipped = 0; break
      case OP.call: calls.call(a); break
      case OP.callIndirect: calls.callIndirect(a, b); break
      case OP.returnCall: calls.returnCall(a); this.skipped = 0; break
      case OP.returnCallIndirect: calls.returnCallIndirect(a, b); this.skipped = 0; break
      default: this.plain.instruction()
    }
  }

  /** Passes over code that is never reached, up to where its block ends or its `if` turns to `else`. */
  private skip(): void {
    const { opcode } = this.source
    if (opcode === OP.block || opcode === OP.loop || opcode === OP.if) this.skipped++
    else if (opcode === OP.end && this.skipped > 0) this.skipped--
    else if (opcode === OP.end) this.end(false)
    else if (opcode === OP.else && this.skipped === 0) this.else(false)
  }

  private blockType(): FuncType {
    return blockSignature(this.sites.module, this.source.blockType) as FuncType
  }

  private open(kind: Block['kind'], { params, results }: FuncType): void {
    const { operands, branches } = this
    const { code, stack } = operands
    const condition = kind === 'if' ? branches.takeCondition() : undefined
    operands.leaveLocals()
    operands.settle(params.length)
    const block: Block = {
      kind, params, results, height: stack.height - params.length, firstSlot: operands.firstSlotOf(params),
      label: code.newLabel(), header: kind === 'loop' ? code.newLabel() : -1,
      otherwise: kind === 'if' ? code.newLabel() : undefined, used: false,
    }
    branches.blocks.push(block)
    if (kind === 'loop') {
      code.bind(block.header)
      code.emit(EMIT.tick)
      code.bind(block.label)
    }
    if (block.otherwise !== undefined) branches.jump(block.otherwise, condition, false, false)
  }

  private else(reached: boolean): void {
    const { operands, branches } = this
    const block = branches.at(0)
    if (reached) branches.branch(0, undefined)
    operands.code.bind(block.otherwise as number)
    block.otherwise = undefined
    this.restart(block, block.params)
  }

  private end(reached: boolean): void {
    const { operands, branches } = this
    const block = branches.at(0)
    const { code } = operands
    if (block.kind === 'function') return this.endFunction(block, reached)
    const joined = block.kind !== 'loop' && (block.used || block.otherwise !== undefined)
    if (joined) {
      if (reached) operands.settle(block.results.length)
      if (block.otherwise !== undefined) code.bind(block.otherwise)
      code.bind(block.label)
    }
    branches.blocks.pop()
    if (joined) this.restart(block, block.results)
    else if (!reached) this.skipped = 0
  }

  /** What branches to the function's own label leads to is a return of its own, so that nothing can join here. */
  private endFunction({ results }: Block, reached: boolean): void {
    if (reached) {
      if (results.length > 1) this.operands.settle(results.length)
      this.branches.return(results)
    }
    this.branches.blocks.pop()
  }

  /** Goes on where several ways meet: `types` are in the slots above the block's height. */
  private restart(block: Block, types: readonly ValType[]): void {
    const { stack } = this.operands
    stack.cut(block.height, block.firstSlot)
    for (const type of types) stack.pushSlot(type)
    this.skipped = -1
  }
}
