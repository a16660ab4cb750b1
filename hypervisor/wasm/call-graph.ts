import { InstructionReader } from './instructions.ts'
import type { Span, WasmModule } from './module.ts'
import { OP } from './opcodes.ts'
import { signature } from './types.ts'
import { componentsOf } from './components.ts'
import type { Components } from './components.ts'
import { canTrap } from './trapping.ts'

/** Who can call whom, and what follows from it: a static property of the module, the same for every engine. */
export interface CallGraph {
  /**
   * By function index: 1 for a *recursive* function, one in a cycle of the call graph. Its entry is a tick
   * (DESIGN §2), and its depth is bounded (see `stack-budget.ts`). Indirect calls count as calls of every
   * address-taken function of their type, tail calls as calls.
   */
  readonly recursive: Uint8Array
  /** By function index: 1 if it is recursive or calls, however indirectly, a recursive function. */
  readonly reachesRecursion: Uint8Array
  /** By type index: 1 if an indirect call of that type can arrive at a function that `reachesRecursion`. */
  readonly typeReachesRecursion: Uint8Array
  /** By function index: 1 if it ticks, by a loop or as a recursive function, or calls, however indirectly, what ticks. */
  readonly reachesTicks: Uint8Array
  /** By type index: 1 if an indirect call of that type can arrive at a function that `reachesTicks`. */
  readonly typeReachesTicks: Uint8Array
  /** By function index: 1 if it can trap (but for its depth) or call an import, or what it calls can. */
  readonly reachesTraps: Uint8Array
  /** Functions that may stand in a table or a global; see `addressTaken`. */
  readonly addressTaken: ReadonlySet<number>
  /** Callees by node; nodes are the functions and, behind them, one for each distinct signature. */
  readonly calls: readonly (readonly number[])[]
  /** The same for tail calls. */
  readonly tailCalls: readonly (readonly number[])[]
  /** Every node, callees before their callers (but for cycles). */
  readonly order: readonly number[]
}

/** What most functions of a hostile module call; shared. */
const NONE: readonly number[] = []

/** Analyses a validated module. Loops tick at every arrival at their header and need no analysis. */
export function analyseCalls(module: WasmModule): CallGraph {
  const functions = module.functions.length
  const classes = new Map<string, number>()
  const classOf = module.types.map(type => {
    const key = signature(type)
    const known = classes.get(key) ?? functions + classes.size
    classes.set(key, known)
    return known
  })
  const calls: (readonly number[])[] = new Array(functions + classes.size).fill(NONE)
  const tailCalls = calls.slice()
  const loops = new Uint8Array(calls.length)
  const traps = new Uint8Array(calls.length).fill(1, 0, module.importedFunctions)
  module.bodies.forEach(({ code }, i) => {
    const from = module.importedFunctions + i
    const edges = bodyCalls(module, code, classOf)
    calls[from] = edges.calls
    tailCalls[from] = edges.tailCalls
    loops[from] = Number(edges.loops)
    traps[from] = Number(edges.traps)
  })
  const taken = addressTaken(module)
  const members: number[][] = Array.from(classes, () => [])
  for (const index of taken) members[classOf[module.functions[index]] - functions].push(index)
  members.forEach((list, i) => { calls[functions + i] = list })

  const all = calls.map((list, i) => (tailCalls[i].length === 0 ? list : [...list, ...tailCalls[i]]))
  const components = componentsOf(all)
  const { order, component, size } = components
  const cyclic = all.map((callees, i) => size[component[i]] > 1 || callees.includes(i))
  const reaches = reaching(Uint8Array.from(cyclic, Number), all, components)
  const ticks = reaching(loops.map((loop, i) => loop | Number(cyclic[i])), all, components)
  return {
    recursive: Uint8Array.from(cyclic.slice(0, functions), Number),
    reachesRecursion: reaches.slice(0, functions),
    typeReachesRecursion: Uint8Array.from(classOf, node => reaches[node]),
    reachesTicks: ticks.slice(0, functions),
    typeReachesTicks: Uint8Array.from(classOf, node => ticks[node]),
    reachesTraps: reaching(traps, all, components).slice(0, functions),
    addressTaken: taken,
    calls, tailCalls, order,
  }
}

/** By node: 1 for those of `marked` and those that lead to one. */
function reaching(marked: Uint8Array, calls: readonly (readonly number[])[], { order, component }: Components): Uint8Array {
  for (let first = 0, end = 0; first < order.length; first = end) {
    let found = false
    for (end = first; end < order.length && component[order[end]] === component[order[first]]; end++) {
      found ||= marked[order[end]] === 1 || calls[order[end]].some(callee => marked[callee] === 1)
    }
    for (let i = first; found && i < end; i++) marked[order[i]] = 1
  }
  return marked
}

interface BodyCalls {
  readonly calls: readonly number[]
  readonly tailCalls: readonly number[]
  readonly loops: boolean
  readonly traps: boolean
}

function bodyCalls(module: WasmModule, span: Span, classOf: readonly number[]): BodyCalls {
  let calls: Set<number> | undefined
  let tailCalls: Set<number> | undefined
  let loops = false
  let traps = false
  const code = new InstructionReader(module.bytes, span)
  while (!code.atEnd) {
    code.next()
    if (code.opcode === OP.call) (calls ??= new Set()).add(code.a)
    else if (code.opcode === OP.callIndirect) (calls ??= new Set()).add(classOf[code.a])
    else if (code.opcode === OP.returnCall) (tailCalls ??= new Set()).add(code.a)
    else if (code.opcode === OP.returnCallIndirect) (tailCalls ??= new Set()).add(classOf[code.a])
    else if (code.opcode === OP.loop) loops = true
    traps ||= canTrap(code.opcode)
  }
  return { calls: calls === undefined ? NONE : [...calls], tailCalls: tailCalls === undefined ? NONE : [...tailCalls], loops, traps }
}

/**
 * Functions that may stand in a table or a global: exported, listed by a segment, or named by a global's initial value. A
 * `ref.func` in a body of a valid module names one of these.
 */
export function addressTaken(module: WasmModule): Set<number> {
  const taken = new Set<number>()
  const spans: Span[] = []
  for (const { kind, index } of module.exports) if (kind === 'function') taken.add(index)
  for (const { init } of module.globals) if (init !== undefined) spans.push(init)
  for (const segment of module.elements) {
    for (const index of segment.functions ?? []) taken.add(index)
    for (const span of segment.expressions) spans.push(span)
  }
  for (const span of spans) {
    const code = new InstructionReader(module.bytes, span)
    while (!code.atEnd) {
      code.next()
      if (code.opcode === OP.refFunc) taken.add(code.a)
    }
  }
  return taken
}
