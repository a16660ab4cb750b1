import { InstructionReader } from '../wasm/instructions.ts'
import { functionType } from '../wasm/module.ts'
import type { FunctionBody } from '../wasm/module.ts'
import { OP } from '../wasm/opcodes.ts'
import { I32 } from '../wasm/types.ts'
import type { FuncType } from '../wasm/types.ts'
import { growMemoryFunction, growTableFunction } from './added-functions.ts'
import { BLOCK_VOID, BodyEmitter } from './body-emitter.ts'
import type { RewrittenBody } from './body-emitter.ts'
import { canonicalise } from './canonical-nan.ts'
import { DepthCode } from './depth.ts'
import type { Layout } from './layout.ts'
import { movedFunction, referredFunction } from './layout.ts'
import { smallLoops } from './loops.ts'
import type { SmallLoop } from './loops.ts'
import type { NanCuts } from './nan-cuts.ts'
import { nanCuts } from './nan-flow.ts'
import { afterDrop } from './state-functions.ts'
import { TickCode } from './ticks.ts'
import { unroll } from './unroll.ts'

/** Which copy of a small loop's body is being written. */
export interface LoopCopy {
  readonly loop: SmallLoop
  /** Ticks that have passed and are counted only when the copy is left. */
  readonly uncounted: number
  /** Blocks around the copy that the loop did not have around its body. */
  readonly extraLabels: number
}

/**
 * Rewrites one function body: ticks at loop headers and at the entry of recursive functions, depth, canonical
 * NaNs, bounded growth, and moved indices of functions and locals. Everything else is copied as it stands.
 */
export function rewriteBody(layout: Layout, functionIndex: number, recordPlaces = false): RewrittenBody {
  return new BodyRewriter(layout, functionIndex, recordPlaces).rewrite()
}

const NO_LOOPS: ReadonlyMap<number, SmallLoop> = new Map()
const NO_CUTS: NanCuts = new Map()

export class BodyRewriter {
  readonly emitter: BodyEmitter
  readonly ticks: TickCode | undefined
  private readonly layout: Layout
  private readonly functionIndex: number
  private readonly body: FunctionBody
  private readonly type: FuncType
  private readonly threaded: boolean
  private readonly depth: DepthCode | undefined
  private readonly loops: ReadonlyMap<number, SmallLoop>
  private readonly cuts: NanCuts
  /** Indices of the function's own locals move by this, those of its parameters stay. */
  private readonly shift: number
  private source: InstructionReader
  /** Source bytes up to here are in the output. */
  private copied = 0
  /** Blocks open around the instruction at hand, within the copy or function being written. */
  private nesting = 0
  private copy: LoopCopy | undefined = undefined

  constructor(layout: Layout, functionIndex: number, recordPlaces: boolean) {
    const { module, conventions } = layout
    this.layout = layout
    this.functionIndex = functionIndex
    this.body = module.bodies[functionIndex - module.importedFunctions]
    this.type = functionType(module, functionIndex)
    this.source = new InstructionReader(module.bytes, this.body.code, functionIndex)
    this.threaded = conventions.threaded[functionIndex] === 1
    const counts = conventions.counts[functionIndex] === 1
    const bounded = conventions.bounded[functionIndex] === 1
    const parameters = this.type.params.length
    this.shift = this.threaded ? Number(counts) + Number(bounded) : 0
    const ownLocals = this.body.locals.reduce((sum, { count }) => sum + count, parameters)
    this.emitter = new BodyEmitter(module.bytes, ownLocals + this.shift, recordPlaces)
    this.cuts = layout.instrumentation.nan ? nanCuts(module, functionIndex) : NO_CUTS
    this.loops = counts ? smallLoops(module, functionIndex) : NO_LOOPS
    if (counts) {
      const counter = this.threaded ? parameters : this.emitter.local('left', I32)
      this.ticks = new TickCode(this.emitter, layout, counter, conventions.silent[functionIndex] === 1)
    }
    if (!bounded) return
    const budget = this.threaded ? parameters + Number(counts) : this.emitter.local('budget', I32)
    this.depth = new DepthCode(this.emitter, layout, functionIndex, budget)
  }

  rewrite(): RewrittenBody {
    const { out } = this.emitter
    const { start, end } = this.body.code
    this.prologue()
    // A branch to the function's own label arrives behind this block, where the counter joins the results.
    const enclosed = this.threaded && this.ticks !== undefined
    if (enclosed) this.openBlock()
    this.walk(start, end - 1)
    if (enclosed) out.u8(OP.end)
    this.giveCounter()
    this.emitter.copy(end - 1, end)
    return this.emitter.finish(this.body.locals)
  }

  /** Writes one copy of a small loop's body, and the way out behind it. */
  writeCopy(copy: LoopCopy): void {
    const { source, nesting } = this
    this.copy = copy
    this.emitter.uncounted = copy.uncounted
    this.nesting = 0
    this.walk(copy.loop.bodyStart, copy.loop.bodyEnd)
    this.leaveCopy()
    this.emitter.uncounted = 0
    this.copy = undefined
    this.source = source
    this.nesting = nesting
  }

  private walk(start: number, end: number): void {
    const { module } = this.layout
    const source = new InstructionReader(module.bytes, { start, end }, this.functionIndex)
    this.source = source
    this.copied = start
    while (!source.atEnd) {
      source.next()
      const { start } = source
      this.instruction()
      if (this.cuts.size > 0) this.cut(start)
    }
    this.copyTo(end)
  }

  private copyTo(offset: number): void {
    this.emitter.copy(this.copied, offset)
    this.copied = offset
  }

  /** Copies what stands before the instruction at hand; what is written next stands for it. */
  private replace(): void {
    this.copyTo(this.source.start)
    this.emitter.place(this.source.start)
    this.copied = this.source.end
  }

  private openBlock(): void {
    const { results } = this.type
    const out = this.emitter.out.u8(OP.block)
    if (results.length > 1) out.signed(this.layout.extended.ofBlock(results))
    else out.u8(results.length === 0 ? BLOCK_VOID : results[0])
  }

  private prologue(): void {
    const recursive = this.layout.graph.recursive[this.functionIndex] === 1
    if (!this.threaded) this.depth?.load()
    if (recursive) this.depth?.check(this.ticks)
    if (!this.threaded) this.ticks?.load()
    if (recursive) this.ticks?.tick()
  }

  private giveCounter(): void {
    if (this.threaded && this.ticks !== undefined) this.emitter.get(this.ticks.counter)
  }

  private instruction(): void {
    const { source, layout } = this
    const { opcode } = source
    switch (opcode) {
      case OP.block:
      case OP.if: this.nesting++; break
      case OP.end: this.nesting--; break
      case OP.loop: this.loop(); break
      case OP.br:
      case OP.brIf: this.branch(); break
      case OP.return: this.return(); break
      case OP.localGet:
      case OP.localSet:
      case OP.localTee: this.moveLocal(); break
      case OP.call: this.call(); break
      case OP.callIndirect: this.callIndirect(); break
      case OP.returnCall: this.tailCall(layout.conventions.bounded[source.a]); this.moveFunction(); break
      case OP.returnCallIndirect: this.tailCall(layout.conventions.typeBounded[source.a]); break
      case OP.refFunc: this.replace(); this.emitter.out.u8(opcode).u32(referredFunction(layout, source.a)); break
      case OP.memoryGrow: this.replaceByCall(growMemoryFunction(layout)); break
      case OP.tableGrow: this.replaceByCall(growTableFunction(layout, source.a)); break
      case OP.dataDrop:
      case OP.elemDrop: this.copyTo(source.end); this.emitter.out.raw(afterDrop(layout, opcode, source.a)); break
    }
  }

  private loop(): void {
    const small = this.loops.get(this.source.start)
    if (small === undefined || this.ticks === undefined) {
      this.nesting++
      this.copyTo(this.source.end)
      this.ticks?.tick()
      return
    }
    this.replace()
    unroll(this, this.ticks, small)
    this.source.reader.offset = small.bodyEnd + 1
    this.copied = small.bodyEnd + 1
  }

  /** Counts what has passed; a counter that was kept silently is written. */
  private leaveCopy(): void {
    if (this.copy === undefined || this.ticks === undefined) return
    const { uncounted, loop: { traps } } = this.copy
    const { silent } = this.ticks
    if (uncounted > 0) this.ticks.add(-uncounted, silent)
    else if (!traps && !silent) this.ticks.store()
  }

  private branch(): void {
    const { source: { opcode, a }, copy, emitter } = this
    if (copy === undefined || a <= this.nesting) return
    this.replace()
    const label = a + copy.extraLabels
    if (copy.uncounted === 0 && (copy.loop.traps || this.ticks?.silent === true)) return void emitter.out.u8(opcode).u32(label)
    if (opcode === OP.brIf) emitter.out.u8(OP.if).u8(BLOCK_VOID)
    this.leaveCopy()
    if (opcode === OP.br) emitter.out.u8(OP.br).u32(label)
    else emitter.out.u8(OP.br).u32(label + 1).u8(OP.end)
  }

  private return(): void {
    this.replace()
    this.leaveCopy()
    this.giveCounter()
    this.emitter.out.u8(OP.return)
  }

  private moveLocal(): void {
    const { source: { opcode, a }, shift } = this
    if (shift === 0 || a < this.type.params.length) return
    this.replace()
    this.emitter.out.u8(opcode).u32(a + shift)
  }

  private call(): void {
    const { source: { a }, layout, emitter } = this
    const { counts, bounded, threaded, silent } = layout.conventions
    const loaded = threaded[a] === 0
    this.copyTo(this.source.start)
    if (loaded && bounded[a] === 1) this.depth?.store(false)
    if (!loaded && counts[a] === 1 && this.ticks !== undefined) emitter.get(this.ticks.counter)
    if (!loaded && bounded[a] === 1) this.depth?.push()
    this.moveFunction()
    if (counts[a] === 0 || this.ticks === undefined) return
    if (loaded) this.ticks.load()
    else emitter.set(this.ticks.counter)
    if (silent[a] === 1 && !this.ticks.silent) this.ticks.store()
  }

  private callIndirect(): void {
    const { source: { start, end, a }, layout: { conventions } } = this
    this.copyTo(start)
    if (conventions.typeBounded[a] === 1) this.depth?.store(false)
    this.copyTo(end)
    if (conventions.typeCounts[a] === 1) this.ticks?.load()
  }

  private tailCall(bounded: number): void {
    if (bounded === 0) return
    this.copyTo(this.source.start)
    this.depth?.store(true)
  }

  private moveFunction(): void {
    this.replace()
    this.emitter.out.u8(this.source.opcode).u32(movedFunction(this.layout, this.source.a))
  }

  private replaceByCall(functionIndex: number | undefined): void {
    if (functionIndex === undefined) return
    this.replace()
    this.emitter.call(functionIndex)
  }

  /** Makes the result of the instruction at `offset` canonical, where that is due. */
  private cut(offset: number): void {
    const shape = this.cuts.get(offset)
    if (shape === undefined) return
    this.copyTo(this.source.end)
    canonicalise(this.emitter, shape)
  }
}
