import { EMPTY_BLOCK } from '../../../hypervisor/wasm/instructions.ts'
import { FC, FD, OP } from '../../../hypervisor/wasm/opcodes.ts'
import { F32, F64, I32, I64, V128, sameTypes } from '../../../hypervisor/wasm/types.ts'
import type { ValType } from '../../../hypervisor/wasm/types.ts'
import { end, i32, instr, set, typeIndex } from '../ir/ir.ts'
import { callStatement, consume, hostCall, powerOff, tailCallStatement } from './calls.ts'
import { access, address, condition, expression, expressions } from './expressions.ts'
import { STORE_OPS } from './op-lists.ts'
import { emit, globalOf, localOf, newCounter, weighted } from './scope.ts'
import type { Label, Scope } from './scope.ts'

const AND = 0x71
const SUB = 0x6b
const GT_S = 0x4a
const NEST_MAX = 7

type Statement = (scope: Scope, depth: number) => void
const STATEMENTS: readonly (readonly [Statement, number])[] = [
  [setLocal, 5], [setGlobal, 2], [store, 5], [dropped, 1], [countedLoop, 3], [tightLoop, 2], [blockStatement, 2.5],
  [ifStatement, 2], [branchIf, 2], [branchTable, 1], [callStatement, 3], [tailCallStatement, 1], [bulkMemory, 0.8], [tableStatement, 1],
  [hostStatement, 1], [powerOff, 0.3], [leave, 0.3], [scope => emit(scope, instr(OP.nop)), 0.1],
]

/** What may stand in a tight loop. */
const TIGHT: readonly (readonly [Statement, number])[] = [
  [setLocal, 5], [setGlobal, 2], [store, 4], [dropped, 1], [ifStatement, 2], [branchIf, 2], [branchTable, 1], [leave, 0.5],
]

export function statements(scope: Scope, count: number, depth: number): void {
  const kinds = scope.tight ? TIGHT : STATEMENTS
  for (let i = 0; i < count && scope.fuel > 0; i++) weighted(scope.rng, kinds)(scope, depth)
}

function randomType({ rng, profile }: Scope): ValType {
  return weighted(rng, profile.types)
}

function setLocal(scope: Scope): void {
  const type = randomType(scope)
  const local = localOf(scope, type)
  if (local === undefined) return
  expression(scope, type)
  emit(scope, set(local))
}

function setGlobal(scope: Scope): void {
  const type = randomType(scope)
  const global = globalOf(scope, type, true)
  if (global === undefined) return
  expression(scope, type)
  emit(scope, instr(OP.globalSet, { a: global }))
}

function store(scope: Scope): void {
  const type = randomType(scope)
  const fitting = STORE_OPS.filter(({ params }) => params[1] === type)
  access(scope, scope.rng.pick(fitting), 0)
}

const PLAIN_STORE: Readonly<Record<number, number>> = { [I32]: 0x36, [I64]: 0x37, [F32]: 0x38, [F64]: 0x39, [V128]: FD + 0x0b }
const LOCALS_ADDRESS = 0x4000
const SLOT_BYTES = 16

/** Stores locals, so that what was computed shows at the end. */
export function storeLocals(scope: Scope): void {
  scope.locals.forEach((type, local) => {
    const op = PLAIN_STORE[type]
    if (op === undefined || local >= scope.firstCounter || !scope.rng.chance(0.6)) return
    const at = LOCALS_ADDRESS + SLOT_BYTES * scope.rng.integer(0, 1023)
    emit(scope, i32(at), instr(OP.localGet, { a: local }), instr(op))
  })
}

function dropped(scope: Scope): void {
  expression(scope, randomType(scope))
  emit(scope, instr(OP.drop))
}

/** Types of a block, loop or `if`: often none. */
function someTypes(scope: Scope): ValType[] {
  const count = weighted(scope.rng, [[0, 5], [1, 3], [2, 1], [3, 0.5]])
  return Array.from({ length: count }, () => randomType(scope))
}

function blockTypeOf(scope: Scope, params: readonly ValType[], results: readonly ValType[]): number {
  if (params.length === 0 && results.length === 0) return EMPTY_BLOCK
  if (params.length === 0 && results.length === 1 && scope.rng.chance(0.8)) return results[0] - 128
  return typeIndex(scope.module, params, results)
}

/** A block whose parameters are on the stack; leaves its results there. */
export function block(scope: Scope, params: readonly ValType[], results: readonly ValType[], depth: number): void {
  emit(scope, instr(OP.block, { blockType: blockTypeOf(scope, params, results) }))
  inside(scope, { types: results, loop: false }, params, results, depth)
}

/** The inside of a block up to its `end`: parameters put away, statements, results. */
function inside(scope: Scope, label: Label, params: readonly ValType[], results: readonly ValType[], depth: number): void {
  scope.labels.push(label)
  consume(scope, params)
  if (depth < NEST_MAX) statements(scope, scope.rng.integer(0, 3), depth + 1)
  if (scope.rng.chance(0.05)) jumpOut(scope)
  else expressions(scope, results, depth)
  scope.labels.pop()
  emit(scope, end())
}

/** An unconditional branch, at times with code behind it that is never reached. */
function jumpOut(scope: Scope): void {
  const { rng, labels } = scope
  const depth = rng.integer(0, labels.length - 1)
  const { types, loop } = labels[labels.length - 1 - depth]
  if (loop) return emit(scope, instr(OP.unreachable))
  expressions(scope, types, 3)
  emit(scope, instr(OP.br, { a: depth }))
  if (rng.chance(0.3)) emit(scope, instr(0x6a), instr(OP.drop))
}

function blockStatement(scope: Scope, depth: number): void {
  const params = someTypes(scope)
  const results = someTypes(scope)
  expressions(scope, params)
  block(scope, params, results, depth)
  consume(scope, results)
}

function ifStatement(scope: Scope, depth: number): void {
  const { rng } = scope
  const params = rng.chance(0.2) ? someTypes(scope) : []
  const results = rng.chance(0.5) ? someTypes(scope) : []
  expressions(scope, params)
  condition(scope, depth)
  emit(scope, instr(OP.if, { blockType: blockTypeOf(scope, params, results) }))
  const label = { types: results, loop: false }
  const same = sameTypes(params, results)
  if (!same || rng.chance(0.6)) {
    inside(scope, label, params, results, depth)
    scope.code.pop()
    emit(scope, instr(OP.else))
  }
  inside(scope, label, params, results, depth)
  consume(scope, results)
}

/** A loop that counts down, or goes on as long as a condition holds, or never ends; with values carried round at times. */
function countedLoop(scope: Scope, depth: number): void {
  const { rng, profile } = scope
  const counter = newCounter(scope)
  if (counter === undefined || depth >= NEST_MAX) return
  const carried = rng.chance(0.3) ? someTypes(scope) : []
  emit(scope, i32(rng.integer(1, profile.loopTurnsMax)), set(counter))
  expressions(scope, carried)
  emit(scope, instr(OP.loop, { blockType: blockTypeOf(scope, carried, []) }))
  scope.labels.push({ types: carried, loop: true })
  consume(scope, carried)
  statements(scope, rng.integer(1, 4), depth + 1)
  expressions(scope, carried)
  if (rng.chance(profile.endlessChance)) {
    emit(scope, instr(OP.br))
  } else {
    emit(scope, instr(OP.localGet, { a: counter }), i32(1), instr(SUB), instr(OP.localTee, { a: counter }))
    if (rng.chance(0.2)) {
      condition(scope, 3)
      emit(scope, instr(AND))
    }
    emit(scope, instr(OP.brIf))
    consume(scope, carried)
  }
  scope.labels.pop()
  emit(scope, end())
}

/** A small loop of many turns, with several ways back to its head and out of it. */
function tightLoop(scope: Scope): void {
  const { rng, profile } = scope
  const counter = newCounter(scope)
  if (counter === undefined) return
  const results = rng.chance(0.3) ? someTypes(scope) : []
  emit(scope, i32(rng.integer(1, 3 * profile.loopTurnsMax)), set(counter))
  emit(scope, instr(OP.loop, { blockType: blockTypeOf(scope, [], results) }))
  scope.labels.push({ types: [], loop: true })
  scope.tight = true
  const countDown = [instr(OP.localGet, { a: counter }), i32(1), instr(SUB), instr(OP.localTee, { a: counter })]
  statements(scope, rng.integer(1, 2), NEST_MAX - 1)
  if (rng.chance(0.3)) {
    emit(scope, instr(OP.block), ...countDown, instr(OP.i32Eqz), instr(OP.brIf))
    scope.labels.push({ types: [], loop: false })
    expression(scope, I32, 4)
    scope.labels.pop()
    emit(scope, i32(3), instr(AND), instr(OP.brTable, { list: [1, 0, rng.integer(0, 1), rng.integer(0, 1)] }), end())
    statements(scope, 1, NEST_MAX - 1)
  }
  // Counted again, as the loop may have come here with no turn left.
  emit(scope, ...countDown.map(step => ({ ...step })), i32(0), instr(GT_S), instr(OP.brIf))
  expressions(scope, results, 4)
  scope.tight = false
  scope.labels.pop()
  emit(scope, end())
  consume(scope, results)
}

/** Forward where it likes; back to a loop's head only now and then, as nothing counts that. */
function branchIf(scope: Scope): void {
  const { rng, labels, profile } = scope
  if (labels.length === 0) return
  const depth = rng.integer(0, labels.length - 1)
  const { types, loop } = labels[labels.length - 1 - depth]
  if (loop && !rng.chance(profile.endlessChance * 2)) return
  expressions(scope, types, 2)
  condition(scope, 2)
  emit(scope, instr(OP.brIf, { a: depth }))
  consume(scope, types)
}

function branchTable(scope: Scope): void {
  const { rng, labels } = scope
  scope.labels.push({ types: [], loop: false })
  emit(scope, instr(OP.block))
  const forward = labels.flatMap(({ loop }, i) => (loop ? [] : [labels.length - 1 - i]))
  const types = labels[labels.length - 1 - rng.pick(forward)].types
  const fitting = forward.filter(depth => sameTypes(labels[labels.length - 1 - depth].types, types))
  expressions(scope, types, 2)
  expression(scope, I32, 2)
  if (rng.chance(0.8)) emit(scope, i32(7), instr(AND))
  emit(scope, instr(OP.brTable, { list: Array.from({ length: rng.integer(1, 9) }, () => rng.pick(fitting)) }))
  scope.labels.pop()
  emit(scope, end())
}

/** Leaves the function, or traps. */
function leave(scope: Scope): void {
  const { rng } = scope
  expression(scope, I32, 2)
  emit(scope, i32(15), instr(AND), i32(rng.integer(0, 15)), instr(OP.i32Eq), instr(OP.if))
  scope.labels.push({ types: [], loop: false })
  if (rng.chance(scope.profile.trapChance)) {
    emit(scope, instr(OP.unreachable))
  } else {
    expressions(scope, scope.type.results, 2)
    emit(scope, instr(OP.return))
  }
  scope.labels.pop()
  emit(scope, end())
}

function length(scope: Scope): void {
  const { rng, profile } = scope
  emit(scope, i32(rng.chance(profile.trapChance * 0.3) ? rng.word() : rng.integer(0, 200)))
}

function bulkMemory(scope: Scope): void {
  const { rng, module } = scope
  const passive = module.data.length
  const kind = rng.integer(0, 3)
  if (kind < 3) address(scope, 1)
  switch (kind) {
    case 0:
      expression(scope, I32, 2)
      length(scope)
      return emit(scope, instr(OP.memoryFill))
    case 1:
      address(scope, 1)
      length(scope)
      return emit(scope, instr(OP.memoryCopy))
    case 2:
      emit(scope, i32(rng.integer(0, 4)), i32(rng.integer(0, 12)))
      return emit(scope, instr(OP.memoryInit, { a: rng.integer(0, passive - 1) }))
    default:
      if (rng.chance(0.3)) emit(scope, instr(OP.dataDrop, { a: rng.integer(0, passive - 1) }))
  }
}

function tableStatement(scope: Scope): void {
  const { rng, module, profile } = scope
  const table = rng.integer(0, module.tables.length - 1)
  const { element } = module.tables[table]
  const near = (): void => emit(scope, i32(rng.chance(profile.trapChance) ? rng.integer(0, 60) : rng.integer(0, 4)))
  near()
  const alike = module.tables.flatMap((one, i) => (one.element === element ? [i] : []))
  const segments = module.elements.flatMap((one, i) => (one.type === element ? [i] : []))
  switch (rng.integer(0, segments.length > 0 ? 4 : 2)) {
    case 0:
      expression(scope, element, 2)
      return emit(scope, instr(OP.tableSet, { a: table }))
    case 1:
      expression(scope, element, 2)
      near()
      return emit(scope, instr(OP.tableFill, { a: table }))
    case 2:
      near()
      near()
      return emit(scope, instr(OP.tableCopy, { a: table, b: rng.pick(alike) }))
    case 3:
      near()
      near()
      return emit(scope, instr(FC + 12, { a: rng.pick(segments), b: table }))
    default:
      emit(scope, instr(OP.drop))
      if (rng.chance(0.3)) emit(scope, instr(OP.elemDrop, { a: rng.pick(segments) }))
  }
}

function hostStatement(scope: Scope): void {
  hostCall(scope)
  emit(scope, instr(OP.drop))
}

