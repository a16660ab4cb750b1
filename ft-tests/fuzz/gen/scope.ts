import type { FuncType, ValType } from '../../../hypervisor/wasm/types.ts'
import type { Rng } from '../../sim/rng.ts'
import type { Code, Instr, IrModule } from '../ir/ir.ts'

/** How often the own generator does what; drawn anew for each module, so that modules differ in kind. */
export interface Profile {
  /** Weights of value types: i32, i64, f32, f64, v128. */
  readonly types: readonly [ValType, number][]
  /** Instructions in a function, about. */
  readonly size: number
  /** Chance that something that may trap is let be. */
  readonly trapChance: number
  readonly endlessChance: number
  readonly callsMax: number
  /** Vectors too. */
  readonly simd: boolean
  readonly loopTurnsMax: number
}

export interface Label {
  readonly types: readonly ValType[]
  readonly loop: boolean
}

/** What the generator of a body knows: the module around it, what may be named, and the code so far. */
export interface Scope {
  readonly rng: Rng
  readonly module: IrModule
  readonly profile: Profile
  readonly type: FuncType
  /** Types of parameters and locals. */
  readonly locals: ValType[]
  /** Locals from here on count loops; nothing else writes them. */
  readonly firstCounter: number
  readonly code: Code
  readonly labels: Label[]
  /** Functions that may be called, host calls aside. */
  readonly callable: readonly number[]
  readonly host: ReadonlyMap<string, number>
  /** Instructions left to spend, about. */
  fuel: number
  calls: number
  counters: number
  /** Inside a small loop, which holds no calls and no loops: engines treat those apart. */
  tight: boolean
}

export function emit(scope: Scope, ...code: Instr[]): void {
  scope.code.push(...code)
  scope.fuel -= code.length
}

/** One of `items` by its weight. */
export function weighted<T>(rng: Rng, items: readonly (readonly [T, number])[]): T {
  const total = items.reduce((sum, [, weight]) => sum + weight, 0)
  let at = rng.number(0, total)
  for (const [item, weight] of items) {
    at -= weight
    if (at < 0) return item
  }
  return items[items.length - 1][0]
}

/** A local of the type that code may write, or undefined. */
export function localOf(scope: Scope, type: ValType): number | undefined {
  const candidates = scope.locals.flatMap((one, i) => (one === type && i < scope.firstCounter ? [i] : []))
  return candidates.length === 0 ? undefined : scope.rng.pick(candidates)
}

export function globalOf(scope: Scope, type: ValType, writable: boolean): number | undefined {
  const candidates = scope.module.globals.flatMap((one, i) => (one.type === type && (one.mutable || !writable) ? [i] : []))
  return candidates.length === 0 ? undefined : scope.rng.pick(candidates)
}

/** A local that counts a loop; they run out. */
export function newCounter(scope: Scope): number | undefined {
  const index = scope.firstCounter + scope.counters
  if (index >= scope.locals.length) return undefined
  scope.counters++
  return index
}
