import { InstructionReader } from '../wasm/instructions.ts'
import { MAKES_NAN, NAN_SHAPE } from '../wasm/nan.ts'
import { OP } from '../wasm/opcodes.ts'
import { functionType } from '../wasm/module.ts'
import { F32, F64, I32, V128 } from '../wasm/types.ts'
import type { ValType } from '../wasm/types.ts'
import { ByteWriter } from '../wasm/writer.ts'
import { growMemoryFunction, growTableFunction } from './added-functions.ts'
import { canonicalise } from './canonical-nan.ts'
import type { Layout } from './layout.ts'
import { movedFunction } from './layout.ts'
import { afterDrop } from './state-functions.ts'

export interface RewrittenBody {
  /** Local declarations and code. */
  readonly bytes: Uint8Array
  /** Offsets in `bytes` of the `if` instructions that are hardly ever taken. */
  readonly unlikely: readonly number[]
}

const BLOCK_VOID = 0x40

/**
 * Rewrites one function body: ticks at loop headers and at the entry of recursive functions, depth, canonical
 * NaNs, bounded growth, and moved function indices. Everything else is copied as it stands.
 */
export function rewriteBody(layout: Layout, functionIndex: number): RewrittenBody {
  return new BodyRewriter(layout, functionIndex).rewrite()
}

export class BodyRewriter {
  readonly out = new ByteWriter()
  private readonly layout: Layout
  private readonly functionIndex: number
  private readonly source: InstructionReader
  private readonly unlikely: number[] = []
  /** Types of the locals added so far, behind the function's own. */
  private readonly added: ValType[] = []
  private readonly named = new Map<string, number>()
  private readonly ownLocals: number
  /** Source bytes up to here are in `out`. */
  private copied: number

  constructor(layout: Layout, functionIndex: number) {
    const { module } = layout
    const body = module.bodies[functionIndex - module.importedFunctions]
    this.layout = layout
    this.functionIndex = functionIndex
    this.source = new InstructionReader(module.bytes, body.code, functionIndex)
    this.copied = body.code.start
    this.ownLocals = body.locals.reduce((sum, { count }) => sum + count, functionType(module, functionIndex).params.length)
  }

  rewrite(): RewrittenBody {
    this.prologue()
    while (!this.source.atEnd) {
      this.source.next()
      this.instruction()
    }
    this.copyTo(this.source.end)
    return this.assemble()
  }

  /** The added local of this name, declared on first use. */
  local(name: string, type: ValType): number {
    let index = this.named.get(name)
    if (index === undefined) {
      index = this.ownLocals + this.added.length
      this.added.push(type)
      this.named.set(name, index)
    }
    return index
  }

  /** An `if` without result that is hardly ever taken. */
  ifUnlikely(): void {
    this.unlikely.push(this.out.length)
    this.out.ops(OP.if, BLOCK_VOID)
  }

  private copyTo(offset: number): void {
    this.out.raw(this.layout.module.bytes.subarray(this.copied, offset))
    this.copied = offset
  }

  private assemble(): RewrittenBody {
    const { module } = this.layout
    const { locals } = module.bodies[this.functionIndex - module.importedFunctions]
    const bytes = new ByteWriter()
    bytes.u32(locals.length + this.added.length)
    for (const { count, type } of locals) bytes.u32(count).u8(type)
    for (const type of this.added) bytes.u32(1).u8(type)
    const shift = bytes.length
    bytes.raw(this.out.bytes())
    return { bytes: bytes.bytes(), unlikely: this.unlikely.map(offset => offset + shift) }
  }

  private get passesDepth(): boolean {
    return this.layout.graph.reachesRecursion[this.functionIndex] === 1
  }

  private prologue(): void {
    const { graph, budget, depthGlobal, hook } = this.layout
    const frame = budget.frame[this.functionIndex]
    if (this.passesDepth) {
      const below = this.local('below', I32)
      this.out.u8(OP.globalGet).u32(depthGlobal).u8(OP.i32Const).signed(frame).u8(OP.i32Sub).u8(OP.localSet).u32(below)
    }
    if (graph.recursive[this.functionIndex] === 0) return
    this.out.u8(OP.localGet).u32(this.local('below', I32))
    this.out.u8(OP.i32Const).signed(budget.need[this.functionIndex] - frame).u8(OP.i32LtS)
    this.ifUnlikely()
    this.out.u8(OP.call).u32(hook.depth).u8(OP.end)
    this.tick()
  }

  private tick(): void {
    const { leftGlobal, hook } = this.layout
    const left = this.local('left', I32)
    this.out.u8(OP.globalGet).u32(leftGlobal).ops(OP.i32Const, 1, OP.i32Sub).u8(OP.localTee).u32(left)
    this.out.u8(OP.globalSet).u32(leftGlobal).u8(OP.localGet).u32(left).ops(OP.i32Const, 0, OP.i32LtS)
    this.ifUnlikely()
    this.out.u8(OP.call).u32(hook.tick).u8(OP.end)
  }

  private instruction(): void {
    const { source, layout } = this
    const { opcode } = source
    switch (opcode) {
      case OP.loop: this.copyTo(source.end); this.tick(); break
      case OP.call: this.passDepth(layout.graph.reachesRecursion[source.a], false); this.replaceFunction(); break
      case OP.returnCall: this.passDepth(layout.graph.reachesRecursion[source.a], true); this.replaceFunction(); break
      case OP.callIndirect: this.passDepth(layout.graph.typeReachesRecursion[source.a], false); break
      case OP.returnCallIndirect: this.passDepth(layout.graph.typeReachesRecursion[source.a], true); break
      case OP.refFunc: this.replaceFunction(); break
      case OP.memoryGrow: this.replaceByCall(growMemoryFunction(layout)); break
      case OP.dataDrop:
      case OP.elemDrop: this.copyTo(source.end); this.out.raw(afterDrop(layout, opcode, source.a)); break
      case OP.tableGrow: this.replaceByCall(growTableFunction(layout, source.a)); break
      default: if (MAKES_NAN[opcode] !== NAN_SHAPE.none) this.float(MAKES_NAN[opcode])
    }
  }

  private passDepth(reaches: number, tail: boolean): void {
    if (reaches === 0) return
    this.copyTo(this.source.start)
    this.out.u8(OP.localGet).u32(this.local('below', I32))
    if (tail) this.out.u8(OP.i32Const).signed(this.layout.budget.frame[this.functionIndex]).u8(OP.i32Add)
    this.out.u8(OP.globalSet).u32(this.layout.depthGlobal)
  }

  private replaceFunction(): void {
    this.copyTo(this.source.start)
    this.out.u8(this.source.opcode).u32(movedFunction(this.layout, this.source.a))
    this.copied = this.source.end
  }

  private replaceByCall(functionIndex: number | undefined): void {
    if (functionIndex === undefined) return
    this.copyTo(this.source.start)
    this.out.u8(OP.call).u32(functionIndex)
    this.copied = this.source.end
  }

  private float(shape: number): void {
    const { module, facts } = this.layout
    if (!facts[this.functionIndex - module.importedFunctions].exposed.has(this.source.start)) return
    this.copyTo(this.source.end)
    canonicalise(this, shape)
  }
}

/** Added locals that hold a float result while it is looked at, by shape. */
export const SCRATCH: Readonly<Record<number, { name: string, type: ValType }>> = {
  [NAN_SHAPE.f32]: { name: 'f32', type: F32 },
  [NAN_SHAPE.f64]: { name: 'f64', type: F64 },
  [NAN_SHAPE.f32x4]: { name: 'v128', type: V128 },
  [NAN_SHAPE.f64x2]: { name: 'v128', type: V128 },
}
