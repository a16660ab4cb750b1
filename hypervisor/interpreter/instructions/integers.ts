import { hot } from './form.ts'
import type { Instruction } from './form.ts'

/** Integer arithmetic, each with two registers and, as `NAME_i`, with an immediate on the right. `A` and `B` are the operands. */
type Operator = readonly [name: string, type: string, expression: string]

const sized = (bits: 32 | 64): Operator[] => {
  const [signed, unsigned] = [`i${bits}`, `u${bits}`]
  return [
    [`i${bits}.add`, signed, 'A + B'], [`i${bits}.sub`, signed, 'A - B'], [`i${bits}.mul`, signed, 'A * B'],
    [`i${bits}.and`, signed, 'A & B'], [`i${bits}.or`, signed, 'A | B'], [`i${bits}.xor`, signed, 'A ^ B'],
    [`i${bits}.shl`, signed, 'A << B'], [`i${bits}.shr_s`, signed, 'A >> B'], [`i${bits}.shr_u`, unsigned, 'A >> B'],
    [`i${bits}.rotl`, unsigned, `rotl<${unsigned}>(A, B)`], [`i${bits}.rotr`, unsigned, `rotr<${unsigned}>(A, B)`],
  ]
}

/** The immediate `$i` as a value of `type`; it is sign-extended. */
export const immediateAs = (type: string): string => (type.endsWith('64') ? `<${type}><i64>$i` : `<${type}>$i`)

/** Puts operands in the place of `A` and `B`. */
export const withOperands = (expression: string, a: string, b: string): string =>
  expression.replace(/\bA\b/g, a).replace(/\bB\b/g, `(${b})`)

function both([name, type, expression]: Operator): Instruction[] {
  return [
    hot(name, 'dab', `$d.${type} = ${withOperands(expression, `$a.${type}`, `$b.${type}`)};`),
    hot(`${name}_i`, 'dai', `$d.${type} = ${withOperands(expression, `$a.${type}`, immediateAs(type))};`),
  ]
}

function divisions(bits: 32 | 64): Instruction[] {
  const forms = (name: string, type: string, check: string, operator: string): Instruction[] =>
    [['', 'dab', `$b.${type}`], ['_i', 'dai', immediateAs(type)]].map(([suffix, operands, b]) => hot(
      `i${bits}.${name}${suffix}`, operands,
      `const a = $a.${type}; const b = ${b}; if (b == 0) TRAP(divideByZero); ${check} $d.${type} = ${operator};`,
    ))
  const [signed, unsigned] = [`i${bits}`, `u${bits}`]
  return [
    ...forms('div_s', signed, `if (b == -1 && a == ${signed}.MIN_VALUE) TRAP(integerOverflow);`, 'a / b'),
    ...forms('div_u', unsigned, '', 'a / b'),
    // The least integer divided by -1 leaves no remainder, but its quotient overflows.
    ...forms('rem_s', signed, '', 'b == -1 ? 0 : a % b'),
    ...forms('rem_u', unsigned, '', 'a % b'),
  ]
}

function unary(bits: 32 | 64): Instruction[] {
  const type = `i${bits}`
  const one = (name: string, expression: string): Instruction => hot(`i${bits}.${name}`, 'da', `$d.${type} = ${expression};`)
  return [
    one('clz', `clz<${type}>($a.${type})`), one('ctz', `ctz<${type}>($a.${type})`), one('popcnt', `popcnt<${type}>($a.${type})`),
    one('extend8_s', `<${type}>$a.i8`), one('extend16_s', `<${type}>$a.i16`),
  ]
}

export const integerInstructions: readonly Instruction[] = [
  ...sized(32).flatMap(both), ...sized(64).flatMap(both), ...divisions(32), ...divisions(64), ...unary(32), ...unary(64),
  hot('i64.extend32_s', 'da', '$d.i64 = <i64>$a.i32;'),
  hot('i64.extend_i32_u', 'da', '$d.u64 = <u64>$a.u32;'),
]
