import { EMPTY_BLOCK, InstructionReader } from '../wasm/instructions.ts'
import { functionType } from '../wasm/module.ts'
import type { WasmModule } from '../wasm/module.ts'
import { ACCEPTS_NAN, MAKES_NAN, NAN_SHAPE } from '../wasm/nan.ts'
import { OP, OPCODES } from '../wasm/opcodes.ts'
import type { Opcode } from '../wasm/opcodes.ts'
import type { FuncType, ValType } from '../wasm/types.ts'
import { blockSignature } from '../wasm/validate-code.ts'
import { LocalValues } from './local-values.ts'
import type { Arrivals } from './local-values.ts'
import { chooseCuts } from './nan-cuts.ts'
import type { NanCuts } from './nan-cuts.ts'
import { holdsNan, NanGraph, TooManyValues, VALUE } from './nan-graph.ts'
import { isClean, MOVES } from './nan-moves.ts'

/**
 * Where a body's NaNs must be made canonical: nowhere but where something could see their bits. In a body too large to follow,
 * behind all arithmetic.
 */
export function nanCuts(module: WasmModule, functionIndex: number): NanCuts {
  const arithmetic = new Map<number, number>()
  const assigned = new Set<number>()
  const source = new InstructionReader(module.bytes, module.bodies[functionIndex - module.importedFunctions].code)
  while (!source.atEnd) {
    source.next()
    const { opcode, start, a } = source
    if (MAKES_NAN[opcode] !== NAN_SHAPE.none) arithmetic.set(start, MAKES_NAN[opcode])
    else if (opcode === OP.localSet || opcode === OP.localTee) assigned.add(a)
  }
  if (arithmetic.size === 0) return arithmetic
  try {
    return new NanFlow(module, functionIndex, assigned).cuts()
  } catch (error) {
    if (error instanceof TooManyValues) return arithmetic
    throw error
  }
}

interface Frame {
  readonly opcode: number
  readonly type: FuncType
  /** Operands below the frame. */
  readonly height: number
  /** Values that branches to the frame bring along: what it gives, or for a loop what it takes. */
  readonly label: readonly number[]
  /** What it gives. */
  readonly results: readonly number[]
  readonly arrivals: Arrivals
  /** Operands that an `if` takes, for its other branch. */
  readonly params: readonly number[]
}

/** Runs a body on values that only say where they come from. Code that is never reached is passed over. */
class NanFlow {
  private readonly module: WasmModule
  private readonly source: InstructionReader
  private readonly graph: NanGraph
  private readonly locals: LocalValues
  private readonly stack: number[] = []
  private readonly frames: Frame[] = []
  private loops = 0
  /** Blocks open in code that is never reached; -1 in code that is. */
  private unreached = -1

  constructor(module: WasmModule, functionIndex: number, assigned: ReadonlySet<number>) {
    const body = module.bodies[functionIndex - module.importedFunctions]
    const type = functionType(module, functionIndex)
    this.module = module
    this.source = new InstructionReader(module.bytes, body.code, functionIndex)
    this.graph = new NanGraph(body.code.end - body.code.start)
    this.locals = new LocalValues(this.graph, type, body, assigned)
    this.pushFrame(OP.block, type, true)
  }

  cuts(): NanCuts {
    const { source } = this
    while (!source.atEnd) {
      source.next()
      if (this.unreached < 0) this.instruction(source.opcode)
      else this.pass(source.opcode)
    }
    return chooseCuts(this.graph)
  }

  private pass(opcode: number): void {
    if (opcode === OP.block || opcode === OP.loop || opcode === OP.if) this.unreached++
    else if (opcode === OP.end && this.unreached > 0) this.unreached--
    else if (this.unreached === 0 && opcode === OP.else) this.else(false)
    else if (opcode === OP.end) this.end(false)
  }

  private instruction(opcode: number): void {
    switch (opcode) {
      case OP.block:
      case OP.loop:
      case OP.if: this.open(opcode); break
      case OP.else: this.else(true); break
      case OP.end: this.end(true); break
      case OP.br: this.branch(this.source.a); this.leave(); break
      case OP.brIf: this.stack.pop(); this.branch(this.source.a); break
      case OP.brTable: this.stack.pop(); for (const label of new Set(this.source.list)) this.branch(label); this.leave(); break
      case OP.return: this.branch(this.frames.length - 1); this.leave(); break
      case OP.unreachable: this.leave(); break
      default: this.plain(opcode)
    }
  }

  private plain(opcode: number): void {
    const { a } = this.source
    switch (opcode) {
      case OP.call: this.call(this.module.types[this.module.functions[a]]); break
      case OP.returnCall: this.call(this.module.types[this.module.functions[a]]); this.leave(); break
      case OP.callIndirect: this.stack.pop(); this.call(this.module.types[a]); break
      case OP.returnCallIndirect: this.stack.pop(); this.call(this.module.types[a]); this.leave(); break
      case OP.drop: this.stack.pop(); break
      case OP.select:
      case OP.selectTyped: this.select(); break
      case OP.localGet: this.stack.push(this.copy(this.locals.get(a))); break
      case OP.localSet: this.locals.set(a, this.pop()); break
      case OP.localTee: this.tee(a); break
      case OP.globalGet: this.stack.push(this.opaque(this.module.globals[a].type)); break
      case OP.globalSet: this.graph.use(this.pop(), NAN_SHAPE.none); break
      default: this.operation(opcode)
    }
  }

  private operation(opcode: number): void {
    const { start } = this.source
    const move = MOVES.get(opcode)
    if (move !== undefined) {
      const operands = Array.from({ length: move.operands }, () => this.pop()).reverse()
      this.stack.push(move.apply(this.graph, operands, start, this.loops))
      return
    }
    const { params, results } = OPCODES[opcode] as Opcode
    // References and indices: the instructions without fixed types that are left move no number.
    if (params === undefined) return this.reference(opcode)
    for (let i = params.length; i > 0; i--) this.graph.use(this.pop(), ACCEPTS_NAN[opcode])
    for (const type of results) this.stack.push(this.result(opcode, type))
  }

  private result(opcode: number, type: ValType): number {
    if (!holdsNan(type)) return VALUE.none
    const { start } = this.source
    if (MAKES_NAN[opcode] !== NAN_SHAPE.none) return this.graph.made(MAKES_NAN[opcode], start, this.loops)
    return isClean(this.source, this.module.bytes) ? VALUE.clean : VALUE.opaque
  }

  private reference(opcode: number): void {
    const [takes, gives] = REFERENCE_EFFECTS.get(opcode) as readonly [number, number]
    this.stack.length -= takes
    for (let i = 0; i < gives; i++) this.stack.push(VALUE.none)
  }

  private pop(): number {
    return this.stack.pop() as number
  }

  private opaque(type: ValType): number {
    return holdsNan(type) ? VALUE.opaque : VALUE.none
  }

  /** The same value, which now lies on top of the operand stack. */
  private copy(value: number): number {
    return value <= VALUE.opaque ? value : this.graph.merged([value], this.source.start, this.loops)
  }

  private tee(local: number): void {
    const value = this.pop()
    this.locals.set(local, value)
    this.stack.push(this.copy(value))
  }

  private select(): void {
    this.stack.pop()
    const second = this.pop()
    const first = this.pop()
    if (first <= VALUE.clean && second === first) this.stack.push(first)
    else this.stack.push(this.graph.merged([first, second], this.source.start, this.loops))
  }

  private call({ params, results }: FuncType): void {
    for (let i = params.length; i > 0; i--) this.graph.use(this.pop(), NAN_SHAPE.none)
    for (const type of results) this.stack.push(this.opaque(type))
  }

  private node(type: ValType): number {
    return holdsNan(type) ? this.graph.merged([], 0, this.loops) : VALUE.none
  }

  private pushFrame(opcode: number, type: FuncType, outermost: boolean): void {
    const params = outermost ? [] : this.stack.splice(this.stack.length - type.params.length)
    const height = this.stack.length
    const results = opcode === OP.loop ? [] : type.results.map(result => this.node(result))
    const loop = opcode === OP.loop
    if (loop) this.loops++
    const label = loop ? type.params.map(param => this.node(param)) : results
    if (loop) label.forEach((value, i) => this.graph.flow(params[i], value))
    const arrivals = loop ? this.locals.enterLoop(this.loops) : this.locals.enterBlock(opcode === OP.if)
    this.frames.push({ opcode, type, height, label, results, arrivals, params })
    this.stack.push(...(loop ? label : params))
  }

  private open(opcode: number): void {
    const { blockType } = this.source
    const type = blockType === EMPTY_BLOCK ? EMPTY : blockSignature(this.module, blockType) as FuncType
    if (opcode === OP.if) this.stack.pop()
    this.pushFrame(opcode, type, false)
  }

  private else(reached: boolean): void {
    const frame = this.frames[this.frames.length - 1]
    if (reached) this.arrive(frame)
    this.stack.length = frame.height
    this.stack.push(...frame.params)
    this.locals.otherBranch(frame.arrivals)
    this.frames[this.frames.length - 1] = { ...frame, opcode: OP.else }
    this.unreached = -1
  }

  /** Control reaches the end of a block, or its label: the values on top are the ones it gives. */
  private arrive(frame: Frame): void {
    const { label } = frame
    const first = this.stack.length - label.length
    label.forEach((value, i) => this.graph.flow(this.stack[first + i], value))
    this.locals.arrive(frame.arrivals)
  }

  private end(reached: boolean): void {
    const frame = this.frames.pop() as Frame
    if (frame.opcode === OP.loop) {
      this.loops--
      this.unreached = reached ? -1 : 0
      return
    }
    if (reached) this.arrive(frame)
    if (frame.opcode === OP.if) this.withoutElse(frame)
    if (this.frames.length === 0) return this.giveResults(frame)
    this.stack.length = frame.height
    this.unreached = this.locals.leave(frame.arrivals) ? -1 : 0
    const { results } = frame
    // Only the last result lies on top.
    const last = results[results.length - 1] ?? VALUE.none
    if (last !== VALUE.none) this.graph.at[last] = this.source.start
    this.stack.push(...results)
  }

  private withoutElse({ params, results, arrivals }: Frame): void {
    results.forEach((value, i) => this.graph.flow(params[i], value))
    this.locals.otherBranch(arrivals)
    this.locals.arrive(arrivals)
  }

  private giveResults({ results }: Frame): void {
    for (const value of results) this.graph.use(value, NAN_SHAPE.none)
  }

  private branch(label: number): void {
    this.arrive(this.frames[this.frames.length - 1 - label])
  }

  private leave(): void {
    this.unreached = 0
  }
}

const EMPTY: FuncType = { params: [], results: [] }

/** How many operands each takes and gives. */
const REFERENCE_EFFECTS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [OP.tableGet, [1, 1]], [OP.tableSet, [2, 0]], [OP.tableGrow, [2, 1]], [OP.tableFill, [3, 0]],
  [OP.refNull, [0, 1]], [OP.refIsNull, [1, 1]], [OP.refFunc, [0, 1]],
])
