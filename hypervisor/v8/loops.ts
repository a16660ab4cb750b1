import { InstructionReader } from '../wasm/instructions.ts'
import { functionType } from '../wasm/module.ts'
import type { WasmModule } from '../wasm/module.ts'
import { FD, OP } from '../wasm/opcodes.ts'
import { canTrap } from '../wasm/trapping.ts'
import { blockSignature } from '../wasm/validate-code.ts'

/** Bytes of the largest loop body that is written several times over. */
const SMALL_BYTES = 800
/** Up to this size, or with a switch in it (which several copies make more foreseeable), four times; else twice. */
const FOURFOLD_BYTES = 200
/** In a larger function no loop is: several copies could make it longer than V8 takes (7,654,321 bytes). */
const FUNCTION_BYTES = 1 << 18

const NONE: ReadonlyMap<number, SmallLoop> = new Map()

/** An innermost loop that exists twice in the rewritten code: unrolled for the many ticks, plain for the last few. */
export interface SmallLoop {
  /** Offset of the first instruction of the body. */
  readonly bodyStart: number
  /** Offset of the loop's `end`. */
  readonly bodyEnd: number
  readonly blockType: number
  /** Whether an instruction of the body can trap: only then someone could miss ticks that are not yet written down. */
  readonly traps: boolean
  /** Times that the body stands in the unrolled loop. */
  readonly copies: number
}

interface OpenBlock {
  readonly start: number
  readonly bodyStart: number
  readonly isLoop: boolean
  readonly blockType: number
  /** Values that a branch to it takes along. */
  readonly arity: number
  /** As far as seen: no loop, call or branch in it forbids the copies. */
  small: boolean
  traps: boolean
  repeats: boolean
  switches: boolean
}

/**
 * Finds the loops of a body that are worth unrolling, by the offset of their `loop`: innermost, small, without parameters and
 * calls, and left only by branches that an adjustment of the counter can be put before.
 */
export function smallLoops(module: WasmModule, functionIndex: number): ReadonlyMap<number, SmallLoop> {
  const { code } = module.bodies[functionIndex - module.importedFunctions]
  if (code.end - code.start > FUNCTION_BYTES) return NONE
  const scan = new LoopScan(module, functionIndex)
  const source = new InstructionReader(module.bytes, code, functionIndex)
  while (!source.atEnd) {
    source.next()
    scan.instruction(source)
  }
  return scan.found
}

const opened = (block: Omit<OpenBlock, 'traps' | 'repeats' | 'switches'>): OpenBlock =>
  ({ ...block, traps: false, repeats: false, switches: false })

class LoopScan {
  readonly found = new Map<number, SmallLoop>()
  private readonly module: WasmModule
  private readonly open: OpenBlock[] = []
  /** Position in `open` of the innermost loop. */
  private readonly loops: number[] = []

  constructor(module: WasmModule, functionIndex: number) {
    this.module = module
    const arity = functionType(module, functionIndex).results.length
    this.open.push(opened({ start: 0, bodyStart: 0, isLoop: false, blockType: 0, arity, small: false }))
  }

  instruction(source: InstructionReader): void {
    const { opcode } = source
    switch (opcode) {
      case OP.block:
      case OP.loop:
      case OP.if: this.begin(source); break
      case OP.end: this.close(source); break
      case OP.br: this.branch(source.a, false); break
      case OP.brIf: this.branch(source.a, true); break
      case OP.brTable: this.table(source.list); break
      default: this.plain(opcode)
    }
  }

  private get innermost(): OpenBlock | undefined {
    return this.loops.length === 0 ? undefined : this.open[this.loops[this.loops.length - 1]]
  }

  private begin(source: InstructionReader): void {
    const { opcode, start, end, blockType } = source
    const isLoop = opcode === OP.loop
    const type = blockSignature(this.module, blockType)
    const arity = (isLoop ? type?.params : type?.results)?.length ?? 0
    if (isLoop) {
      const around = this.innermost
      if (around !== undefined) around.small = false
      this.loops.push(this.open.length)
    }
    const small = isLoop && arity === 0
    this.open.push(opened({ start, bodyStart: end, isLoop, blockType, arity, small }))
  }

  private close(source: InstructionReader): void {
    const block = this.open.pop() as OpenBlock
    if (!block.isLoop) return
    this.loops.pop()
    const { start, bodyStart, blockType, traps } = block
    const bytes = source.start - bodyStart
    if (!block.small || !block.repeats || bytes > SMALL_BYTES) return
    const copies = block.switches || bytes <= FOURFOLD_BYTES ? 4 : 2
    this.found.set(start, { bodyStart, bodyEnd: source.start, blockType, traps, copies })
  }

  private branch(label: number, conditional: boolean): void {
    const loop = this.innermost
    if (loop === undefined) return
    const to = this.open[this.open.length - 1 - label]
    if (to === loop) loop.repeats = true
    // The values would have to pass through the `if` that holds the adjustment.
    else if (conditional && to.arity > 0 && this.leaves(label)) loop.small = false
  }

  private leaves(label: number): boolean {
    return this.open.length - 1 - label < this.loops[this.loops.length - 1]
  }

  private table(labels: readonly number[]): void {
    const loop = this.innermost
    if (loop === undefined) return
    loop.switches = true
    for (const label of labels) {
      if (this.leaves(label)) loop.small = false
      else if (this.open[this.open.length - 1 - label] === loop) loop.repeats = true
    }
  }

  private plain(opcode: number): void {
    const loop = this.innermost
    if (loop === undefined || !loop.small) return
    if (callsOut(opcode)) loop.small = false
    else if (canTrap(opcode)) loop.traps = true
  }
}

/** Calls, and instructions that are calls in V8's code or in ours. */
const callsOut = (opcode: number): boolean =>
  (opcode >= OP.call && opcode <= OP.returnCallIndirect) || opcode === OP.memoryGrow || (opcode >= OP.memoryInit && opcode < FD)
