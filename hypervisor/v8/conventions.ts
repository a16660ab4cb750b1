import type { CallGraph } from '../wasm/call-graph.ts'
import { functionType } from '../wasm/module.ts'
import type { WasmModule } from '../wasm/module.ts'

/** Which parts of the rewriting are done. All, but for measurements and for tests that must see what each part is for. */
export interface Instrumentation {
  readonly ticks: boolean
  readonly depth: boolean
  readonly nan: boolean
}

export const ALL_INSTRUMENTATION: Instrumentation = { ticks: true, depth: true, nan: true }

/**
 * How each function comes by the tick counter and its stack budget. A *threaded* one takes them as parameters behind its own and
 * gives the counter back behind its results; any other finds both in globals.
 */
export interface Conventions {
  /** By function index: 1 if it keeps the counter in a local, as it ticks or calls what ticks. */
  readonly counts: Uint8Array
  /** By function index: 1 if it needs its budget, as it is recursive or calls what is. */
  readonly bounded: Uint8Array
  readonly threaded: Uint8Array
  /**
   * By function index: 1 for a threaded one that can neither trap nor reach the host, nor can what it calls: nobody sees the
   * counter's global before it returns, so that it is left behind.
   */
  readonly silent: Uint8Array
  /** By type index: the same for whatever an indirect call of that type may reach. */
  readonly typeCounts: Uint8Array
  readonly typeBounded: Uint8Array
}

/** V8's limit on parameters, and on results. */
const VALUES_MAX = 1000

export function conventions(module: WasmModule, graph: CallGraph, { ticks, depth }: Instrumentation): Conventions {
  const none = (table: Uint8Array): Uint8Array => new Uint8Array(table.length)
  const counts = ticks ? graph.reachesTicks : none(graph.reachesTicks)
  const bounded = depth ? graph.reachesRecursion : none(graph.reachesRecursion)
  const threaded = directlyCalled(module, graph)
  for (let i = 0; i < threaded.length; i++) {
    const { params, results } = functionType(module, i)
    const fits = params.length + 2 <= VALUES_MAX && results.length + 1 <= VALUES_MAX
    if ((counts[i] === 0 && bounded[i] === 0) || !fits) threaded[i] = 0
  }
  const silent = threaded.map((one, i) => one & counts[i] & (1 - graph.reachesTraps[i]))
  return {
    counts, bounded, threaded, silent,
    typeCounts: ticks ? graph.typeReachesTicks : none(graph.typeReachesTicks),
    typeBounded: depth ? graph.typeReachesRecursion : none(graph.typeReachesRecursion),
  }
}

/**
 * The module's own functions that some call names, but for those on either side of a tail call: a tail call keeps the results of
 * its function, which a counter among them would change.
 */
function directlyCalled(module: WasmModule, graph: CallGraph): Uint8Array {
  const called = new Uint8Array(module.functions.length)
  const mark = (callee: number, value: number): void => {
    if (callee >= module.importedFunctions && callee < called.length) called[callee] = value
  }
  for (const callees of graph.calls.slice(0, called.length)) for (const callee of callees) mark(callee, 1)
  graph.tailCalls.forEach((callees, i) => {
    if (callees.length > 0) mark(i, 0)
    for (const callee of callees) mark(callee, 0)
  })
  return called
}
