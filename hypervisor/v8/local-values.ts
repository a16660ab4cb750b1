import type { FunctionBody } from '../wasm/module.ts'
import { LocalTypes } from '../wasm/local-types.ts'
import type { FuncType } from '../wasm/types.ts'
import type { NanGraph } from './nan-graph.ts'
import { holdsNan, VALUE } from './nan-graph.ts'

/** What locals may hold where control arrives from several places. */
export interface Arrivals {
  /** By tracked local; undefined as long as control arrives from nowhere. Of a loop, the values at its header. */
  values: Int32Array | undefined
  /** Nodes that merge values for this block alone. */
  merges: Set<number> | undefined
  /** Values before an `if`, for its other branch. */
  readonly before: Int32Array | undefined
}

/** Tracked locals times bytes of code, beyond which a local is one value throughout: keeping copies would take too long. */
const WORK_MAX = 1_000_000

/** The values of the locals of types that hold NaNs, as they are at the instruction at hand. */
export class LocalValues {
  private readonly graph: NanGraph
  private readonly parameters: number
  private readonly types: LocalTypes
  /** From local to its place among the tracked, which are those that the body sets. */
  private readonly place = new Map<number, number>()
  private current: Int32Array
  private readonly coarse: boolean

  /** `assigned` are the locals that the body sets. */
  constructor(graph: NanGraph, { params }: FuncType, { locals, code }: FunctionBody, assigned: Iterable<number>) {
    this.graph = graph
    this.parameters = params.length
    this.types = new LocalTypes(params, locals)
    for (const local of assigned) if (holdsNan(this.types.at(local))) this.place.set(local, this.place.size)
    this.coarse = this.place.size * (code.end - code.start) > WORK_MAX
    this.current = Int32Array.from(this.place.keys(), local => this.first(local))
    if (this.coarse) this.current = this.current.map(value => graph.merged([value], 0, 0))
  }

  /** What a local holds before the body sets it. */
  private first(local: number): number {
    return local < this.parameters ? VALUE.opaque : VALUE.clean
  }

  get(local: number): number {
    const place = this.place.get(local)
    if (place !== undefined) return this.current[place]
    return holdsNan(this.types.at(local)) ? this.first(local) : VALUE.none
  }

  set(local: number, value: number): void {
    const place = this.place.get(local)
    if (place === undefined) return
    if (this.coarse) this.graph.flow(value, this.current[place])
    else this.current[place] = value
  }

  enterBlock(isIf: boolean): Arrivals {
    return { values: undefined, merges: undefined, before: isIf && !this.coarse ? this.current.slice() : undefined }
  }

  /** Every local may have another value at a loop's header than before. */
  enterLoop(loops: number): Arrivals {
    if (this.coarse) return this.enterBlock(false)
    this.current = this.current.map(value => this.graph.merged([value], 0, loops))
    return { values: this.current.slice(), merges: new Set(this.current), before: undefined }
  }

  /** Goes on with what was before the `if`. */
  otherBranch({ before }: Arrivals): void {
    if (before !== undefined) this.current = before.slice()
  }

  /** The values at hand arrive at a block's end or a loop's header. */
  arrive(arrivals: Arrivals): void {
    const { values } = arrivals
    if (values === undefined) {
      arrivals.values = this.current.slice()
      return
    }
    const merges = arrivals.merges ??= new Set()
    for (let i = 0; i < values.length; i++) {
      const value = this.current[i]
      if (values[i] === value) continue
      if (merges.has(values[i])) this.graph.flow(value, values[i])
      else merges.add(values[i] = this.graph.merged([values[i], value], 0, 0))
    }
  }

  /** Goes on behind a block. False if control never arrives there. */
  leave({ values }: Arrivals): boolean {
    if (values === undefined) return false
    this.current = values
    return true
  }
}
