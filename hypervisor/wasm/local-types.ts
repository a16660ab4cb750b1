import type { LocalGroup } from './module.ts'
import type { ValType } from './types.ts'

/**
 * Types of a function's locals, parameters first, by index. It keeps groups as the module has them: a few bytes can
 * declare 50,000.
 */
export class LocalTypes {
  readonly length: number
  private readonly params: readonly ValType[]
  private readonly groups: readonly LocalGroup[]
  /** Index behind each group. */
  private readonly ends: number[] = []

  constructor(params: readonly ValType[], groups: readonly LocalGroup[]) {
    this.params = params
    this.groups = groups
    let end = params.length
    for (const { count } of groups) this.ends.push(end += count)
    this.length = end
  }

  /** The type of local `index`; undefined if there is none. */
  at(index: number): ValType | undefined {
    if (index < this.params.length) return this.params[index]
    if (index >= this.length) return undefined
    let low = 0
    for (let high = this.ends.length - 1; low < high;) {
      const middle = (low + high) >> 1
      if (this.ends[middle] > index) high = middle
      else low = middle + 1
    }
    return this.groups[low].type
  }
}
