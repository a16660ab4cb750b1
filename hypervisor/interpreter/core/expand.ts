import { layOutForm } from '../instructions/form.ts'
import type { Form, Instruction } from '../instructions/form.ts'
import { TRAP } from '../../wasm/traps.ts'

/** Which loop a body is expanded for. */
export type Variant = 'fast' | 'debug' | 'cold' | 'coldDebug'

/** Kinds of traps; the core names one by its index. */
export const TRAPS = Object.keys(TRAP) as readonly (keyof typeof TRAP)[]

/**
 * Expands an instruction's body to AssemblyScript:
 *
 * - `$x` is the address of register `x`'s slot, or the value of immediate `x` (`$x.u32`: unsigned,
 *   which a cast of `$x` is not: the optimiser keeps the sign that a load was born with); `$x.TYPE` reads a register
 * - `$x.TYPE = e;` writes one: integers of 32 bits fill the slot with zeros, `b32` and f32 write four bytes; `!` after a
 *   float type makes NaNs canonical; `v128` is written to two slots
 * - `CHECK(bytes, READ|WRITE)` traps unless guest addresses from `at` on exist; `AT` is `at` in the core's memory
 * - `WATCH(at, bytes, kind)` looks at watched ranges; `TRAP(name)` traps; `OUTSIDE` leaves for the TypeScript side
 * - `NEXT(condition)` counts a loop header's tick, then goes on at `u` if the condition holds, which the comparison in front of
 *   `t` finds out too, else at `t`
 * - `JUMP(address)` goes on there; `TICK` counts a tick once `pc` is set; `LENGTH` is the instruction's length
 *
 * In a cold instruction `pc`, `fp`, `base` and `limit` can be read; `JUMP`, `TICK` and `OUTSIDE` are not for it.
 */
export function expand({ body, operands }: Instruction, variant: Variant): string {
  const form = layOutForm(operands)
  return expandControl(expandRegisters(body, form), form, variant)
}

const REGISTERS = 'dabc'

function operand(form: Form, letter: string): string {
  const field = form.fields.find(candidate => candidate.letter === letter)
  if (field === undefined) throw new Error(`a body names operand ${letter} that its form has not`)
  if (REGISTERS.includes(letter)) return `(fp + (<usize><i32>load<i16>(pc, ${field.offset}) << 3))`
  if ('nk'.includes(letter)) return `(<u32>load<u16>(pc, ${field.offset}))`
  if (letter === 'l') return `load<u64>(pc, ${field.offset})`
  if (letter === 'v') return `load<v128>(pc, ${field.offset})`
  return 'tu'.includes(letter) ? `<usize>load<u32>(pc, ${field.offset})` : `load<i32>(pc, ${field.offset})`
}

/** Types that are loaded by a name other than their own. */
const LOADED: Readonly<Record<string, string>> = { b32: 'u32', f32x4: 'v128', f64x2: 'v128' }

function expandRegisters(body: string, form: Form): string {
  return body
    .replace(/\$([dabc])\.(\w+)(!?) = ([^;]+);/g, (_, letter: string, type: string, canonical: string, value: string) =>
      write(operand(form, letter), type, canonical === '!', value))
    .replace(/\$([dabc])\.(\w+)/g, (_, letter: string, type: string) => `load<${LOADED[type] ?? type}>${operand(form, letter)}`)
    .replace(/\$([ijw])\.u32/g, (_, letter: string) => operand(form, letter).replace('i32', 'u32'))
    .replace(/\$([a-z])/g, (_, letter: string) => operand(form, letter))
}

function write(address: string, type: string, canonical: boolean, value: string): string {
  if (canonical) return `{ const made: ${LOADED[type] ?? type} = ${value}; store<${LOADED[type] ?? type}>(${address}, ${purified(type)}); }`
  switch (type) {
    // Named with its type first: inside the cast the compiler would compute in 64 bits.
    case 'i32':
    case 'u32': return `{ const word: ${type} = ${value}; store<u64>(${address}, <u64><u32>word); }`
    case 'b32': return `store<u32>(${address}, ${value});`
    default: return `store<${LOADED[type] ?? type}>(${address}, ${value});`
  }
}

function purified(type: string): string {
  switch (type) {
    case 'f32': return 'made == made ? made : reinterpret<f32>(<u32>0x7fc00000)'
    case 'f64': return 'made == made ? made : reinterpret<f64>(<u64>0x7ff8000000000000)'
    case 'f32x4': return 'v128.bitselect(made, i32x4.splat(0x7fc00000), f32x4.eq(made, made))'
    case 'f64x2': return 'v128.bitselect(made, i64x2.splat(0x7ff8000000000000), f64x2.eq(made, made))'
    default: throw new Error(`no canonical NaN for ${type}`)
  }
}

const MOVE_DOWN = `const start = OLD; const to = start + (<usize>COUNT << 3);
  for (let i: usize = 0, end = <usize>LENGTH_ << 3; i < end; i += 8) store<u64>(start + i, load<u64>(NEW + i));
  store<u64>(to - 16, back); store<i32>(to - 8, budget);`

function moveDown(form: Form): string {
  return MOVE_DOWN.replace('OLD', operand(form, 'b')).replace('NEW', operand(form, 'a'))
    .replace('COUNT', operand(form, 'n')).replace('LENGTH_', operand(form, 'k'))
}

/** The comparison that stands in front of `t` has the form of a branch. */
function next(form: Form, condition: string, isDebug: boolean): string {
  const comparison = layOutForm(form.fields.some(({ letter }) => letter === 'i') ? 'ait' : 'abt').length
  const back = `${operand(form, 't')} - ${comparison}`
  if (isDebug) return `pc = ${back}; TICK; continue;`
  const onward = `pc = ${condition} ? ${operand(form, 'u')} : ${operand(form, 't')}; continue;`
  return `if (--left == 0) return stop(${back}, fp, 0, TICKED); ${onward}`
}

function expandControl(text: string, form: Form, variant: Variant): string {
  const isDebug = variant === 'debug' || variant === 'coldDebug'
  const isCold = variant === 'cold' || variant === 'coldDebug'
  const trap = (name: string): string => {
    const number = TRAPS.indexOf(name as keyof typeof TRAP)
    if (number < 0) throw new Error(`no trap is called ${name}`)
    if (isCold) return `return ${-number - 1}`
    return isDebug ? `return trapDebug(pc, fp, left, step, ${number})` : `return trap(pc, fp, left, ${number})`
  }
  const watch = (at: string, bytes: string, kind: string): string => {
    if (!isDebug) return ''
    const met = isCold ? 'return WATCH_MET;' : 'return stopDebug(pc, fp, left, step - 1, stepsLeft + 1, WATCH);'
    return `if (passing == 0 && watched(<u64>${at}, <u64>${bytes}, ${kind})) ${met}`
  }
  return (text.includes('MOVE_DOWN') ? text.replace(/MOVE_DOWN/g, moveDown(form)) : text)
    .replace(/CHECK\((\w+), (\w+)\)/g, (_, bytes: string, kind: string) =>
      `if (at + ${bytes} > limit) TRAP(memory); ${watch('at', bytes, kind)}`)
    .replace(/WATCH\((\w+), (\w+), (\w+)\)/g, (_, at: string, bytes: string, kind: string) => watch(at, bytes, kind))
    .replace(/TRAP\((\w+)\)/g, (_, name: string) => trap(name))
    .replace(/\bAT\b/g, 'base + <usize>at')
    .replace(/OUTSIDE;/g, isDebug ? 'return stopDebug(pc, fp, left, step, stepsLeft, OUT);' : 'return stop(pc, fp, left, OUT);')
    .replace(/JUMP\((.*)\);/g, '{ pc = $1; continue; }')
    .replace(/NEXT\((.*)\);/g, (_, condition: string) => next(form, condition, isDebug))
    .replace(/TICK;/g, isDebug ? 'step = 0; if (--left == 0) return stopDebug(pc, fp, left, 0, stepsLeft, TICKED);'
      : 'if (--left == 0) return stop(pc, fp, left, TICKED);')
    .replace(/\bLENGTH\b/g, String(form.length))
}
