import { hot } from './form.ts'
import type { Instruction } from './form.ts'

/** Float arithmetic. `$d.f64! = x` writes x with the canonical NaN in the place of any NaN. */
function arithmetic(type: 'f32' | 'f64'): Instruction[] {
  const binary = (name: string, expression: string): Instruction => hot(`${type}.${name}`, 'dab', `$d.${type}! = ${expression};`)
  const unary = (name: string, expression: string): Instruction => hot(`${type}.${name}`, 'da', `$d.${type}! = ${expression};`)
  const [a, b] = [`$a.${type}`, `$b.${type}`]
  return [
    binary('add', `${a} + ${b}`), binary('sub', `${a} - ${b}`), binary('mul', `${a} * ${b}`), binary('div', `${a} / ${b}`),
    binary('min', `min<${type}>(${a}, ${b})`), binary('max', `max<${type}>(${a}, ${b})`),
    unary('ceil', `ceil<${type}>(${a})`), unary('floor', `floor<${type}>(${a})`), unary('trunc', `trunc<${type}>(${a})`),
    unary('nearest', `nearest<${type}>(${a})`), unary('sqrt', `sqrt<${type}>(${a})`),
  ]
}

/** Operations on the sign bit: bits in, bits out, whatever they are. */
function signs(type: 'f32' | 'f64'): Instruction[] {
  const [bits, raw, sign] = type === 'f32' ? ['u32', 'b32', '<u32>0x80000000'] : ['u64', 'u64', '<u64>0x8000000000000000']
  const copysign = `$d.${raw} = ($a.${bits} & ~(${sign})) | ($b.${bits} & ${sign});`
  return [
    hot(`${type}.neg`, 'da', `$d.${raw} = $a.${bits} ^ ${sign};`), hot(`${type}.abs`, 'da', `$d.${raw} = $a.${bits} & ~(${sign});`),
    hot(`${type}.copysign`, 'dab', copysign),
  ]
}

/** Bounds between which a truncation to an integer is representable: `x OPERATOR LOW && x < HIGH`. */
const BOUNDS: Readonly<Record<string, readonly [low: string, high: string]>> = {
  'i32 f32': ['>= -2147483648.0', '2147483648.0'], 'i32 f64': ['> -2147483649.0', '2147483648.0'],
  'u32 f32': ['> -1.0', '4294967296.0'], 'u32 f64': ['> -1.0', '4294967296.0'],
  'i64 f32': ['>= -9223372036854775808.0', '9223372036854775808.0'],
  'i64 f64': ['>= -9223372036854775808.0', '9223372036854775808.0'],
  'u64 f32': ['> -1.0', '18446744073709551616.0'], 'u64 f64': ['> -1.0', '18446744073709551616.0'],
}

function conversions(integer: string, float: string): Instruction[] {
  const sign = integer.startsWith('u') ? 'u' : 's'
  const to = `i${integer.slice(1)}`
  const [low, high] = BOUNDS[`${integer} ${float}`]
  const check = `if (!(x ${low} && x < ${high})) TRAP(floatToInteger);`
  return [
    hot(`${to}.trunc_${float}_${sign}`, 'da', `const x = $a.${float}; ${check} $d.${integer} = <${integer}>x;`),
    // A cast is a saturating truncation.
    hot(`${to}.trunc_sat_${float}_${sign}`, 'da', `$d.${integer} = <${integer}>$a.${float};`),
    hot(`${float}.convert_${to}_${sign}`, 'da', `$d.${float} = <${float}>$a.${integer};`),
  ]
}

export const floatInstructions: readonly Instruction[] = [
  ...arithmetic('f32'), ...arithmetic('f64'), ...signs('f32'), ...signs('f64'),
  ...['i32', 'u32', 'i64', 'u64'].flatMap(integer => ['f32', 'f64'].flatMap(float => conversions(integer, float))),
  hot('f32.demote_f64', 'da', '$d.f32! = <f32>$a.f64;'),
  hot('f64.promote_f32', 'da', '$d.f64! = <f64>$a.f32;'),
]
