import { FORMS, opcodeOf } from '../instructions/table.ts'
import { functionType } from '../../wasm/module.ts'
import type { FuncType } from '../../wasm/types.ts'
import { countSlots, firstParameter, LINKAGE_SLOTS, sharedSlots } from './frame-layout.ts'
import type { ModuleSites } from './module-sites.ts'
import type { Operands } from './operands.ts'

const OP = {
  call: opcodeOf('call'), callDeep: opcodeOf('call_deep'), callRecursive: opcodeOf('call_recursive'), host: opcodeOf('host'),
  callIndirect: opcodeOf('call_indirect'), returnCall: opcodeOf('return_call'),
  returnCallIndirect: opcodeOf('return_call_indirect'),
}

const ENTER_LENGTH = FORMS[opcodeOf('enter')].length

/** Calls. Arguments lie in the slots where the results will be; the callee's frame begins behind them. */
export class Calls {
  private readonly sites: ModuleSites
  private readonly operands: Operands
  private readonly functionIndex: number

  constructor(sites: ModuleSites, operands: Operands, functionIndex: number) {
    this.sites = sites
    this.operands = operands
    this.functionIndex = functionIndex
  }

  call(callee: number): void {
    const { graph, budget, importedFunctions } = this.sites
    const type = functionType(this.sites.module, callee)
    const first = this.arguments(type)
    const imported = importedFunctions[callee]
    if (imported?.kind === 'host') {
      const emitted = this.operands.code.emit(OP.host)
      emitted.a = first
      emitted.i = imported.number
    } else {
      const recursive = graph.recursive[callee] === 1
      const deep = imported !== undefined || graph.reachesRecursion[callee] === 1
      const emitted = this.operands.code.emit(recursive ? OP.callRecursive : deep ? OP.callDeep : OP.call)
      emitted.n = first + sharedSlots(type) + LINKAGE_SLOTS
      emitted.t = callee
      // A call of a recursive function does what its `enter` would.
      emitted.calls = recursive ? ENTER_LENGTH : 0
      emitted.i = budget.frame[this.functionIndex]
      emitted.j = budget.need[callee]
    }
    this.results(type)
  }

  callIndirect(typeIndex: number, table: number): void {
    const type = this.sites.module.types[typeIndex]
    const index = this.operands.stack.pop()
    const register = this.operands.register(index)
    const first = this.arguments(type)
    const emitted = this.operands.code.emit(OP.callIndirect)
    emitted.a = register
    emitted.n = first + sharedSlots(type) + LINKAGE_SLOTS
    emitted.i = this.sites.tables[table]
    emitted.j = this.sites.typeKeys[typeIndex]
    emitted.w = this.sites.budget.frame[this.functionIndex]
    this.results(type)
  }

  returnCall(callee: number): void {
    const emitted = this.tailCall(functionType(this.sites.module, callee), OP.returnCall)
    emitted.t = callee
    emitted.calls = 0
  }

  returnCallIndirect(typeIndex: number, table: number): void {
    const index = this.operands.stack.pop()
    const register = this.operands.register(index)
    const emitted = this.tailCall(this.sites.module.types[typeIndex], OP.returnCallIndirect)
    emitted.c = register
    emitted.i = this.sites.tables[table]
    emitted.j = this.sites.typeKeys[typeIndex]
  }

  private tailCall(type: FuncType, opcode: number): ReturnType<Operands['code']['emit']> {
    const first = this.arguments(type)
    const emitted = this.operands.code.emit(opcode)
    emitted.a = first
    emitted.b = firstParameter(functionType(this.sites.module, this.functionIndex))
    emitted.n = sharedSlots(type) + LINKAGE_SLOTS
    emitted.k = countSlots(type.params)
    return emitted
  }

  /** Puts the arguments into their slots and pops them; gives the first one's register. */
  private arguments({ params }: FuncType): number {
    this.operands.settle(params.length)
    for (const _ of params) this.operands.stack.pop()
    return this.operands.stack.slotTop
  }

  private results({ results }: FuncType): void {
    for (const type of results) this.operands.stack.pushSlot(type)
  }
}
