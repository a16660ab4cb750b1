import { OP } from '../../../hypervisor/wasm/opcodes.ts'
import { EXTERNREF, FUNCREF, I32, I64, V128, sameSignature } from '../../../hypervisor/wasm/types.ts'
import type { ValType } from '../../../hypervisor/wasm/types.ts'
import type { Rng } from '../../sim/rng.ts'
import { end, i32, instr, typeIndex } from '../ir/ir.ts'
import type { Code, IrElements, IrGlobal, IrModule } from '../ir/ir.ts'
import { addDriver } from './driver.ts'
import { expressions } from './expressions.ts'
import { addHostImports, FUZZ_IMPORTS } from './host-imports.ts'
import { ALL_TYPES, NUMBERS } from './op-lists.ts'
import { weighted } from './scope.ts'
import type { Profile, Scope } from './scope.ts'
import { statements, storeLocals } from './statements.ts'
import { constant, zero } from './values.ts'

const COUNTERS = 6

/** A guest of our own for this seed: loops, calls of every kind, memory, tables, and floats that make NaNs. */
export function ownGuest(rng: Rng, simd = true): IrModule {
  const module: IrModule = {
    types: [], imports: [], functions: [], tables: [], memory: undefined, globals: [], exports: [], start: undefined,
    elements: [], data: [],
  }
  const profile = randomProfile(rng, simd)
  const host = addHostImports(module, FUZZ_IMPORTS)
  const pages = rng.integer(1, 2)
  module.memory = { min: pages, max: rng.chance(0.4) ? undefined : pages + rng.integer(0, 6) }
  declareFunctions(module, rng, profile)
  declareTables(module, rng)
  module.globals = Array.from({ length: rng.integer(3, 10) }, () => randomGlobal(rng, profile, module))
  module.data = randomData(rng)
  module.functions.forEach((_, i) => generateBody(module, rng, profile, host, i))
  const targets = module.functions.map((_, i) => module.imports.length + i).filter(() => rng.chance(0.8))
  const first = module.imports.length
  addDriver(module, rng, targets.length > 0 ? targets : [first], rng.integer(0, 2))
  if (rng.chance(0.15)) module.start = startFunction(module)
  return module
}

function randomProfile(rng: Rng, simd: boolean): Profile {
  const kind = rng.integer(0, 4)
  const weights = [[6, 3, 1, 1, 0.3], [1, 1, 3, 5, 1], [1, 1, 1, 1, 4], [3, 3, 2, 2, 1], [5, 1, 0.2, 0.2, 0]][kind]
  return {
    simd,
    types: NUMBERS.map((type, i): [ValType, number] => [type, weights[i]]).filter(([type]) => simd || type !== V128),
    size: rng.pick([20, 60, 150, 300]),
    trapChance: rng.pick([0, 0.02, 0.1]),
    endlessChance: rng.pick([0, 0.02, 0.1]),
    callsMax: rng.integer(1, 4),
    loopTurnsMax: rng.pick([3, 10, 50]),
  }
}

function declareFunctions(module: IrModule, rng: Rng, profile: Profile): void {
  const types = Array.from({ length: rng.integer(2, 5) }, () => {
    const some = (max: number): ValType[] => Array.from({ length: rng.integer(0, max) }, () => randomType(rng, profile))
    const params = rng.chance(0.6) ? [I32, ...some(3)] : some(4)
    return typeIndex(module, params, some(rng.chance(0.3) ? 4 : 1))
  })
  for (let i = rng.integer(2, 9); i > 0; i--) module.functions.push({ type: rng.pick(types), locals: [], code: [] })
}

function randomType(rng: Rng, { types, simd }: Profile): ValType {
  return rng.chance(0.95) ? weighted(rng, types) : rng.pick(ALL_TYPES.filter(type => simd || type !== V128))
}

/** Table 0 is for indirect calls and holds most functions; others are there to be changed. */
function declareTables(module: IrModule, rng: Rng): void {
  const functions = module.functions.map((_, i) => module.imports.length + i)
  const referenceTo = (a: number): Code => [instr(OP.refFunc, { a }), end()]
  const reference = (): Code => (rng.chance(0.85) ? referenceTo(rng.pick(functions)) : [zero(FUNCREF), end()])
  const items = [...functions.map(referenceTo), ...Array.from({ length: rng.integer(0, 6) }, reference)]
  const size = items.length + rng.integer(0, 8)
  module.tables.push({ element: FUNCREF, min: size, max: rng.chance(0.5) ? undefined : size + rng.integer(0, 10) })
  module.elements.push({ mode: 'active', table: 0, at: [i32(0), end()], type: FUNCREF, items })
  if (rng.chance(0.6)) module.tables.push({ element: FUNCREF, min: rng.integer(0, 8), max: rng.chance(0.5) ? undefined : 12 })
  if (rng.chance(0.4)) module.tables.push({ element: EXTERNREF, min: rng.integer(0, 8), max: 20 })
  const segment = (mode: IrElements['mode']): IrElements =>
    ({ mode, table: 0, at: undefined, type: FUNCREF, items: Array.from({ length: rng.integer(0, 5) }, reference) })
  // `ref.func` may name what a segment lists.
  module.elements.push(segment('passive'), { ...segment('declarative'), items: functions.map(referenceTo) })
}

function randomGlobal(rng: Rng, profile: Profile, module: IrModule): IrGlobal {
  const type = randomType(rng, profile)
  const extended: Readonly<Record<number, number[]>> = { [I32]: [0x6a, 0x6b, 0x6c], [I64]: [0x7c, 0x7d, 0x7e] }
  const init = [constant(rng, type)]
  if (type === FUNCREF) init[0] = instr(OP.refFunc, { a: module.imports.length + rng.integer(0, module.functions.length - 1) })
  const ops = extended[type]
  if (ops !== undefined && rng.chance(0.3)) init.push(constant(rng, type), instr(rng.pick(ops)))
  return { type, mutable: rng.chance(0.85), init: [...init, end()] }
}

function randomData(rng: Rng): IrModule['data'] {
  const bytes = (): Uint8Array => Uint8Array.from({ length: rng.integer(1, 64) }, () => rng.word())
  const active = Array.from({ length: rng.integer(0, 2) }, () => (
    { mode: 'active' as const, at: [i32(rng.integer(0, 2000)), end()], bytes: bytes() }
  ))
  return [...active, { mode: 'passive', at: undefined, bytes: bytes() }]
}

function generateBody(module: IrModule, rng: Rng, profile: Profile, host: ReadonlyMap<string, number>, index: number): void {
  const target = module.functions[index]
  const type = module.types[target.type]
  const numbers = profile.types.map(([one]) => one)
  const locals = [...numbers, FUNCREF, ...Array.from({ length: rng.integer(0, 6) }, () => randomType(rng, profile))]
  const own = [...type.params, ...locals]
  const callable = module.functions.map((_, i) => module.imports.length + i)
  const scope: Scope = {
    rng, module, profile, type, callable, host, locals: [...own, ...new Array<ValType>(COUNTERS).fill(I32)],
    firstCounter: own.length, code: target.code, labels: [], fuel: profile.size, calls: 0, counters: 0, tight: false,
  }
  scope.labels.push({ types: type.results, loop: false })
  for (const local of rng.chance(0.7) ? locals.keys() : []) {
    if (NUMBERS.includes(locals[local])) {
      scope.code.push(constant(rng, locals[local]), instr(OP.localSet, { a: type.params.length + local }))
    }
  }
  while (scope.fuel > 0) statements(scope, 4, 0)
  storeLocals(scope)
  expressions(scope, type.results)
  target.locals = scope.locals.slice(type.params.length)
  target.code.push(end())
}

/** A function that a start section may name. */
function startFunction(module: IrModule): number | undefined {
  const found = module.functions.findIndex(({ type }) => sameSignature(module.types[type], { params: [], results: [] }))
  return found < 0 ? undefined : module.imports.length + found
}

