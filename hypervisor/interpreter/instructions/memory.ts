import { cold, hot } from './form.ts'
import type { Instruction } from './form.ts'

/** Wasm name, bytes in memory, type in memory and type of the register. Floats load and store as the integers of their width. */
const LOADS = [
  ['i32.load', 4, 'u32', 'u32'], ['i64.load', 8, 'u64', 'u64'],
  ['i32.load8_s', 1, 'i8', 'i32'], ['i32.load8_u', 1, 'u8', 'u32'], ['i32.load16_s', 2, 'i16', 'i32'], ['i32.load16_u', 2, 'u16', 'u32'],
  ['i64.load8_s', 1, 'i8', 'i64'], ['i64.load8_u', 1, 'u8', 'u64'], ['i64.load16_s', 2, 'i16', 'i64'], ['i64.load16_u', 2, 'u16', 'u64'],
  ['i64.load32_s', 4, 'i32', 'i64'], ['i64.load32_u', 4, 'u32', 'u64'],
] as const

const STORES = [
  ['i32.store', 4, 'u32'], ['i64.store', 8, 'u64'], ['i32.store8', 1, 'u8'], ['i32.store16', 2, 'u16'],
] as const

/** `CHECK` traps unless the access lies inside the memory; `AT` is the address of guest address `at` in the core's memory. */
const plain = '<u64>$a.u32 + <u64>$i.u32'
const computed = '<u64><u32>(($a.u32 << $k) + $j.u32) + <u64>$i.u32'
const indexed = '<u64><u32>($a.u32 + ($b.u32 << $k)) + <u64>$i.u32'

const access = (address: string, bytes: number, kind: 'READ' | 'WRITE', then: string): string =>
  `const at: u64 = ${address}; CHECK(${bytes}, ${kind}) ${then}`

/**
 * A load has its address in a register, or (`_x`) in two: base and an index shifted left by `k`; or (`_c`) it adds `j` to the
 * shifted index.
 */
const loads: Instruction[] = LOADS.flatMap(([name, bytes, stored, type]) => {
  const value = stored === type ? `load<${stored}>(AT)` : `<${type}>load<${stored}>(AT)`
  const then = `$d.${type} = ${value};`
  return [
    hot(name, 'dai', access(plain, bytes, 'READ', then)),
    hot(`${name}_x`, 'dabki', access(indexed, bytes, 'READ', then)),
    hot(`${name}_c`, 'dakij', access(computed, bytes, 'READ', then)),
  ]
})

/** Stores take their value in a register (`c` where `b` is the index), and as `_i` an immediate. */
const stores: Instruction[] = STORES.flatMap(([name, bytes, type]) => {
  const immediate = bytes === 8 ? '<u64><i64>$j' : `<${type}>$j`
  const from = (register: string): string => (bytes < 4 ? `<${type}>$${register}.u32` : `$${register}.${type}`)
  return [
    hot(name, 'abi', access(plain, bytes, 'WRITE', `store<${type}>(AT, ${from('b')});`)),
    hot(`${name}_i`, 'aij', access(plain, bytes, 'WRITE', `store<${type}>(AT, ${immediate});`)),
    hot(`${name}_c`, 'abkij', access(computed, bytes, 'WRITE', `store<${type}>(AT, ${from('b')});`)),
    hot(`${name}_ci`, 'akijw', access(computed, bytes, 'WRITE', `store<${type}>(AT, ${immediate.replace('$j', '$w')});`)),
    hot(`${name}_x`, 'abcki', access(indexed, bytes, 'WRITE', `store<${type}>(AT, ${from('c')});`)),
  ]
})

const range = (register: string, length: string): string => `<u64>${register} + <u64>${length} > limit`

const bulk: Instruction[] = [
  cold('memory.fill', 'abc', `const at = $a.u32; const n = $c.u32; if (${range('at', 'n')}) TRAP(memory);
    WATCH(at, n, WRITE) memory.fill(base + at, <u8>$b.u32, n);`),
  cold('memory.copy', 'abc', `const to = $a.u32; const from = $b.u32; const n = $c.u32;
    if (${range('to', 'n')} || ${range('from', 'n')}) TRAP(memory);
    WATCH(from, n, READ) WATCH(to, n, WRITE) memory.copy(base + to, base + from, n);`),
  hot('memory.size', 'di', '$d.u32 = <u32>(load<u64>($i, 8) >> 16);'),
]

export const memoryInstructions: readonly Instruction[] = [...loads, ...stores, ...bulk]
