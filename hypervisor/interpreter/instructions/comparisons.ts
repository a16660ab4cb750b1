import { hot } from './form.ts'
import type { Instruction } from './form.ts'
import { immediateAs, withOperands } from './integers.ts'

/** A comparison and the one that is true exactly when it is false; floats have none, as NaN compares false either way. */
interface Comparison {
  readonly name: string
  readonly type: string
  readonly operator: string
  readonly inverse: string | undefined
}

const INTEGER: readonly (readonly [name: string, sign: string, operator: string, inverse: string])[] = [
  ['eq', 'i', '==', 'ne'], ['ne', 'i', '!=', 'eq'], ['lt_s', 'i', '<', 'ge_s'], ['lt_u', 'u', '<', 'ge_u'], ['gt_s', 'i', '>', 'le_s'],
  ['gt_u', 'u', '>', 'le_u'], ['le_s', 'i', '<=', 'gt_s'], ['le_u', 'u', '<=', 'gt_u'], ['ge_s', 'i', '>=', 'lt_s'],
  ['ge_u', 'u', '>=', 'lt_u'],
]
const FLOAT = [['eq', '=='], ['ne', '!='], ['lt', '<'], ['gt', '>'], ['le', '<='], ['ge', '>=']] as const

const integers: Comparison[] = [32, 64].flatMap(bits => INTEGER.map(([name, sign, operator, inverse]) => (
  { name: `i${bits}.${name}`, type: `${sign}${bits}`, operator, inverse: `i${bits}.${inverse}` }
)))
const floats: Comparison[] = ['f32', 'f64'].flatMap(type => FLOAT.map(([name, operator]) => (
  { name: `${type}.${name}`, type, operator, inverse: undefined }
)))

/** Both forms of an integer comparison and the test of bits: its name, its condition, its operands. */
function conditions({ name, type, operator, inverse }: Comparison): (readonly [name: string, condition: string, operands: string])[] {
  const expression = `A ${operator} B`
  const registers = [name, withOperands(expression, `$a.${type}`, `$b.${type}`), 'ab'] as const
  if (inverse === undefined) return [registers]
  return [registers, [`${name}_i`, withOperands(expression, `$a.${type}`, immediateAs(type)), 'ai']]
}

const branch = (condition: string): string => `if (${condition}) JUMP($t);`
const backward = (condition: string): string => `if (${condition}) { pc = $t; TICK; continue; }`

/** `br_if` branches; `br_tick` too, and counts the arrival at the loop header that it branches to. */
function branches(comparison: Comparison): Instruction[] {
  return conditions(comparison).flatMap(([name, condition, operands]) => {
    const taken = [
      hot(`br_if ${name}`, `${operands}t`, branch(condition)), hot(`br_tick ${name}`, `${operands}t`, backward(condition)),
    ]
    if (comparison.inverse !== undefined) return taken
    return [
      ...taken, hot(`br_unless ${name}`, `${operands}t`, branch(`!(${condition})`)),
      hot(`br_tick_unless ${name}`, `${operands}t`, backward(`!(${condition})`)),
    ]
  })
}

/** Branches on bits: whether `and` with a register or an immediate leaves any. */
const bitTests: Instruction[] = [['', 'ab', '$b.i32'], ['_i', 'ai', '$i']].flatMap(([suffix, operands, b]) => [
  hot(`br_if i32.and${suffix}`, `${operands}t`, branch(`($a.i32 & ${b}) != 0`)),
  hot(`br_unless i32.and${suffix}`, `${operands}t`, branch(`($a.i32 & ${b}) == 0`)),
  hot(`br_tick i32.and${suffix}`, `${operands}t`, backward(`($a.i32 & ${b}) != 0`)),
  hot(`br_tick_unless i32.and${suffix}`, `${operands}t`, backward(`($a.i32 & ${b}) == 0`)),
])

/** Name, condition and operands of every comparison of integers, both forms. */
export const integerConditions = integers.flatMap(conditions)

/** By name, both forms: the comparison that is true exactly when this one is false. */
export const INVERSES: ReadonlyMap<string, string> = new Map(integers.flatMap(({ name, inverse }) => (
  [[name, inverse as string], [`${name}_i`, `${inverse as string}_i`]] as const
)))

export const comparisonInstructions: readonly Instruction[] = [
  ...[...integers, ...floats].flatMap(comparison => [
    ...conditions(comparison).map(([name, condition, operands]) => hot(name, `d${operands}`, `$d.i32 = <i32>(${condition});`)),
    ...branches(comparison),
  ]),
  ...bitTests,
]
