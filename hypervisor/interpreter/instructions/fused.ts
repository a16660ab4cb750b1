import { hot } from './form.ts'
import type { Instruction } from './form.ts'
import { integerConditions } from './comparisons.ts'

/**
 * What two or three instructions do, in one: pairs that programs execute often. The translator puts them in the place of the
 * last instructions it made (`translator/fusion.ts`). `FIRST+SECOND` uses FIRST's result once, in SECOND.
 */
const integer = (bits: 32 | 64): Instruction[] => {
  const [i, u, name] = [`i${bits}`, `u${bits}`, `i${bits}`]
  const shifted = (of: string, operator: string): string => ({
    shl: `($${of}.${i} << <${i}>$k)`, shr_u: `<${i}>($${of}.${u} >> <${u}>$k)`, shr_s: `($${of}.${i} >> <${i}>$k)`,
    rotl: `<${i}>rotl<${u}>($${of}.${u}, <${u}>$k)`, rotr: `<${i}>rotr<${u}>($${of}.${u}, <${u}>$k)`,
  })[operator] as string
  const immediate = bits === 64 ? '<i64>$i' : '$i'
  return [
    // c is the other operand of SECOND.
    hot(`${name}.mul+add`, 'dabc', `$d.${i} = $c.${i} + $a.${i} * $b.${i};`),
    hot(`${name}.mul_i+add`, 'daci', `$d.${i} = $c.${i} + $a.${i} * ${immediate};`),
    ...['shl'].map(shift => hot(`${name}.${shift}+add`, 'dack', `$d.${i} = $c.${i} + ${shifted('a', shift)};`)),
    ...['shl', 'shr_u', 'rotl', 'rotr'].map(shift => hot(`${name}.${shift}+xor`, 'dack', `$d.${i} = $c.${i} ^ ${shifted('a', shift)};`)),
    ...['shl', 'shr_u'].map(shift => hot(`${name}.${shift}+or`, 'dack', `$d.${i} = $c.${i} | ${shifted('a', shift)};`)),
    ...['shr_u', 'shr_s'].map(shift => hot(`${name}.${shift}+and_i`, 'daki', `$d.${i} = ${shifted('a', shift)} & ${immediate};`)),
    hot(`${name}.shl+add_i`, 'daki', `$d.${i} = ${shifted('a', 'shl')} + ${immediate};`),
    hot(`${name}.add+and_i`, 'dabi', `$d.${i} = ($a.${i} + $b.${i}) & ${immediate};`),
    hot(`${name}.add+add`, 'dabc', `$d.${i} = $c.${i} + ($a.${i} + $b.${i});`),
  ]
}

/** The NaN that a product may be is no other after the sum: only the sum is made canonical. Both are rounded. */
const float = (type: 'f32' | 'f64'): Instruction[] => {
  const [a, b, c] = ['a', 'b', 'c'].map(letter => `$${letter}.${type}`)
  return [
    hot(`${type}.mul+add`, 'dabc', `$d.${type}! = ${c} + ${a} * ${b};`),
    // The product is the left operand, or the right one.
    hot(`${type}.mul-sub`, 'dabc', `$d.${type}! = ${a} * ${b} - ${c};`),
    hot(`${type}.sub-mul`, 'dabc', `$d.${type}! = ${c} - ${a} * ${b};`),
  ]
}

/** Operations with a constant of 64 bits on the right, those of floats too. */
const long: Instruction[] = [
  ...[['add', '+'], ['sub', '-'], ['mul', '*'], ['div', '/']].map(([name, operator]) => (
    hot(`f64.${name}_l`, 'dal', `$d.f64! = $a.f64 ${operator} reinterpret<f64>($l);`)
  )),
  ...[['add', '+'], ['mul', '*'], ['and', '&'], ['or', '|'], ['xor', '^']].map(([name, operator]) => (
    hot(`i64.${name}_l`, 'dal', `$d.i64 = $a.i64 ${operator} <i64>$l;`)
  )),
]

/**
 * Loops. `br_count` adds `n` to `c`, then does as `br_tick`. `br_next` goes back to a loop header that begins with a
 * comparison and a branch out of the loop (to `u`), and does that comparison too; `br_loop` first adds `n` to `c`. Stopped at the
 * tick, they leave the comparison to be done; the debugging loop always does, so that steps count alike.
 */
const loops: Instruction[] = integerConditions.flatMap(([name, condition, operands]) => {
  const [registers, immediate] = [operands.replace('i', ''), operands.includes('i') ? 'i' : '']
  const add = '$c.i32 = $c.i32 + <i32><i16>$n;'
  return [
    hot(`br_count ${name}`, `${registers}cn${immediate}t`, `${add} if (${condition}) { pc = $t; TICK; continue; }`),
    hot(`br_next ${name}`, `${operands}tu`, `NEXT(${condition});`),
    hot(`br_loop ${name}`, `${registers}cn${immediate}tu`, `${add} NEXT(${condition});`),
  ]
})

export const fusedInstructions: readonly Instruction[] = [
  ...integer(32), ...integer(64), ...float('f32'), ...float('f64'), ...long, ...loops,
]
