import type { WasmModule } from '../wasm/module.ts'
import { I32, signature } from '../wasm/types.ts'
import type { FuncType } from '../wasm/types.ts'
import type { Conventions } from './conventions.ts'

/** Function and block types that threaded functions need; they stand behind all others. */
export class ExtendedTypes {
  readonly types: FuncType[] = []
  private readonly module: WasmModule
  private readonly conventions: Conventions
  private readonly first: number
  private readonly known = new Map<string, number>()

  /** `first` is the index of the first of them. */
  constructor(module: WasmModule, conventions: Conventions, first: number) {
    this.module = module
    this.conventions = conventions
    this.first = first
  }

  /** Type index of a function of the module, as rewritten. */
  ofFunction(functionIndex: number): number {
    const { counts, bounded, threaded } = this.conventions
    const type = this.module.functions[functionIndex]
    if (threaded[functionIndex] === 0) return type
    const counter = counts[functionIndex] === 1 ? [I32] : []
    const budget = bounded[functionIndex] === 1 ? [I32] : []
    const { params, results } = this.module.types[type]
    return this.index({ params: [...params, ...counter, ...budget], results: [...results, ...counter] })
  }

  /** Type index of a block that gives these results. */
  ofBlock(results: FuncType['results']): number {
    return this.index({ params: [], results })
  }

  private index(type: FuncType): number {
    const key = signature(type)
    const known = this.known.get(key)
    if (known !== undefined) return known
    const index = this.first + this.types.push(type) - 1
    this.known.set(key, index)
    return index
  }
}
