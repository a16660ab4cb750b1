import { hot } from './form.ts'
import type { Instruction } from './form.ts'

/** Shape, type of a lane, logarithm of its bytes. A register lies in memory: a lane is read and written there. */
const SHAPES = [
  ['i8x16', 'u8', 0], ['i16x8', 'u16', 1], ['i32x4', 'u32', 2], ['i64x2', 'u64', 3], ['f32x4', 'u32', 2], ['f64x2', 'u64', 3],
] as const

const offset = (log: number): string => (log === 0 ? '<usize>$k' : `(<usize>$k << ${log})`)

/** Floats are moved as integers, so that NaNs stay as they are. */
function splat([shape, lane, log]: typeof SHAPES[number]): Instruction {
  const integers = log === 3 ? 'i64x2' : log === 2 ? 'i32x4' : shape
  const value = log === 3 ? '$a.i64' : log === 2 ? '$a.i32' : `<${lane.replace('u', 'i')}>$a.i32`
  return hot(`${shape}.splat`, 'da', `$d.v128 = ${integers}.splat(${value});`)
}

function extracts([shape, lane, log]: typeof SHAPES[number]): Instruction[] {
  const read = (type: string): string => `load<${type}>($a + ${offset(log)})`
  if (log < 2) {
    return [
      hot(`${shape}.extract_lane_s`, 'dak', `$d.i32 = <i32>${read(lane.replace('u', 'i'))};`),
      hot(`${shape}.extract_lane_u`, 'dak', `$d.u32 = <u32>${read(lane)};`),
    ]
  }
  return [hot(`${shape}.extract_lane`, 'dak', `$d.${shape === 'f32x4' ? 'b32' : lane} = ${read(lane)};`)]
}

/** Writes a lane of `$d` behind the vector itself; what is written was read before, as `$d` may lie over its operands. */
const writeLane = (lane: string, log: number, value: string): string =>
  `const whole = $b.v128; const one = ${value}; $d.v128 = whole; store<${lane}>($d + ${offset(log)}, one);`

function replace([shape, lane, log]: typeof SHAPES[number]): Instruction {
  const value = log === 3 ? '$b.u64' : log === 2 ? '$b.u32' : `<${lane}>$b.u32`
  return hot(`${shape}.replace_lane`, 'dabk', writeLane(lane, log, value).replace('$b.v128', '$a.v128'))
}

const LANES = ['u8', 'u16', 'u32', 'u64'] as const
const at = (bytes: number, kind: 'READ' | 'WRITE'): string =>
  `const at: u64 = <u64>$a.u32 + <u64>$i.u32; CHECK(${bytes}, ${kind})`

const memory: Instruction[] = LANES.flatMap((lane, log) => [
  hot(`v128.load${8 << log}_lane`, 'dabki', `${at(1 << log, 'READ')} ${writeLane(lane, log, `load<${lane}>(AT)`)}`),
  hot(`v128.store${8 << log}_lane`, 'abki', `${at(1 << log, 'WRITE')} store<${lane}>(AT, load<${lane}>($b + ${offset(log)}));`),
])

export const laneInstructions: readonly Instruction[] = [
  ...SHAPES.flatMap(shape => [splat(shape), ...extracts(shape), replace(shape)]), ...memory,
  // A lane below 16 is of the first vector; a swizzle gives zero for every lane that is not its vector's.
  hot('i8x16.shuffle', 'dabv', `const lanes = $v;
    $d.v128 = v128.or(i8x16.swizzle($a.v128, lanes), i8x16.swizzle($b.v128, i8x16.sub(lanes, i8x16.splat(16))));`),
]
