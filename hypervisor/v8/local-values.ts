import type { FunctionBody } from '../wasm/module.ts'
import { F32, F64, V128 } from '../wasm/types.ts'
import type { FuncType, ValType } from '../wasm/types.ts'
import type { NanGraph } from './nan-graph.ts'
import { VALUE } from './nan-graph.ts'

/** What locals may hold where control arrives from several places. */
export interface Arrivals {
  /** By tracked local; undefined as long as control arrives from nowhere. Of a loop, the values at its header. */
  values: Int32Array | undefined
  /** Nodes that merge values for this block alone. */
  readonly merges: Set<number>
  /** Values before an `if`, for its other branch. */
  readonly before: Int32Array | undefined
}

/** Tracked locals times bytes of code, beyond which a local is one value throughout: keeping copies would take too long. */
const WORK_MAX = 4_000_000

/** The values of the locals of types that hold NaNs, as they are at the instruction at hand. */
export class LocalValues {
  private readonly graph: NanGraph
  /** From local to its place among the tracked; -1 for others. */
  private readonly place: Int32Array
  private current: Int32Array
  private readonly coarse: boolean

  constructor(graph: NanGraph, { params }: FuncType, body: FunctionBody) {
    this.graph = graph
    const types: ValType[] = [...params]
    for (const { count, type } of body.locals) for (let i = 0; i < count; i++) types.push(type)
    let tracked = 0
    this.place = Int32Array.from(types, type => (type === F32 || type === F64 || type === V128 ? tracked++ : -1))
    this.coarse = tracked * (body.code.end - body.code.start) > WORK_MAX
    this.current = new Int32Array(tracked).fill(VALUE.clean)
    params.forEach((_, i) => { if (this.place[i] >= 0) this.current[this.place[i]] = VALUE.opaque })
    if (this.coarse) this.current = this.current.map(value => graph.merged([value], 0, 0))
  }

  get(local: number): number {
    return this.place[local] < 0 ? VALUE.none : this.current[this.place[local]]
  }

  set(local: number, value: number): void {
    const place = this.place[local]
    if (place < 0) return
    if (this.coarse) this.graph.flow(value, this.current[place])
    else this.current[place] = value
  }

  enterBlock(isIf: boolean): Arrivals {
    return { values: undefined, merges: new Set(), before: isIf && !this.coarse ? this.current.slice() : undefined }
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
    const { values, merges } = arrivals
    if (values === undefined) {
      arrivals.values = this.current.slice()
      return
    }
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
