import { OP } from '../../../hypervisor/wasm/opcodes.ts'
import { I32, sameSignature, sameTypes } from '../../../hypervisor/wasm/types.ts'
import type { FuncType, ValType } from '../../../hypervisor/wasm/types.ts'
import { call, end, get, i32, instr, typeIndex, typeOf } from '../ir/ir.ts'
import type { Code } from '../ir/ir.ts'
import { address, condition, expression, expressions } from './expressions.ts'
import { emit } from './scope.ts'
import type { Scope } from './scope.ts'

const AND = 0x71
const SUB = 0x6b
const DEEP_CHANCE = 0.15

/**
 * Arguments of a call. A first i32 is how deep to go on: one less than this function's own, so that recursion ends, or at times
 * whatever, so that it ends at the depth limit.
 */
function callArguments(scope: Scope, { params }: FuncType): void {
  const countdown = scope.type.params[0] === I32 && params[0] === I32 && !scope.rng.chance(DEEP_CHANCE)
  if (countdown) emit(scope, get(0), i32(1), instr(SUB))
  expressions(scope, countdown ? params.slice(1) : params)
}

/** Is this the last thing that a call may do? Keeps calls in a body few: they multiply. */
function mayCall(scope: Scope): boolean {
  if (scope.calls >= scope.profile.callsMax || scope.fuel <= 0) return false
  scope.calls++
  return true
}

/** A call in an `if` that ends recursion when the countdown has run out; `to` emits it, with its results consumed. */
function guarded(scope: Scope, to: () => void): void {
  if (scope.type.params[0] === I32) emit(scope, get(0), i32(0), instr(0x4a))
  else condition(scope, 2)
  emit(scope, instr(OP.if))
  scope.labels.push({ types: [], loop: false })
  to()
  scope.labels.pop()
  emit(scope, end())
}

/** Calls a function or table entry, and puts the results away. */
export function callStatement(scope: Scope): void {
  if (!mayCall(scope)) return
  const { rng } = scope
  const callee = rng.pick(scope.callable)
  const type = typeOf(scope.module, callee)
  guarded(scope, () => {
    callArguments(scope, type)
    if (rng.chance(0.4)) emit(scope, ...indirect(scope, type, callee, OP.callIndirect))
    else emit(scope, call(callee))
    consume(scope, type.results)
  })
}

/** Gives the function's own results from a tail call of one with the same results. */
export function tailCallStatement(scope: Scope): void {
  const { rng, module } = scope
  const fitting = scope.callable.filter(index => sameTypes(typeOf(module, index).results, scope.type.results))
  if (fitting.length === 0 || !mayCall(scope)) return
  const callee = rng.pick(fitting)
  const type = typeOf(module, callee)
  guarded(scope, () => {
    callArguments(scope, type)
    if (rng.chance(0.4)) emit(scope, ...indirect(scope, type, callee, OP.returnCallIndirect))
    else emit(scope, instr(OP.returnCall, { a: callee }))
  })
}

/** The index of `callee` in table 0 where it is there, and an indirect call; at times one that traps. */
function indirect(scope: Scope, type: FuncType, callee: number, op: number): Code {
  const { rng, module, profile } = scope
  const at = module.elements[0].items.findIndex(([item]) => item.op === OP.refFunc && sameSignature(typeOf(module, item.a), type)
    && (item.a === callee || rng.chance(0.3)))
  const slot = at < 0 || rng.chance(profile.trapChance * 0.5) ? rng.integer(0, 40) : at
  return [i32(slot), instr(op, { a: typeIndex(module, type.params, type.results), b: 0 })]
}

/** A call whose first result is of `type`; the others are dropped. */
export function callWithResult(scope: Scope, type: ValType): boolean {
  const { rng, module } = scope
  if (scope.tight) return false
  if (type === I32 && rng.chance(0.4)) return hostCall(scope)
  const fitting = scope.callable.filter(index => typeOf(module, index).results[0] === type)
  if (fitting.length === 0 || !mayCall(scope)) return false
  const callee = rng.pick(fitting)
  const { params, results } = typeOf(module, callee)
  callArguments(scope, { params, results })
  emit(scope, call(callee))
  for (let i = 1; i < results.length; i++) emit(scope, instr(OP.drop))
  return true
}

/** A host call that gives an i32. `power_off` is rare: it ends the guest. */
export function hostCall(scope: Scope): boolean {
  const { rng, host, module } = scope
  const names = [...host.keys()].filter(name => typeOf(module, host.get(name) as number).results[0] === I32)
  const name = rng.pick(names)
  const index = host.get(name) as number
  typeOf(module, index).params.forEach((type, i) => {
    const pointer = (name === 'net_recv' && i === 1) || (name !== 'net_recv' && i === 0 && type === I32)
    if (pointer) address(scope, 3)
    else expression(scope, type, 3)
  })
  emit(scope, call(index))
  return true
}

/** Ends the guest if a condition that is hardly ever true is. */
export function powerOff(scope: Scope): void {
  expression(scope, I32, 2)
  emit(scope, i32(7), instr(AND), i32(scope.rng.integer(0, 7)), instr(OP.i32Eq), instr(OP.if))
  scope.labels.push({ types: [], loop: false })
  if (scope.rng.chance(0.5)) emit(scope, i32(scope.rng.word()))
  else expression(scope, I32, 3)
  emit(scope, call(scope.host.get('power_off') as number))
  scope.labels.pop()
  emit(scope, end())
}

/** Puts values on the stack away: into locals, or nowhere. */
export function consume(scope: Scope, types: readonly ValType[]): void {
  for (const type of [...types].reverse()) {
    const locals = scope.locals.flatMap((one, i) => (one === type && i < scope.firstCounter ? [i] : []))
    if (locals.length > 0 && scope.rng.chance(0.8)) emit(scope, instr(OP.localSet, { a: scope.rng.pick(locals) }))
    else emit(scope, instr(OP.drop))
  }
}
