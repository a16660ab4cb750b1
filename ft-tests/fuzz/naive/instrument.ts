import { admitGuest } from '../../../hypervisor/wasm/admit.ts'
import { analyseCalls } from '../../../hypervisor/wasm/call-graph.ts'
import type { CallGraph } from '../../../hypervisor/wasm/call-graph.ts'
import { TABLE_ENTRIES_MAX } from '../../../hypervisor/wasm/limits.ts'
import { MAKES_NAN, NAN_SHAPE } from '../../../hypervisor/wasm/nan.ts'
import { FD, OP } from '../../../hypervisor/wasm/opcodes.ts'
import { STACK_BYTES_MAX, stackBudget } from '../../../hypervisor/wasm/stack-budget.ts'
import type { StackBudget } from '../../../hypervisor/wasm/stack-budget.ts'
import { F32, F64, I32, V128 } from '../../../hypervisor/wasm/types.ts'
import { addFunction } from '../gen/driver.ts'
import { decodeIr } from '../ir/decode-ir.ts'
import { encodeIr } from '../ir/encode-ir.ts'
import { call, end, get, i32, instr, moveFunctions, set, typeIndex, typeOf } from '../ir/ir.ts'
import type { Code, Instr, IrModule } from '../ir/ir.ts'
import { addReaders } from './readers.ts'

/** Imports of the instrumentation, from module `naive`. `tick` answers 1 where the run shall stop, `mark` counts coverage. */
export const NAIVE_HOOKS = ['tick', 'stop', 'depth', 'mark'] as const
export const NAIVE_MODULE = 'naive'
export const NAIVE_START = 'naive:start'

export interface NaiveModule {
  readonly bytes: Uint8Array
  /** By number given to `mark`: the opcodes of the stretch of code that follows. */
  readonly stretches: readonly (readonly number[])[]
  /** Indices of the tables that `tables()` tells of. */
  readonly tables: readonly number[]
  /** Number of functions of the guest, imports included; function `i` is exported as `naive:f<i>` (imports not). */
  readonly functions: number
}

interface Context {
  readonly module: IrModule
  readonly graph: CallGraph
  readonly budget: StackBudget
  readonly hook: Readonly<Record<string, number>>
  readonly canonical: Readonly<Record<number, number>>
  readonly stretches: number[][]
  readonly depthGlobal: number
}

/** Function indices of the guest move up by so many: the hooks stand behind its own imports. */
const moved = (module: IrModule, imports: number) => (index: number): number =>
  (index < imports ? index : index + module.imports.length - imports)

/**
 * The machine's rules put into a guest as plainly as can be: each tick a call, each call its depth, each NaN made canonical
 * where it arises. Slow, and with nothing in it that an optimisation could get wrong.
 */
export function instrumentNaively(bytes: Uint8Array, memoryPagesMax: number): NaiveModule {
  const guest = admitGuest(bytes)
  const graph = analyseCalls(guest.module)
  const budget = stackBudget(guest.module, graph, guest.facts)
  const module = decodeIr(bytes)
  const { imports, functions } = module
  const guestImports = imports.length
  const guestFunctions = functions.length
  const hook = addHooks(module)
  moveFunctions(module, moved(module, guestImports))
  bound(module, memoryPagesMax)
  const depthGlobal = module.globals.push({ type: I32, mutable: true, init: [i32(STACK_BYTES_MAX), end()] }) - 1
  const canonical = addCanonicalisers(module)
  const context: Context = { module, graph, budget, hook, canonical, stretches: [], depthGlobal }
  for (let i = 0; i < guestFunctions; i++) instrumentBody(context, i, guestImports + i)
  addStart(context)
  for (let i = 0; i < guestFunctions; i++) {
    module.exports.push({ name: `naive:f${guestImports + i}`, kind: 'function', index: module.imports.length + i })
  }
  const tables = addReaders(module, depthGlobal)
  return { bytes: encodeIr(module), stretches: context.stretches, tables, functions: guestImports + guestFunctions }
}

function addHooks(module: IrModule): Record<string, number> {
  const types = { tick: typeIndex(module, [], [I32]), stop: typeIndex(module, [], []), depth: typeIndex(module, [], []),
    mark: typeIndex(module, [I32], []) }
  return Object.fromEntries(NAIVE_HOOKS.map(name =>
    [name, module.imports.push({ module: NAIVE_MODULE, name, type: types[name] }) - 1]))
}

function bound(module: IrModule, memoryPagesMax: number): void {
  if (module.memory !== undefined) {
    module.memory = { min: module.memory.min, max: Math.min(module.memory.max ?? memoryPagesMax, memoryPagesMax) }
  }
  module.tables = module.tables.map(table => ({ ...table, max: Math.min(table.max ?? TABLE_ENTRIES_MAX, TABLE_ENTRIES_MAX) }))
}

/** One function for each shape: gives back its argument, with every NaN in it the canonical one. */
function addCanonicalisers(module: IrModule): Record<number, number> {
  const F32_NAN = instr(OP.f32Const, { a: 0x7fc00000 })
  const F64_NAN = instr(OP.f64Const, { b: 0x7ff80000 })
  const canonicaliser = (type: number, code: Code): number => addFunction(module, typeIndex(module, [type], [type]), [], code)
  const scalar = (type: number, nan: Instr, equal: number): number =>
    canonicaliser(type, [get(0), nan, get(0), get(0), instr(equal), instr(OP.select), end()])
  const vector = (words: readonly number[], equal: number): number => {
    const nan = instr(OP.v128Const, { bytes: new Uint8Array(new Uint32Array(words).buffer) })
    return canonicaliser(V128, [get(0), nan, get(0), get(0), instr(FD + equal), instr(FD + 0x52), end()])
  }
  return {
    [NAN_SHAPE.f32]: scalar(F32, F32_NAN, 0x5b), [NAN_SHAPE.f64]: scalar(F64, F64_NAN, 0x61),
    [NAN_SHAPE.f32x4]: vector(new Array(4).fill(0x7fc00000), 0x41),
    [NAN_SHAPE.f64x2]: vector([0, 0x7ff80000, 0, 0x7ff80000], 0x47),
  }
}

function instrumentBody(context: Context, body: number, guestIndex: number): void {
  const { module, graph, budget, hook, depthGlobal } = context
  const target = module.functions[body]
  const own = module.types[target.type].params.length + target.locals.push(I32) - 1
  const tick: Code = [call(hook.tick), instr(OP.if), call(hook.stop), end()]
  const frame = budget.frame[guestIndex]
  const code: Code = [instr(OP.globalGet, { a: depthGlobal }), set(own)]
  if (graph.recursive[guestIndex] === 1) {
    code.push(get(own), i32(budget.need[guestIndex]), instr(OP.i32LtS), instr(OP.if), call(hook.depth), end(), ...tick)
  }
  let stretch: number[] = mark(context, code)
  for (const step of target.code) {
    const { op } = step
    stretch.push(op)
    if (CALLS.has(op)) code.push(get(own), i32(TAIL_CALLS.has(op) ? 0 : frame), instr(OP.i32Sub), setDepth(depthGlobal))
    code.push(step)
    if (MAKES_NAN[op] !== NAN_SHAPE.none) code.push(call(context.canonical[MAKES_NAN[op]]))
    if (op === OP.loop) code.push(...tick)
    if (ENDS_STRETCH.has(op)) stretch = mark(context, code)
  }
  // Nothing may follow the body's own end.
  code.splice(-2)
  target.code = code
}

const setDepth = (global: number): Instr => instr(OP.globalSet, { a: global })
const CALLS: ReadonlySet<number> = new Set([OP.call, OP.callIndirect, OP.returnCall, OP.returnCallIndirect])
const TAIL_CALLS: ReadonlySet<number> = new Set([OP.returnCall, OP.returnCallIndirect])
/** Behind these, code may be reached that what came before was not, or the other way round. */
const ENDS_STRETCH: ReadonlySet<number> = new Set([
  OP.block, OP.loop, OP.if, OP.else, OP.end, OP.br, OP.brIf, OP.brTable, OP.return, OP.unreachable, OP.returnCall,
  OP.returnCallIndirect,
])

function mark({ hook, stretches }: Context, code: Code): number[] {
  const stretch: number[] = []
  code.push(i32(stretches.push(stretch) - 1), call(hook.mark))
  return stretch
}

/** The start section's function and `ft_start`, each with its whole stack budget, as one entry; `ft_interrupt` likewise. */
function addStart(context: Context): void {
  const { module, depthGlobal } = context
  const enter = (index: number): Code =>
    [i32(STACK_BYTES_MAX), setDepth(depthGlobal), ...typeOf(module, index).params.map((_, i) => get(i)), call(index)]
  const entry = (wanted: string): number => module.exports.find(({ name }) => name === wanted)?.index as number
  const code = [...(module.start === undefined ? [] : enter(module.start)), ...enter(entry('ft_start')), end()]
  module.start = undefined
  const start = addFunction(module, typeIndex(module, [], []), [], code)
  const interrupt = addFunction(module, typeIndex(module, [I32], []), [], [...enter(entry('ft_interrupt')), end()])
  module.exports.push({ name: NAIVE_START, kind: 'function', index: start })
  module.exports.push({ name: 'naive:interrupt', kind: 'function', index: interrupt })
}
