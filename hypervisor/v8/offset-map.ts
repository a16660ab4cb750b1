import type { Layout } from './layout.ts'
import { rewriteBody } from './rewrite-code.ts'

/** A place in the guest's own code. */
export interface CodePlace {
  /** As in the guest's module. */
  readonly functionIndex: number
  /** Byte offset of the instruction in the guest's module. */
  readonly offset: number
  /** Ticks that have passed there but are not counted yet: it stands in an unrolled loop. */
  readonly uncounted: number
}

/** From byte offsets in the rewritten module to places in the guest's. Costs nothing until it is asked. */
export class CodeOffsetMap {
  private readonly layout: Layout
  /** Where the rewritten bodies begin, ascending, and where the last one ends. */
  private readonly starts: Uint32Array

  constructor(layout: Layout, starts: Uint32Array) {
    this.layout = layout
    this.starts = starts
  }

  /** The place that `offset` was made from; undefined if it lies in no function of the guest's. */
  lookup(offset: number): CodePlace | undefined {
    const { starts, layout } = this
    const body = lastAtMost(starts.length, i => starts[i], offset)
    if (body < 0 || body === starts.length - 1) return undefined
    const functionIndex = layout.module.importedFunctions + body
    // Written once more, this time noting what came from where.
    const { places } = rewriteBody(layout, functionIndex, true)
    const within = offset - starts[body]
    const place = places[lastAtMost(places.length, i => places[i].at, within)]
    if (place === undefined) return undefined
    return { functionIndex, offset: place.source + within - place.at, uncounted: place.uncounted }
  }
}

/** The last index whose value is not above `limit`; -1 if there is none. Values ascend. */
function lastAtMost(count: number, value: (i: number) => number, limit: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (value(middle) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
