import { NAN_SHAPE } from '../wasm/nan.ts'
import { dirty, DIRTY, TRAIT } from './nan-graph.ts'
import type { NanGraph } from './nan-graph.ts'

/** Offsets of instructions whose result is to be made canonical, with its shape. */
export type NanCuts = ReadonlyMap<number, number>

/** Nodes looked at, at most, to find the producers of one value. */
const SEARCH_MAX = 64
const LOOPS_MAX = 8
/** How much more often a loop's body runs than what is around it, for lack of a better guess. */
const LOOP_FACTOR = 8

/**
 * Chooses where NaNs are made canonical so that no use sees one of open bits: at a value that is seen, or at the arithmetic
 * behind it if that runs less often; never where bits pass that must stay.
 */
export function chooseCuts(graph: NanGraph): NanCuts {
  graph.settle()
  return new CutChooser(graph).choose()
}

class CutChooser {
  private readonly graph: NanGraph
  private readonly cuts = new Map<number, number>()
  private readonly cutNodes = new Set<number>()
  private readonly required = new Set<number>()
  /** Seen values that are purely arithmetic, so that they may be cut where they are. */
  private readonly open: number[] = []

  constructor(graph: NanGraph) {
    this.graph = graph
  }

  choose(): NanCuts {
    for (const { value, accepts } of this.graph.uses) {
      const seen = this.graph.traits[value] & ~(accepts === NAN_SHAPE.none ? 0 : dirty(accepts))
      if (accepts === NAN_SHAPE.none || (seen & DIRTY) !== 0) this.require(value)
    }
    for (const value of this.open) this.cutFor(value)
    return this.cuts
  }

  /** A use sees this value. */
  private require(value: number): void {
    const work = [value]
    while (work.length > 0) {
      const node = work.pop() as number
      if ((this.graph.traits[node] & (DIRTY | TRAIT.signed)) === 0 || this.required.has(node)) continue
      this.required.add(node)
      if (!this.isPure(node)) for (const input of this.graph.into(node)) work.push(input)
      else if (this.graph.into(node).length === 0) this.cut(node)
      else this.open.push(node)
    }
  }

  /** Nothing but arithmetic of one shape, on top of the operand stack somewhere. */
  private isPure(node: number): boolean {
    const traits = this.graph.traits[node]
    return this.graph.at[node] !== 0 && (traits & DIRTY) === traits && (traits & (traits - 1)) === 0
  }

  private cut(node: number): void {
    if (this.cutNodes.has(node)) return
    this.cutNodes.add(node)
    this.cuts.set(this.graph.at[node], 31 - Math.clz32(this.graph.traits[node]))
  }

  private weight(node: number): number {
    return LOOP_FACTOR ** Math.min(this.graph.loops[node], LOOPS_MAX)
  }

  private cutFor(value: number): void {
    const producers = this.producers(value)
    const total = producers?.reduce((sum, node) => sum + this.weight(node), 0)
    if (producers === undefined || total === undefined || total > this.weight(value)) return this.cut(value)
    for (const node of producers) this.cut(node)
  }

  /** The arithmetic behind a pure value that is not cut yet; undefined if there is too much of it. */
  private producers(value: number): number[] | undefined {
    const found: number[] = []
    const seen = new Set([value])
    for (const node of seen) {
      if (this.cutNodes.has(node)) continue
      const inputs = this.graph.into(node)
      if (inputs.length === 0 && (this.graph.traits[node] & DIRTY) !== 0) found.push(node)
      for (const input of inputs) seen.add(input)
      if (seen.size > SEARCH_MAX) return undefined
    }
    return found
  }
}
