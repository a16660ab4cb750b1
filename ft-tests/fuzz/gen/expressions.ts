import { IMM, OP, OPCODES } from '../../../hypervisor/wasm/opcodes.ts'
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, V128, isReference, sameTypes } from '../../../hypervisor/wasm/types.ts'
import type { ValType } from '../../../hypervisor/wasm/types.ts'
import { get, i32, i64, instr } from '../ir/ir.ts'
import type { Instr } from '../ir/ir.ts'
import { callWithResult } from './calls.ts'
import { LOAD_OPS, PURE_OPS, divides, saturating, truncates } from './op-lists.ts'
import type { FixedOp } from './op-lists.ts'
import { emit, globalOf, localOf, weighted } from './scope.ts'
import type { Scope } from './scope.ts'
import { block } from './statements.ts'
import { constant } from './values.ts'

const DEPTH_MAX = 6
const AND: Readonly<Record<number, number>> = { [I32]: 0x71, [I64]: 0x83 }
const OR: Readonly<Record<number, number>> = { [I32]: 0x72, [I64]: 0x84 }

type Kind = 'leaf' | 'pure' | 'load' | 'select' | 'block' | 'tee' | 'call' | 'other'
const KINDS: readonly (readonly [Kind, number])[] = [
  ['leaf', 5], ['pure', 14], ['load', 2], ['select', 1], ['block', 1], ['tee', 1], ['call', 1], ['other', 0.6],
]

/** Code that leaves one value of `type` on the stack. */
export function expression(scope: Scope, type: ValType, depth = 0): void {
  const kind = depth > DEPTH_MAX || scope.fuel <= 0 ? 'leaf' : weighted(scope.rng, KINDS)
  if (!attempt(scope, kind, type, depth)) leaf(scope, type)
}

export function expressions(scope: Scope, types: readonly ValType[], depth = 1): void {
  for (const type of types) expression(scope, type, depth)
}

function attempt(scope: Scope, kind: Kind, type: ValType, depth: number): boolean {
  switch (kind) {
    case 'leaf': return false
    case 'pure': return pure(scope, type, depth)
    case 'load': return load(scope, type, depth)
    case 'select': return select(scope, type, depth)
    case 'block': block(scope, [], [type], scope.tight ? DEPTH_MAX : depth + 1); return true
    case 'tee': return tee(scope, type, depth)
    case 'call': return callWithResult(scope, type)
    case 'other': return other(scope, type, depth)
  }
}

function leaf(scope: Scope, type: ValType): void {
  const { rng } = scope
  const local = rng.chance(0.7) ? localOf(scope, type) : undefined
  if (local !== undefined) return emit(scope, get(local))
  const global = rng.chance(0.4) ? globalOf(scope, type, false) : undefined
  if (global !== undefined) return emit(scope, instr(OP.globalGet, { a: global }))
  if (type === FUNCREF && rng.chance(0.7)) return emit(scope, instr(OP.refFunc, { a: rng.pick(scope.callable) }))
  emit(scope, constant(rng, type))
}

function pure(scope: Scope, type: ValType, depth: number): boolean {
  const ops = allowed(scope, PURE_OPS.get(type))
  if (ops.length === 0) return false
  // Most results of i32 come of lanes and comparisons: plain arithmetic gets its share.
  const plain = scope.rng.chance(0.5) ? ops.filter(({ params: [first] }) => first === type) : ops
  const { op, params } = scope.rng.pick(plain.length > 0 ? plain : ops)
  operands(scope, params, depth)
  const tame = (divides(op) || truncates(op)) && !scope.rng.chance(scope.profile.trapChance)
  if (tame && divides(op)) emit(scope, params[1] === I64 ? i64(1) : i32(1), instr(OR[params[1]]))
  emit(scope, withImmediate(scope, tame && truncates(op) ? saturating(op) : op))
  return true
}

function allowed({ profile }: Scope, ops: readonly FixedOp[] = []): readonly FixedOp[] {
  return profile.simd ? ops : ops.filter(({ params }) => !params.includes(V128))
}

/** Often the same value twice, or constants: x - x, NaN with NaN. */
function operands(scope: Scope, params: readonly ValType[], depth: number): void {
  for (const type of params) {
    if (scope.rng.chance(0.2)) emit(scope, constant(scope.rng, type))
    else expression(scope, type, depth + 1)
  }
}

/** The instruction with lanes drawn at random. */
export function withImmediate({ rng }: Scope, op: number): Instr {
  const info = OPCODES[op]
  if (info?.immediate === IMM.lane) return instr(op, { lane: rng.integer(0, info.lanes - 1) })
  if (info?.immediate === IMM.shuffle) return instr(op, { bytes: Uint8Array.from({ length: 16 }, () => rng.integer(0, 31)) })
  return instr(op)
}

function load(scope: Scope, type: ValType, depth: number): boolean {
  const ops = allowed(scope, LOAD_OPS.get(type))
  if (ops.length === 0) return false
  access(scope, scope.rng.pick(ops), depth)
  return true
}

/** A load or store with its operands: mostly in a small range of addresses, at times at memory's end or anywhere. */
export function access(scope: Scope, { op, params }: FixedOp, depth: number): void {
  const { rng, profile } = scope
  const wild = rng.chance(profile.trapChance * 0.3)
  const edge = !wild && rng.chance(profile.trapChance * 0.3)
  if (edge) emit(scope, i32(65536 * rng.integer(1, 3) - rng.integer(0, 20)))
  else address(scope, depth, wild)
  operands(scope, params.slice(1), depth)
  const info = OPCODES[op]
  const lane = info?.immediate === IMM.memargLane ? rng.integer(0, info.lanes - 1) : 0
  const offset = wild && rng.chance(0.2) ? rng.word() : rng.chance(0.5) ? 0 : rng.integer(0, 300)
  emit(scope, instr(op, { a: rng.integer(0, info?.align ?? 0), b: edge ? rng.integer(0, 8) : offset, lane }))
}

/** An address; unless `wild`, one that is inside the first page. */
export function address(scope: Scope, depth: number, wild = false): void {
  expression(scope, I32, depth + 2)
  if (!wild) emit(scope, i32(scope.rng.pick([0x3f, 0x3ff, 0x3ff8, 0xfff])), instr(AND[I32]))
}

function select(scope: Scope, type: ValType, depth: number): boolean {
  expression(scope, type, depth + 1)
  expression(scope, type, depth + 1)
  expression(scope, I32, depth + 1)
  const typed = isReference(type) || scope.rng.chance(0.3)
  emit(scope, typed ? instr(OP.selectTyped, { list: [type] }) : instr(OP.select))
  return true
}

function tee(scope: Scope, type: ValType, depth: number): boolean {
  const local = localOf(scope, type)
  if (local === undefined) return false
  expression(scope, type, depth + 1)
  emit(scope, instr(OP.localTee, { a: local }))
  return true
}

/** Sizes, growth, tables and references. */
function other(scope: Scope, type: ValType, depth: number): boolean {
  const { rng, module } = scope
  const table = rng.integer(0, module.tables.length - 1)
  const { element } = module.tables[table]
  const index = (): void => {
    expression(scope, I32, depth + 1)
    if (!rng.chance(scope.profile.trapChance)) emit(scope, i32(3), instr(AND[I32]))
  }
  if (type === element && isReference(type)) {
    index()
    emit(scope, instr(OP.tableGet, { a: table }))
    return true
  }
  if (type !== I32) return false
  switch (rng.integer(0, 4)) {
    case 0: emit(scope, instr(OP.memorySize)); break
    case 1: emit(scope, i32(rng.pick([0, 1, 1, 2, 3, 4, 5, 100, -1])), instr(OP.memoryGrow)); break
    case 2: emit(scope, instr(OP.tableSize, { a: table })); break
    case 3:
      expression(scope, element, depth + 1)
      emit(scope, i32(rng.pick([0, 1, 2, 5, 2_000_000])), instr(OP.tableGrow, { a: table }))
      break
    default:
      expression(scope, rng.pick([FUNCREF, EXTERNREF]), depth + 1)
      emit(scope, instr(OP.refIsNull))
  }
  return true
}

/** A condition that is true about as often as not. */
export function condition(scope: Scope, depth: number): void {
  const { rng } = scope
  const type = rng.pick([I32, I64, F32, F64])
  if (rng.chance(0.4)) return expression(scope, I32, depth + 1)
  const comparisons = (PURE_OPS.get(I32) ?? []).filter(({ params }) => sameTypes(params, [type, type]))
  const { op, params } = rng.pick(comparisons)
  operands(scope, params, depth)
  if (divides(op)) emit(scope, i32(1), instr(OR[I32]))
  emit(scope, instr(op))
}

